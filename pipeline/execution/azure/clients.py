"""Connecting to an environment's Azure: credential and clients, made when first asked for.

Owns azure-identity and the construction of azure-mgmt-*: their imports take most of a second,
so that they happen here, late, and only for the services that a command uses.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Mapping
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from pipeline.definition.model import Cloud, Environment
from pipeline.errors import Unreachable
from pipeline.execution.azure import federation
from pipeline.execution.azure.api_versions import policies
from pipeline.execution.azure.credential_file import read_service_principal
from pipeline.execution.azure.refusals import refusals_about
from pipeline.state_files import read_bytes

if TYPE_CHECKING:
    from azure.core import PipelineClient
    from azure.core.credentials import TokenCredential
    from azure.core.pipeline.policies import RetryPolicy
    from azure.core.pipeline.transport import RequestsTransport
    from azure.mgmt.compute import ComputeManagementClient
    from azure.mgmt.network import NetworkManagementClient
    from azure.mgmt.resource.resources import ResourceManagementClient

POLLING_INTERVAL = 2
"""Seconds between polls where Azure names none; the SDK's 30 s are longer than most operations.

Within Azure's limit of 15 status requests a minute per resource, with 45 in reserve.
"""


Service: TypeAlias = Literal["compute", "network", "resources"]

READS = frozenset({"GET", "HEAD"})
RETRIES_OF_READS = 8
"""With the SDK's pauses (0.8 s, doubled each time, or Azure's `Retry-After`) some minutes."""
RETRIES_OF_DATA = 3
"""Of requests that may be sent again whatever became of them."""


class Clients:
    """The SDK's clients of one environment. Their textual form never shows the credential."""

    def __init__(
        self,
        environment: Environment,
        hide: Callable[[str], None] = lambda secret: None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """`hide` is told the secret, so that no output will show it; `sleep` lets time pass."""
        self.environment = environment
        self.hide = hide
        self._sleep = sleep
        self._made: dict[tuple[Service, str], Any] = {}
        self._planes: dict[str, PipelineClient[Any, Any]] = {}
        self._lock = Lock()

    def __repr__(self) -> str:
        return f"Clients({self.environment.cloud.resource_manager})"

    @cached_property
    def credential(self) -> TokenCredential:
        """What signs us in: the cloud's credential file, else what DefaultAzureCredential finds."""
        for library in ("azure", "urllib3"):  # what they would warn of comes as an error too
            logging.getLogger(library).addHandler(logging.NullHandler())
        return _credential(self.environment, self.hide)

    @property
    def compute(self) -> ComputeManagementClient:
        """Machines, scale sets, galleries of the environment's subscription."""
        client: ComputeManagementClient = self.of("compute", self.environment.subscription)
        return client

    @property
    def network(self) -> NetworkManagementClient:
        """Networks, addresses, load balancers of the environment's subscription."""
        client: NetworkManagementClient = self.of("network", self.environment.subscription)
        return client

    @property
    def resources(self) -> ResourceManagementClient:
        """Resource groups, and resources of any type, of the environment's subscription."""
        client: ResourceManagementClient = self.of("resources", self.environment.subscription)
        return client

    def of(self, service: Service, subscription: str) -> Any:
        """The client of a service for a subscription of the tenant; all share their connections."""
        with self._lock:
            key = (service, subscription.lower())
            if key not in self._made:
                client = _CLIENTS[service]()
                self._made[key] = client(self.credential, subscription, **self._options())
            return self._made[key]

    def data_plane(self, audience: str) -> PipelineClient[Any, Any]:
        """What sends requests to a service's own addresses, with tokens for its audience.

        It follows no redirection: whoever answers has the token already.
        """
        from azure.core import PipelineClient  # noqa: PLC0415 - slow to import
        from azure.core.pipeline.policies import (  # noqa: PLC0415 - slow to import
            BearerTokenCredentialPolicy,
            RetryPolicy,
        )

        with self._lock:
            if audience not in self._planes:
                sign = BearerTokenCredentialPolicy(self.credential, f"{audience}/.default")
                self._planes[audience] = PipelineClient(
                    audience,
                    policies=[RetryPolicy(retry_total=RETRIES_OF_DATA), sign],
                    transport=self._transport,
                )
            return self._planes[audience]

    def of_other_services(self) -> dict[str, Any]:
        """Options for further clients of the SDK: our connections, and whom we trust."""
        return {"transport": self._transport}

    def prepare(self) -> float:
        """Make all clients and sign in, before threads that would each do so.

        Answers when the access token ends, in seconds since 1970.
        """
        _ = (self.compute, self.network, self.resources)
        base = self.environment.cloud.resource_manager.rstrip("/")
        with refusals_about(base):
            return float(self.credential.get_token(f"{base}/.default").expires_on)

    def _options(self) -> dict[str, Any]:
        cloud = self.environment.cloud
        base = cloud.resource_manager.rstrip("/")
        return {
            "base_url": base,
            "credential_scopes": [f"{base}/.default"],
            "polling_interval": POLLING_INTERVAL,
            "retry_policy": _retries_of_reads(),
            "transport": self._transport,
            "per_call_policies": policies(dict(cloud.api_versions)),
        }

    @cached_property
    def _transport(self) -> RequestsTransport:
        """One for all clients, which then share their connections to Azure."""
        from azure.core.pipeline.transport import (  # noqa: PLC0415 - slow to import
            RequestsTransport,
        )

        let_pass = self._sleep

        class Transport(RequestsTransport):  # type: ignore[misc] # untyped in azure-core
            """Pauses between polls and retries as the clock says."""

            def sleep(self, duration: float) -> None:
                let_pass(duration)

        return Transport(**_trust(self.environment.cloud))


def _compute() -> Callable[..., Any]:
    from azure.mgmt.compute import ComputeManagementClient  # noqa: PLC0415 - slow to import

    return ComputeManagementClient


def _network() -> Callable[..., Any]:
    from azure.mgmt.network import NetworkManagementClient  # noqa: PLC0415 - slow to import

    return NetworkManagementClient


def _resources() -> Callable[..., Any]:
    from azure.mgmt.resource.resources import (  # noqa: PLC0415 - slow to import
        ResourceManagementClient,
    )

    return ResourceManagementClient


_CLIENTS: Mapping[Service, Callable[[], Callable[..., Any]]] = {
    "compute": _compute,
    "network": _network,
    "resources": _resources,
}


def _retries_of_reads() -> RetryPolicy[Any, Any]:
    """The SDK's own retries for reads alone.

    It would send a PUT or a DELETE again without a look at what has become of the resource.
    """
    from azure.core.pipeline.policies import RetryPolicy  # noqa: PLC0415 - slow to import

    class RetriesOfReads(RetryPolicy[Any, Any]):
        """Everything else is sent once: run/sending.py looks before it sends again."""

        def send(self, request: Any) -> Any:
            if request.http_request.method in READS:
                return super().send(request)
            self.configure_retries(request.context.options)  # takes out what transports don't know
            return self.next.send(request)

    return RetriesOfReads(retry_status=RETRIES_OF_READS)


def _trust(cloud: Cloud) -> dict[str, Any]:
    """Raises StateFileError for a bundle that cannot be read: the SDK would hang on a FIFO."""
    if cloud.ca_bundle is None:
        return {}
    read_bytes(cloud.ca_bundle)
    return {"connection_verify": str(cloud.ca_bundle)}


def _credential(environment: Environment, hide: Callable[[str], None]) -> TokenCredential:
    from azure.identity import (  # noqa: PLC0415 - slow to import
        ClientSecretCredential,
        DefaultAzureCredential,
    )

    cloud = environment.cloud
    if cloud.credential and not cloud.credential.exists():
        raise Unreachable(
            f"{cloud.credential}: does not exist, and the environment {environment.name} signs in"
            f" with it at {cloud.resource_manager}",
            nothing_listens=True,
        )
    options: dict[str, Any] = {"authority": cloud.authority, **_trust(cloud)}
    if not cloud.is_public:
        options["disable_instance_discovery"] = True
    if cloud.credential is None:
        found = federation.of_run(environment.tenant, os.environ, options)
        return found or DefaultAzureCredential(**options)
    principal = read_service_principal(cloud.credential)
    hide(principal.secret)
    return ClientSecretCredential(
        principal.tenant, principal.client_id, principal.secret, **options
    )
