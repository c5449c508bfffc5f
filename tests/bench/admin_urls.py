"""Django's admin with one model: the rows that Corral's list shows, with the same columns, search and facets."""

from django.contrib import admin
from django.urls import path

from registries.models import InventoryItem


class InventoryItemAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("server_address", "state", "name", "description", "rancher_id", "seen_at")
    list_filter = ("state",)
    search_fields = ("server_address", "name", "description")
    list_per_page = 100


site = admin.AdminSite()
site.register(InventoryItem, InventoryItemAdmin)
urlpatterns = [path("admin/", site.urls)]
