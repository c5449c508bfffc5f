"""Client of one project of a Rancher server, with one key."""

from registries.outbound.errors import BadAddress
from registries.outbound.transport import Transport
from registries.rancher.audit_logs import AuditLogResource
from registries.rancher.pull_tasks import PullTaskResource
from registries.rancher.quirks import ApiVersion
from registries.rancher.resources import (
    ID,
    CredentialResource,
    Endpoint,
    ProjectResource,
    RegistryResource,
    SchemaResource,
    SettingResource,
    expect_text,
)


class Client:
    """Entry point: `client.registries.list_all()` and the like. Every method raises UpstreamError and nothing else.

    Paths are always `/{version}/projects/<id>/…`: at the root an account key can't write (rancher.md). A key that may
    only read is told to the transport (`Transport.read_only`), which then sends no write.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        access_key: str,
        secret_key: str,
        project_id: str,
        api_version: ApiVersion = "v1",
    ) -> None:
        if not ID.fullmatch(project_id):
            raise BadAddress("project_id", "A project's id reads like 1a5.")
        self.transport = transport
        root = f"/{api_version}"
        endpoint = Endpoint(
            transport, auth=(access_key, secret_key), root=root, project_root=f"{root}/projects/{project_id}"
        )
        self.endpoint = endpoint
        self.registries = RegistryResource(endpoint)
        self.credentials = CredentialResource(endpoint)
        self.projects = ProjectResource(endpoint)
        self.schemas = SchemaResource(endpoint)
        self.settings = SettingResource(endpoint)
        self.audit_logs = AuditLogResource(endpoint, project_id)
        self.pull_tasks = PullTaskResource(endpoint)

    def ping(self) -> None:
        """Raises BadResponse when what answers isn't Rancher. Sends no key."""
        expect_text(self.transport.send("GET", "/ping"), "pong")
