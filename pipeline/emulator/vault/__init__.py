"""The resource provider Microsoft.KeyVault: vaults, and the data plane of their secrets.

Azure has a host for each vault; here it is a path, `/key-vaults/NAME`, with an audience of its own.
"""

from __future__ import annotations

from pipeline.emulator.arm.providers import Provider, Services
from pipeline.emulator.vault.secrets import Secrets
from pipeline.emulator.vault.vaults import DeletedVaults, Vaults


def provider(services: Services) -> Provider:
    """Microsoft.KeyVault for one emulator."""
    secrets = Secrets(services)
    deleted = DeletedVaults(services.manager.store, secrets.forget)
    return Provider(
        namespace="Microsoft.KeyVault",
        kinds=(Vaults(services, deleted),),
        routes=deleted.routes,
        open_routes=secrets.routes,
    )
