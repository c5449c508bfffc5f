"""Allowed targets: addresses that profiles may connect to. For admins."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from dashboard.http import AuthedRequest, add_toast, go, render_page
from dashboard.policy import admins_only
from dashboard.reauthentication import require_recent_sign_in
from registries.forms.registry import ConfirmForm
from registries.forms.target import ALREADY_ALLOWED, TargetForm
from registries.models import AllowedTarget
from registries.services.upstream import targets


@require_safe
@admins_only
def target_list(request: AuthedRequest) -> HttpResponse:
    return render_page(request, "registries/target_list.html", {"targets": AllowedTarget.objects.all()})


@require_http_methods(["GET", "HEAD", "POST"])
@admins_only
@require_recent_sign_in
def target_create(request: AuthedRequest) -> HttpResponse:
    form = TargetForm(request.POST if request.method == "POST" else None, initial=request.GET.dict())
    if request.method == "POST" and form.is_valid():
        target = form.save(commit=False)
        try:
            targets.allow_target(request.user, target)
        except targets.AlreadyAllowed:
            form.add_error(None, ALREADY_ALLOWED)
        else:
            add_toast(request, "good", f"{target} is allowed", detail="Profiles may connect there from now on.")
            return go(request, reverse("target_list"))
    status = 422 if form.is_bound else 200
    return render_page(request, "registries/target_form.html", {"form": form}, fragments=["target-form"], status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@admins_only
@require_recent_sign_in
def target_remove(request: AuthedRequest, pk: int) -> HttpResponse:
    target = get_object_or_404(AllowedTarget, pk=pk)
    form = ConfirmForm(request.POST or None, name=str(target), is_protected=False)
    if request.method == "POST" and form.is_valid():
        targets.remove_target(request.user, target, reason=form.cleaned_data["reason"])
        add_toast(request, "good", f"{target} is no longer allowed")
        return go(request, reverse("target_list"))
    context = {"form": form, "target": target, "cut_off": targets.find_cut_off(target)}
    status = 422 if form.is_bound else 200
    return render_page(request, "registries/target_remove.html", context, fragments=["dialog"], status=status)
