"""What the form of a profile answers: check, save after a check that passed, or save all the same."""

from typing import Any

from django.http import HttpResponse
from django.urls import reverse

from dashboard.http import AuthedRequest, go, render_page, toast
from registries.forms.profile import ProfileForm
from registries.models import ConnectionProfile
from registries.rancher.handshake import Handshake, Step
from registries.services import profiles
from registries.services.profiles import Way

INTENTS = {"check", "save", "save_anyway"}


def answer_profile_form(request: AuthedRequest, profile: ConnectionProfile | None) -> HttpResponse:
    """The page; with a POST what its button asked for. Nothing is saved unless the check passed or somebody insists."""
    intent = request.POST.get("intent", "save")
    form = ProfileForm(
        request.POST if request.method == "POST" else None,
        profile=profile,
        intent=intent if intent in INTENTS else "save",
        initial=ProfileForm.initial_of(profile) if profile else {"base_url": request.GET.get("base_url", "")},
    )
    if request.method != "POST":
        return _page(request, form, 200)
    if not form.is_valid():
        return _page(request, form, 422)
    way = form.way()
    found = profiles.check(way) if way.has_keys else Handshake()
    chosen = _chosen_projects(request, way, found)
    if intent == "check":
        return _page(request, form, 200, found=found)
    if intent != "save_anyway" and (not found.ok or not chosen):
        return _page(request, form, 422, found=found)
    return _save(request, form, way, found, chosen)


def _chosen_projects(request: AuthedRequest, way: Way, found: Handshake) -> list[str]:
    """The projects to make profiles for: those that were ticked, else the one that is given, or the only one."""
    visible = {project.id for project in found.projects}
    ticked = [project_id for project_id in request.POST.getlist("projects") if project_id in visible]
    one = found.project_id or way.project_id
    return ticked or ([one] if one else [])


def _save(request: AuthedRequest, form: ProfileForm, way: Way, found: Handshake, chosen: list[str]) -> HttpResponse:
    detail = "The check passed." if found.ok and way.has_keys else "It is marked: its check did not pass."
    if form.profile is not None:
        profiles.update_profile(form.profile, form.cleaned_data, way, _or_no_keys(way, found))
        toast(request, "good" if found.ok else "warn", f"{form.profile.name} was saved", detail=detail)
        return go(request, form.profile.get_absolute_url())
    made = profiles.create_profiles(form.cleaned_data, way, _or_no_keys(way, found), project_ids=chosen)
    names = ", ".join(profile.name for profile in made)
    toast(request, "good" if found.ok else "warn", f"{names}: saved", detail=detail)
    return go(request, made[0].get_absolute_url() if len(made) == 1 else reverse("profile_list"))


def _or_no_keys(way: Way, found: Handshake) -> Handshake:
    """A profile that is saved without keys was never checked: it says so in place of a step."""
    if not way.has_keys:
        found.steps.append(Step("key", "failed", "No keys were entered.", "Edit the profile and enter them."))
    return found


def _page(request: AuthedRequest, form: ProfileForm, status: int, *, found: Handshake | None = None) -> HttpResponse:
    context: dict[str, Any] = {
        "form": form,
        "editing": form.profile,
        "address": form.address,
        "found": found,
        "steps": profiles.present_steps(found.steps) if found else [],
        "choices": found.projects if found and len(found.projects) > 1 and not form.profile else (),
        "chosen": set(request.POST.getlist("projects")),
        "is_checked_only": form.intent == "check" and found is not None,
        "keys_were_typed": bool(form.is_bound and (form.data.get("access_key") or form.data.get("secret_key"))),
    }
    return render_page(request, "registries/profile_form.html", context, fragments=["profile-check"], status=status)
