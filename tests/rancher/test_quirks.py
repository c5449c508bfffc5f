"""Differences between Rancher's API versions and generations."""

from registries.rancher import quirks


def test_a_credential_of_v1_always_has_an_email_and_one_of_v2_beta_never() -> None:
    assert (
        quirks.email_to_send(None, is_needed=True) == quirks.email_to_send("", is_needed=True) == "none@example.invalid"
    )
    assert quirks.email_to_send("me@example.com", is_needed=True) == "me@example.com"
    assert quirks.email_to_send("me@example.com", is_needed=False) is None
    assert [quirks.usually_needs_email(version) for version in quirks.API_VERSIONS] == [True, False]


def test_the_kind_of_a_key_is_told_by_a_header_of_1_6_and_by_the_account_for_1_4() -> None:
    assert quirks.key_kind_by_header({"x-api-account-kind": "project"}) == "environment"
    assert quirks.key_kind_by_header({"x-api-account-kind": "admin"}) == "account"
    assert quirks.key_kind_by_header({"x-api-account-id": "1a5"}) is None
    assert quirks.key_kind_by_account("1a5", ["1a5"]) == "environment"
    assert quirks.key_kind_by_account("1a1", ["1a5"]) == "account"


def test_a_removed_registry_can_be_restored_where_its_actions_say_so() -> None:
    assert quirks.can_restore({"restore", "purge"})
    assert not quirks.can_restore({"purge"})
