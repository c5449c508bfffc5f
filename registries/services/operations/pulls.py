"""Pull tasks: Rancher has the hosts pull an image, as one operation.

Rancher picks the credential itself, so a pull that works proves registry, credential, network and image at once.
"""

from collections.abc import Mapping
from datetime import timedelta

from django.utils import timezone

from dashboard.loops import guarded_step
from registries.access import Access
from registries.models import ConnectionProfile, Operation
from registries.outbound.errors import BadResponse, Unreachable, UpstreamError
from registries.rancher.errors import NotFound
from registries.rancher.pull_tasks import DONE, Mode, PullTask
from registries.services.operations import lifecycle
from registries.services.operations.settlement import settle
from registries.services.operations.write_requests import WriteRequest
from registries.services.upstream import connection

LONGEST = timedelta(seconds=60)  # after this, hosts without an answer fail the operation
State = Operation.State


def is_offered(profile: ConnectionProfile) -> bool:
    """Whether Rancher lets the profile's key create pull tasks; one call. Raises UpstreamError."""
    try:
        with connection.contact(profile) as client:
            return client.schemas.get("pullTask").is_writable
    except NotFound:
        return False


def start_pull(
    access: Access, *, request: WriteRequest, image: str, mode: Mode, host_labels: Mapping[str, str]
) -> Operation:
    """Starts a pull on the hosts: on `all`, or with `cached` on those that have the image already.

    Returns the first operation when the same form is sent again.
    """
    intent = lifecycle.Intent(
        Operation.Verb.PULL,
        request.key,
        request.request_id,
        target_type="image",
        target_name=image,
        reason=request.reason,
        input={"mode": mode, "hosts": ", ".join(f"{name}={value}" for name, value in host_labels.items()) or "every"},
    )
    operation, is_new = lifecycle.begin(access, intent)
    if not is_new:
        return operation
    try:
        with connection.contact(access.profile) as client:
            task = client.pull_tasks.create(image=image, mode=mode, host_labels=host_labels)
    except UpstreamError as error:
        lifecycle.fail(operation, access.profile, error)
        return operation
    operation.target_id, operation.accepted_at = task.id, timezone.now()
    operation.save(update_fields=["target_id", "accepted_at"])
    _settle(operation, task)
    return operation


def read_pull(operation: Operation, profile: ConnectionProfile) -> dict[str, str]:
    """Reads what each host answered; settles the operation when all have or the time is over.

    Raises UpstreamError.
    """
    if not operation.is_open:
        return dict((operation.after or {}).get("hosts", {}))
    if not operation.target_id:
        _give_up(operation)
        return {}
    try:
        with connection.contact(profile) as client:
            task = client.pull_tasks.get(operation.target_id)
    except (NotFound, BadResponse) as error:
        if operation.age < LONGEST:
            raise
        text = f"{error} So nobody can say what the hosts did. Pulling once more does no harm."
        settle(operation, State.FAILED, error_reason="cannot_be_read", error_text=text)
        return {}
    _settle(operation, task)
    return task.hosts


def settle_pulls(profile: ConnectionProfile) -> int:
    """Reads every open pull of the profile; returns how many are still open. Raises Unreachable."""
    waiting = list(Operation.objects.filter(profile=profile, verb=Operation.Verb.PULL, state__in=Operation.OPEN))
    for operation in waiting:
        with guarded_step(f"look at pull {operation.pk}", passing=Unreachable):
            read_pull(operation, profile)
    return sum(operation.is_open for operation in waiting)


def _give_up(operation: Operation) -> None:
    """Ends a pull whose answer was lost, and with it the task's id: tasks can't be told apart by their image."""
    lifecycle.mark_if_abandoned(operation)
    if operation.state == State.UNKNOWN and operation.age > LONGEST:
        text = "Rancher's answer was lost, so nobody can say what the hosts did. Pulling once more does no harm."
        settle(operation, State.FAILED, error_reason="cannot_be_read", error_text=text)


def _settle(operation: Operation, task: PullTask) -> None:
    hosts = task.hosts
    if task.is_moving and operation.age < LONGEST:
        return
    waiting = [name for name, said in hosts.items() if said != DONE]
    after = {"hosts": hosts}
    if task.is_moving:
        names = ", ".join(waiting) or "any host"
        text = f"After {LONGEST.seconds} s Rancher had no answer of {names}. The pull may go on there."
        settle(operation, State.FAILED, after=after, error_reason="timeout", error_text=text)
    elif not hosts:
        text = "No host took part: none matches, or the project has none with a name."
        settle(operation, State.FAILED, after=after, error_reason="no_host", error_text=text)
    elif waiting:
        text = f"{len(waiting)} of {len(hosts)} hosts could not pull it."
        settle(operation, State.FAILED, after=after, error_reason="not_pulled", error_text=text)
    else:
        settle(operation, State.SUCCEEDED, after=after)
