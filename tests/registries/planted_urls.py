"""The product's URLs and one that nobody thought of, for `test_role_faults`."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from dashboard.policy import SIGNED_IN, stamp
from dashboard.urls import urlpatterns as of_the_product


def forgotten_stamp(request: HttpRequest) -> HttpResponse:
    return HttpResponse("no guard has seen this request")


@stamp(SIGNED_IN)
def forgotten_row(request: HttpRequest) -> HttpResponse:
    return HttpResponse("stamped, and in no table")


urlpatterns = [
    *of_the_product,
    path("forgotten/stamp/", forgotten_stamp, name="forgotten_stamp"),
    path("forgotten/row/", forgotten_row, name="forgotten_row"),
]
