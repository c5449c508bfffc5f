"""Base class of the filters of our tables."""

from collections.abc import Mapping
from typing import Any

import django_filters
from django.core.paginator import Paginator

from dashboard.url_query import URLQuery

PAGE_SIZE = 50


class PagedFilter(URLQuery, django_filters.FilterSet):  # type: ignore[misc]  # django-filter carries no types
    """Filter with pages whose links keep the filter; an invalid value filters nothing."""

    def paged(self) -> dict[str, Any]:
        """Context for a template: `filter`, the requested `page`, `previous_url` and `next_url` ("" for none)."""
        page = Paginator(self.qs, PAGE_SIZE).get_page(self.data.get("page"))
        return {
            "filter": self,
            "page": page,
            "previous_url": self.url(page=page.previous_page_number()) if page.has_previous() else "",
            "next_url": self.url(page=page.next_page_number()) if page.has_next() else "",
        }

    def parameters(self) -> Mapping[str, object]:
        wrong = self.form.errors
        return {name: self.data.get(name) for name in self.base_filters if name not in wrong}
