"""Form of a profile: checks it, saves it after a passed check, or saves it anyway."""

from dataclasses import dataclass, replace
from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from dashboard.http import AuthedRequest, add_toast, go, render_fragments, render_page, wants_fragment
from dashboard.policy import is_admin
from dashboard.reauthentication import require_recent_sign_in
from registries.access import Access, profile_makers_only, profile_view
from registries.forms.profile import ProfileForm
from registries.models import ConnectionProfile
from registries.outbound.base_url import BaseURL
from registries.rancher.connection_check import ConnectionCheck
from registries.roles import Right
from registries.services.profiles import profiles
from registries.services.upstream import connection_check
from registries.services.upstream.connection_check import ConnectionParams
from registries.views.profile_address import explain_address

TEMPLATE = "registries/profile_form.html"
PARTS = ("profile-check", "profile-fields", "keys-note")
KEYS = ("access_key", "secret_key")
STILL_OPEN = "Operations of its project are still open and could not be settled from another one; wait until they are."
CHANGED = "Somebody else changed this profile just now. Load the page again to see it as it is; nothing was saved."


@require_http_methods(["GET", "HEAD", "POST"])
@profile_makers_only
@require_recent_sign_in
@sensitive_post_parameters(*KEYS)
def profile_create(request: AuthedRequest) -> HttpResponse:
    return _answer(request, Access(request.user, ConnectionProfile()))


@require_http_methods(["GET", "HEAD", "POST"])
@profile_view(Right.MANAGE_PROFILE)
@require_recent_sign_in
@sensitive_post_parameters(*KEYS)
def profile_update(request: AuthedRequest, access: Access) -> HttpResponse:
    return _answer(request, access)


@dataclass
class _Result:
    """Result of a check, for the panel beside the form."""

    found: ConnectionCheck
    needs_project: bool


def _answer(request: AuthedRequest, access: Access) -> HttpResponse:
    """Shows the form, or does what the submit button asked for: check, save, save anyway.

    The profile of `access` is blank for a new one.
    """
    profile = access.profile if access.profile.pk else None
    form = ProfileForm(
        request.POST if request.method == "POST" else None,
        profile=profile,
        maker=request.user,
        intent=request.POST.get("intent", "save"),
        initial=ProfileForm.initial_of(profile) if profile else {"base_url": request.GET.get("base_url", "")},
    )
    if request.method != "POST":
        return _page(request, form)
    if not form.is_valid():
        return _page(request, form, status=422)
    if form.intent == "save" and not form.touches_connection:
        return _save(request, access, form, []) or _page(request, form, status=422)
    return _check(request, access, form)


def _check(request: AuthedRequest, access: Access, form: ProfileForm) -> HttpResponse:
    """Checks every chosen project, and saves if the button asked for it and the checks passed or are overridden."""
    params = form.connection_params()
    found = profiles.check_params(access, params)
    chosen = form.chosen_projects(found)
    plan = profiles.plan_profiles(params, found, project_ids=chosen)
    found = next((one for _, one in plan if not one.ok), found)
    needs_project = found.ok and not chosen
    may_save = form.intent == "save_anyway" or (form.intent == "save" and found.ok)
    if may_save and not needs_project and (saved := _save(request, access, form, plan)):
        return saved
    status = 200 if form.intent == "check" and found.ok else 422
    return _page(request, form, status=status, result=_Result(found, needs_project))


def _save(
    request: AuthedRequest, access: Access, form: ProfileForm, plan: list[tuple[ConnectionParams, ConnectionCheck]]
) -> HttpResponse | None:
    """Saves and responds; None if the form has errors."""
    try:
        if form.profile is None:
            team = form.cleaned_data["team"]
            made = profiles.create_profiles(form.cleaned_data, plan, actor=request.user, team=team)
        else:
            params, found = plan[0] if plan else (form.connection_params(), None)
            if found:
                params = replace(params, project_id=params.project_id or found.project_id or "")
            profiles.update_profile(access, form.cleaned_data, params, found)
            made = [form.profile]
    except profiles.NameTaken:
        form.add_error("name", "Another profile has this name already.")
    except profiles.StillOpen:
        form.add_error("project_id", STILL_OPEN)
    except profiles.ChangedMeanwhile:
        form.add_error(None, CHANGED)
    else:
        _tell(request, made, plan)
        return go(request, made[0].get_absolute_url() if len(made) == 1 else reverse("profile_list"))
    return None


def _tell(
    request: AuthedRequest, made: list[ConnectionProfile], plan: list[tuple[ConnectionParams, ConnectionCheck]]
) -> None:
    names = ", ".join(profile.name for profile in made)
    passed = all(found.ok for _, found in plan)
    detail = "Its check did not pass: it is marked until one does." if not passed else ""
    add_toast(request, "good" if passed else "warn", f"{names}: saved", detail=detail or ("Checked." if plan else ""))


def _page(
    request: AuthedRequest, form: ProfileForm, *, status: int = 200, result: _Result | None = None
) -> HttpResponse:
    """Renders the page, or for htmx its parts without the key inputs, whose values stay in the browser."""
    in_place = wants_fragment(request, "profile-check")
    context = explain_address(str(form["base_url"].value() or ""), form.profile) | {
        "form": form,
        "editing": form.profile,
        "check": _panel(form, result),
        "keys_must_be_typed_again": not in_place and any(form.data.get(name) for name in KEYS),
        "swap": in_place,
    }
    if in_place:
        return render_fragments(request, *((f"{TEMPLATE}#{part}", context) for part in PARTS), status=status)
    return render_page(request, TEMPLATE, context, status=status)


def _panel(form: ProfileForm, result: _Result | None) -> dict[str, Any]:
    """Context of the check panel: the form's check, else the stored one, else the steps to come."""
    if result is None:
        profile = form.profile
        steps = profile.check_steps if profile and not form.is_bound else []
        age = timezone.now() - profile.checked_at if profile and profile.checked_at and steps else None
        return {"steps": steps or connection_check.steps_to_come(), "age": age, "may_insist": _lacks_only_keys(form)}
    found = result.found
    return {
        "steps": connection_check.present_steps(found.steps),
        "found": found,
        "needs_project": result.needs_project,
        "projects": found.projects if found.ok and len(found.projects) > 1 else (),
        "chosen": form.chosen_projects(found),
        "may_insist": not found.ok,
        "allow_url": _allow_url(form, found) if is_admin(form.maker) else "",
    }


def _lacks_only_keys(form: ProfileForm) -> bool:
    """Whether only the keys are missing: the form can be saved without them, to be entered later."""
    return bool(form.errors) and form.errors.keys() <= set(KEYS) and not any(form.data.get(name) for name in KEYS)


def _allow_url(form: ProfileForm, found: ConnectionCheck) -> str:
    """URL of the form that allows the blocked address; "" if it isn't blocked."""
    if found.error is None or found.error.reason != "blocked" or form.address is None:
        return ""
    return allow_url(form.address.base)


def allow_url(base: BaseURL) -> str:
    """URL of the form of a new allowed target, filled in for an address."""
    return reverse("target_create", query={"scheme": base.scheme, "host": base.host, "ports": str(base.port)})
