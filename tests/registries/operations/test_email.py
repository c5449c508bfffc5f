"""Credentials are made with an e-mail where the project's own schema requires one."""

import uuid
from collections.abc import Callable

import pytest

from dashboard.people.models import User
from registries.access import Access
from registries.models import ConnectionProfile
from registries.roles import Role
from registries.services.operations.credentials import create_credential
from registries.services.operations.registries import create_registry
from registries.services.operations.write_requests import WriteRequest
from registries.services.upstream import connection
from tests.registries.conftest import Rancher

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("api_version", ["v1", "v2-beta"])
@pytest.mark.parametrize("generation", ["1.4", "1.6"])
def test_a_credential_is_taken_by_every_version_of_both_generations(
    make_profile: Callable[..., ConnectionProfile],
    make_user: Callable[..., User],
    rancher: Rancher,
    rancher_14: Rancher,
    api_version: str,
    generation: str,
) -> None:
    server = rancher_14 if generation == "1.4" else rancher
    profile = make_profile(api_version=api_version, server=server)
    access = Access(make_user("ann", role=Role.OPERATOR, profile=profile), profile, Role.OPERATOR)
    made = create_registry(
        access, request=WriteRequest(uuid.uuid4(), "r"), server_address="quay.io", name=None, description=None
    )
    with connection.contact(profile) as client:
        registry = client.registries.get(made.target_id)
    fields = {"public_value": "ann", "secret_value": "s3cret", "name": None, "description": None}
    operation = create_credential(access, registry, request=WriteRequest(uuid.uuid4(), "r"), fields=fields)
    assert (operation.error_text, bool(operation.target_id)) == ("", True)
