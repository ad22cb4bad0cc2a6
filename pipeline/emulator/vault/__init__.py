"""The resource provider Microsoft.KeyVault: vaults, and the data plane of their secrets and keys.

Azure has a host for each vault; here it is a port of its own, and a path of the emulator,
`/key-vaults/NAME`; tokens for all of them are for one audience.
"""

from __future__ import annotations

from pipeline.emulator.arm.providers import Provider, Services
from pipeline.emulator.vault.keys import Keys
from pipeline.emulator.vault.secrets import Secrets
from pipeline.emulator.vault.vaults import DeletedVaults, Vaults


def provider(services: Services) -> Provider:
    """Microsoft.KeyVault for one emulator."""
    secrets, keys = Secrets(services), Keys(services)
    deleted = DeletedVaults(services.manager.store, (secrets.forget, keys.forget))
    vaults = Vaults(services, deleted)
    return Provider(
        namespace="Microsoft.KeyVault",
        kinds=(vaults,),
        routes=deleted.routes,
        open_routes=(*secrets.routes, *keys.routes),
        resume=vaults.resume,
    )
