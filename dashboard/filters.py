"""What the filters of our tables have in common."""

from typing import Any
from urllib.parse import urlencode

import django_filters
from django.core.paginator import Paginator

PAGE_SIZE = 50


class PagedFilter(django_filters.FilterSet):  # type: ignore[misc]  # django-filter carries no types
    """A filter whose pages keep it; whatever makes no sense filters nothing."""

    def paged(self) -> dict[str, Any]:
        """For a template: `filter`, the `page` that the URL names, `previous_url` and `next_url`, each "" for none."""
        page = Paginator(self.qs, PAGE_SIZE).get_page(self.data.get("page"))
        return {
            "filter": self,
            "page": page,
            "previous_url": self.page_url(page.previous_page_number()) if page.has_previous() else "",
            "next_url": self.page_url(page.next_page_number()) if page.has_next() else "",
        }

    def page_url(self, number: int) -> str:
        """The query of another page of what is filtered."""
        pairs = [(name, value) for name, value in self.data.items() if name in self.base_filters and value]
        return f"?{urlencode([*pairs, ('page', number)])}"

    @property
    def is_narrowed(self) -> bool:
        return any(self.data.get(name) for name in self.base_filters)
