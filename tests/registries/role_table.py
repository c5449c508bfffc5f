"""The table of `test_roles`: what each kind of person gets at each view."""

PEOPLE = ("stranger", "viewer", "operator", "maintainer", "auditor", "admin")
R = "/profiles/staging/registries/"
NUMBER = 7_000_001  # of a person, a team, an invitation, a membership: far from what a sequence gives
C = f"{R}1sp1/credentials/1c9/"
ONLY_FRAGMENTS = {"profile_switcher", "profile_card", "registry_row"}  # without htmx they lead to a page

# view -> URL, and the status for a stranger, a viewer, an operator, a maintainer, the auditor and an admin; GET
READING = (404, 200, 200, 200, 200, 200)
CHANGING = (404, 403, 200, 200, 403, 200)
REMOVING = MANAGING = (404, 403, 403, 200, 403, 200)
MAINTAINING = (200, 403, 403, 200, 403, 200)  # the stranger's team maintains another profile
READING_SITE = (403, 403, 403, 403, 200, 200)
ADMINISTERING = (403, 403, 403, 403, 403, 200)
EVERYBODY = (200, 200, 200, 200, 200, 200)
REDIRECTS = (404, 302, 302, 302, 302, 302)
ONLY_BY_POST = (405, 405, 405, 405, 405, 405)
TABLE: dict[str, tuple[str, tuple[int, ...]]] = {
    "overview_page": ("/", EVERYBODY),
    "profile_switcher": ("/switcher/", (302,) * 6),
    "profile_list": ("/profiles/", EVERYBODY),
    "profile_create": ("/profiles/new/", MAINTAINING),
    "profile_address": ("/profiles/address/", MAINTAINING),
    "profile_detail": ("/profiles/staging/", READING),
    "profile_card": ("/profiles/staging/card/", REDIRECTS),
    "profile_update": ("/profiles/staging/edit/", MANAGING),
    "profile_remove": ("/profiles/staging/remove/", ADMINISTERING),
    "profile_check": ("/profiles/staging/check/", CHANGING),
    "member_list": ("/profiles/staging/members/", READING),
    "member_add": ("/profiles/staging/members/add/", MANAGING),
    "member_role": (f"/profiles/staging/members/{NUMBER}/role/", MANAGING),
    "member_remove": (f"/profiles/staging/members/{NUMBER}/remove/", MANAGING),
    "registry_list": (R, READING),
    "registry_export": (f"{R}export/?format=csv", READING),
    "registry_as_of": (f"{R}as-of/", READING),
    "registry_create": (f"{R}new/", CHANGING),
    "address_check": (f"{R}address-check/?server_address=quay.io", CHANGING),
    "registry_detail": (f"{R}1sp1/", READING),
    "registry_history": (f"{R}1sp1/history/", READING),
    "registry_row": (f"{R}1sp1/row/", REDIRECTS),
    "registry_update": (f"{R}1sp1/edit/", CHANGING),
    "registry_act": (f"{R}1sp1/deactivate/", CHANGING),
    "registry_remove": (f"{R}1sp1/remove/", REMOVING),
    "credential_create": (f"{R}1sp1/credentials/new/", CHANGING),
    "credential_update": (f"{C}edit/", CHANGING),
    "credential_verify": (f"{C}verify/", READING),
    "credential_verify_run": (f"{C}verify/run/", ONLY_BY_POST),
    "credential_act": (f"{C}deactivate/", CHANGING),
    "credential_remove": (f"{C}remove/", REMOVING),
    "image_resolve": ("/profiles/staging/resolve/?image=quay.io/team/app", READING),
    "pull_start": ("/profiles/staging/pulls/new/", CHANGING),
    "pull_detail": ("/profiles/staging/pulls/2/", READING),
    "operation_list": ("/operations/", EVERYBODY),
    "operation_detail": ("/operations/1/", READING),
    "alert_list": ("/alerts/", EVERYBODY),
    "webhook_test": ("/alerts/test/", ONLY_BY_POST),
    "target_list": ("/targets/", ADMINISTERING),
    "target_create": ("/targets/new/", ADMINISTERING),
    "target_remove": ("/targets/1/remove/", ADMINISTERING),
    "person_list": ("/people/", READING_SITE),
    "person_invite": ("/people/invite/", ADMINISTERING),
    "invitation_revoke": (f"/people/invitations/{NUMBER}/revoke/", ADMINISTERING),
    "person_detail": (f"/people/{NUMBER}/", READING_SITE),
    "person_role": (f"/people/{NUMBER}/role/", ADMINISTERING),
    "person_deactivate": (f"/people/{NUMBER}/deactivate/", ADMINISTERING),
    "person_activate": (f"/people/{NUMBER}/activate/", ADMINISTERING),
    "person_reset_second_factor": (f"/people/{NUMBER}/reset-second-factor/", ADMINISTERING),
    "person_access": (f"/people/{NUMBER}/access/", READING_SITE),
    "my_access": ("/account/access/", EVERYBODY),
    "audit_list": ("/audit/", READING_SITE),
    "audit_detail": ("/audit/1/", READING_SITE),
    "audit_export": ("/audit/export/?format=jsonl", READING_SITE),
    "team_list": ("/teams/", READING_SITE),
    "team_create": ("/teams/new/", ADMINISTERING),
    "team_detail": (f"/teams/{NUMBER}/", READING_SITE),
    "team_add": (f"/teams/{NUMBER}/add/", ADMINISTERING),
    "team_rename": (f"/teams/{NUMBER}/rename/", ADMINISTERING),
    "team_remove": (f"/teams/{NUMBER}/remove/", ADMINISTERING),
    "team_leave": (f"/teams/{NUMBER}/members/{NUMBER}/remove/", ADMINISTERING),
    "theme": ("/theme/", ONLY_BY_POST),
}
# open to everybody by their nature; signing in and one's own account are `dashboard.people.sign_in`
PUBLIC = {"healthz", "readyz", "metrics", "invitation_accept", "invitation_password"}
ELSEWHERE = ("allauth.", "dashboard.people.sign_in.")
# what a POST does to who may not, where there is no page to GET
BY_POST = {"webhook_test": ADMINISTERING, "credential_verify_run": CHANGING}
