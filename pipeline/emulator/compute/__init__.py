"""The resource provider Microsoft.Compute: machines, disks, images, galleries, scale sets."""

from __future__ import annotations

from pipeline.emulator.arm.providers import Polling, Provider, Services
from pipeline.emulator.compute.catalogue import Catalogue
from pipeline.emulator.compute.disks import Disks
from pipeline.emulator.compute.extension_images import ROUTES as EXTENSION_IMAGES
from pipeline.emulator.compute.extensions import Extensions
from pipeline.emulator.compute.fleet import Fleet
from pipeline.emulator.compute.galleries import Definitions, Galleries
from pipeline.emulator.compute.guest_access import GuestAccess
from pipeline.emulator.compute.guests import Guests
from pipeline.emulator.compute.identities import Identities
from pipeline.emulator.compute.images import Images
from pipeline.emulator.compute.instances import Instances
from pipeline.emulator.compute.limits import LIMITS
from pipeline.emulator.compute.marketplace import MarketplaceImages
from pipeline.emulator.compute.questions import Questions
from pipeline.emulator.compute.quotas import Quotas
from pipeline.emulator.compute.rolling import RollingUpgrades
from pipeline.emulator.compute.scale_sets import ScaleSets
from pipeline.emulator.compute.versions import Versions
from pipeline.emulator.compute.virtual_machines import VirtualMachines


def provider(services: Services) -> Provider:
    """Microsoft.Compute for one emulator."""
    return provider_of(
        Guests(
            services.manager,
            services.addresses,
            services.data_path,
            services.machines,
            services.sealer,
        ),
        Identities(services.tenant),
    )


def provider_of(guests: Guests, identities: Identities) -> Provider:
    """The provider whose machines and principals these are."""
    registry, fleet = guests.manager, Fleet(guests)
    quotas, access = Quotas(registry), GuestAccess(guests)
    rolling = RollingUpgrades(guests, fleet)

    async def close() -> None:
        await access.close()
        await guests.close()

    return Provider(
        namespace="Microsoft.Compute",
        polling=Polling(headers={"azure-asyncnotification": "Enabled"}),
        limits=LIMITS,
        kinds=(
            VirtualMachines(guests, quotas, identities),
            Extensions(guests),
            Disks(guests),
            Images(guests),
            Galleries(registry),
            Definitions(registry),
            Versions(guests),
            ScaleSets(guests, fleet, quotas, identities, rolling),
            Instances(guests, fleet),
        ),
        routes=(
            *MarketplaceImages(guests.machines).routes,
            *Catalogue(registry.allowances).routes,
            *quotas.routes,
            *Questions(registry, rolling).routes,
            *EXTENSION_IMAGES,
            *access.routes,
        ),
        open_routes=access.open_routes,
        resume=guests.resume,
        close=close,
    )
