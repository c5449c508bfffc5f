"""URLs of the audit log."""

from django.urls import path

from registries.views import audit

audit_urls = [
    path("audit/", audit.audit_list, name="audit_list"),
    path("audit/export/", audit.audit_export, name="audit_export"),
    path("audit/<int:event_id>/", audit.audit_detail, name="audit_detail"),
]
