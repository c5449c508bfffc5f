"""Pull tasks: what is sent, and what each host answers."""

import pytest

from registries.rancher.errors import NotFound
from registries.rancher.pull_tasks import PullTask
from tests.upstream_stands import Stand


def test_runs_until_every_selected_host_has_answered(stand: Stand) -> None:
    state = stand.sandbox.state
    state.hosts[5] = ["one", "two"]
    state.host_labels["two"] = {"zone": "b"}
    tasks = stand.client().pull_tasks
    everywhere = tasks.create(image="quay.io/team/app:1", mode="all", host_labels={})
    assert (everywhere.image, everywhere.mode) == ("quay.io/team/app:1", "all")
    done = tasks.get(everywhere.id)
    assert (done.is_moving, done.hosts) == (False, {"one": "Done", "two": "Done"})
    chosen = tasks.create(image="quay.io/team/app:1", mode="cached", host_labels={"zone": "b"})
    assert tasks.get(chosen.id).hosts == {"two": "Done"}


def test_asks_for_no_task_whose_id_is_none(stand: Stand) -> None:
    with pytest.raises(NotFound):
        stand.client().pull_tasks.get("1pt1/..")
    assert stand.calls() == 0


def test_has_no_hosts_where_rancher_tells_none() -> None:
    task = PullTask(id="1pt1", state="activating")
    assert (task.is_moving, task.hosts) == (True, {})
