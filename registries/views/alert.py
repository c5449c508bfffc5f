"""The list of alerts, and the test of the webhook."""

from django.conf import settings
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from dashboard.http import AuthedRequest, add_toast, go, render_page
from dashboard.policy import admins_only, is_admin, signed_in
from registries.access import profiles_of
from registries.models import Alert
from registries.services.notifications import alerts, delivery
from registries.services.notifications.channels import webhook

PAGE_SIZE = 50
TONES = {
    Alert.Kind.FAILING: ("bad", "error"),
    Alert.Kind.RECOVERED: ("good", "active"),
    Alert.Kind.EXPIRING: ("warn", "clock"),
    Alert.Kind.TEST: ("idle", "info"),
}


@require_safe
@signed_in
def alert_list(request: AuthedRequest) -> HttpResponse:
    told = Alert.objects.select_related("profile")
    if not is_admin(request.user):
        told = told.filter(profile__in=profiles_of(request.user))
    page = Paginator(told, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "rows": [(one, *TONES[Alert.Kind(one.kind)]) for one in page],
        "page": page,
        "webhook": webhook.parse_url(settings.WEBHOOK_URL).base.host if webhook.is_set() else "",
        "waiting": Alert.objects.exclude(next_try_at=None).count() if is_admin(request.user) else 0,
    }
    return render_page(request, "registries/alert_list.html", context)


@require_POST
@admins_only
def webhook_test(request: AuthedRequest) -> HttpResponse:
    test = alerts.notify(Alert.Kind.TEST, f"Test, sent by {request.user.get_username()}", "", None)
    if delivery.deliver(test):
        add_toast(request, "good", "The webhook took the test")
    else:
        test.refresh_from_db()
        add_toast(request, "bad", "The webhook did not take the test", detail=test.last_problem)
    return go(request, reverse("alert_list"))
