"""The loader of views of one registry: read live before the view begins."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.http import Http404, HttpResponse

from dashboard.http import AuthedRequest, render_page
from registries.access import Access, profile_view
from registries.outbound.errors import UpstreamError
from registries.rancher.types import RegistryCredential
from registries.roles import Right
from registries.services.operations.registry_state import RegistryState, load_registry

P = ParamSpec("P")


RegistryView = Callable[Concatenate[AuthedRequest, Access, RegistryState, P], HttpResponse]


def registry_view(right: Right, *, allow_purged: bool = False) -> Callable[[RegistryView[P]], Any]:
    """As `profile_view`; the view also gets the registry of the URL, live or as last seen, with its credentials.

    404 when Rancher doesn't know it any more, unless `allow_purged` and Corral does; a page that says why when it can't
    be read and never was.
    """

    def decorate(view: RegistryView[P]) -> Any:
        @profile_view(right)  # type: ignore[arg-type]  # it does not see through `wraps`
        @wraps(view)
        def loaded(
            request: AuthedRequest, access: Access, registry_id: str, *args: P.args, **kwargs: P.kwargs
        ) -> HttpResponse:
            try:
                found = load_registry(access.profile, registry_id)
            except UpstreamError as error:
                return render_page(request, "registries/registry_unreachable.html", {"error": error}, status=503)
            if found is None or (found.is_gone and not allow_purged):
                raise Http404("Rancher knows no such registry in this project; it may have been purged.")
            return view(request, access, found, *args, **kwargs)

        return loaded

    return decorate


def find_credential(found: RegistryState, credential_id: str) -> RegistryCredential:
    """A credential of the registry. Raises Http404 for one of another registry, or none."""
    credentials = found.registry.credentials or ()
    credential = next((one for one in credentials if one.id == credential_id), None)
    if credential is None:
        raise Http404("This registry has no such credential; it may have been removed.")
    return credential


def raise_if_stale(found: RegistryState) -> None:
    """Raises the error that kept the registry from being read: nothing is written on stale knowledge."""
    if found.error is not None:
        raise found.error
