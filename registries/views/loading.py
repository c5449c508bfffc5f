"""Loader for views of one registry: reads it before the view runs."""

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
    """Decorates like `profile_view`; the view also gets the URL's registry, live or last known, with credentials.

    404 if Rancher doesn't know it, unless `allow_purged` and Corral does; 503 with the reason if Rancher is unreachable
    and the registry was never read.
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
    """Finds a credential of the registry. Raises Http404 if it has no such credential."""
    credentials = found.registry.credentials or ()
    credential = next((one for one in credentials if one.id == credential_id), None)
    if credential is None:
        raise Http404("This registry has no such credential; it may have been removed.")
    return credential


def raise_if_stale(found: RegistryState) -> None:
    """Raises the error of the read, if any: nothing is written on stale state."""
    if found.error is not None:
        raise found.error
