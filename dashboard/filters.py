"""Base class of the filters of our tables."""

from typing import Any
from urllib.parse import urlencode

import django_filters
from django.core.paginator import Paginator

PAGE_SIZE = 50


class PagedFilter(django_filters.FilterSet):  # type: ignore[misc]  # django-filter carries no types
    """Filter with pages whose links keep the filter; an invalid value filters nothing."""

    def paged(self) -> dict[str, Any]:
        """Context for a template: `filter`, the requested `page`, `previous_url` and `next_url` ("" for none)."""
        page = Paginator(self.qs, PAGE_SIZE).get_page(self.data.get("page"))
        return {
            "filter": self,
            "page": page,
            "previous_url": self.page_url(page.previous_page_number()) if page.has_previous() else "",
            "next_url": self.page_url(page.next_page_number()) if page.has_next() else "",
        }

    def page_url(self, number: int) -> str:
        """The query string of another page under the same filter."""
        pairs = [(name, value) for name, value in self.data.items() if name in self.base_filters and value]
        return f"?{urlencode([*pairs, ('page', number)])}"

    @property
    def is_narrowed(self) -> bool:
        return any(self.data.get(name) for name in self.base_filters)
