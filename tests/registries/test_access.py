"""Access that no view of ours reaches: somebody who isn't signed in finds nothing."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import Http404
from django.test import RequestFactory

from registries.access import load_access
from registries.models import ConnectionProfile


@pytest.mark.django_db
def test_a_profile_is_not_there_for_somebody_who_is_not_signed_in(profile: ConnectionProfile) -> None:
    request = RequestFactory().get("/")
    request.user = AnonymousUser()
    with pytest.raises(Http404):
        load_access(request, profile.slug)
