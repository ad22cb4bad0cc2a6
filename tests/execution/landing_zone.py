"""A landing zone of its own for one test, with checked image versions, on simulated machines."""

from __future__ import annotations

import io
import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pipeline.arm import ResourceId
from pipeline.definition.balancing import Health, LoadBalancer, RulePair
from pipeline.definition.faulty import Faulty
from pipeline.definition.model import (
    AnyBase,
    Base,
    Cloud,
    Environment,
    Gallery,
    Image,
    Network,
    Project,
    Template,
)
from pipeline.definition.promotion import Promotion
from pipeline.definition.shape import ScaleSetShape
from pipeline.execution.azure.requests import delete, patch, put
from pipeline.execution.build.survey import survey_build
from pipeline.execution.commands import environment as environment_commands
from pipeline.execution.commands import prune as prune_commands
from pipeline.execution.commands import roll as roll_commands
from pipeline.execution.commands import swap as swap_commands
from pipeline.execution.patience import Patience
from pipeline.execution.run.journal import Journal
from pipeline.execution.run.session import Session
from pipeline.execution.swap.survey import survey_swap
from pipeline.execution.wait import Clock, wait_until
from pipeline.output.people import ForPeople
from pipeline.planning.build.fingerprint import fingerprint
from pipeline.planning.names import Tag, image_version_id, network_id, subnet_id
from pipeline.planning.names import compute_id as compute_id_of
from pipeline.planning.roll.steps import RollWish
from pipeline.planning.swap.status import Status, status_of
from pipeline.planning.swap.survey import Survey
from pipeline.planning.writable import writable
from tests.conformance.recordings import sent_loosely
from tests.conftest import Emulator

_numbers = itertools.count(1)

MARKETPLACE = Base("Debian", "debian-12", "12-gen2")

AT_ONCE = Promotion(soak=0.0, keep_previous=0.0, drain=0.0)
"""Watched no longer than the proofs take; what left production may go at once."""
HEALTH = Health("http", 8080, "/healthz")
PAIRS = (RulePair("http", 8080, 8081, 8080), RulePair("metrics", 9100, 9101, 9100))


def image_of(folder: Path, capacity: int = 2) -> Image:
    """An image `web`; no file of it is read."""
    template = Template("linux", folder, frozenset(), frozenset(), (), ())
    return Image(
        name="web",
        folder=folder,
        template=template,
        version_series="1.0",
        base=Base("Debian", "debian-12", "12-gen2"),
        build_size="Standard_D2s_v5",
        scripts=(),
        files=None,
        checks=folder,
        variables=(),
        scale_set=ScaleSetShape("Standard_D2s_v5", capacity),
        health=HEALTH,
        inputs=(),
        promotion=Promotion(soak=0),
    )


def environment_of(cloud: Cloud, subscription: str = "s", group: str = "zone") -> Environment:
    """An environment with one load balancer of two rule pairs."""
    return Environment(
        name="test",
        subscription=subscription,
        tenant="t",
        location="westeurope",
        resource_group=group,
        gallery=Gallery(f"gallery_{group.replace('-', '_')}"),
        replica_regions=(),
        ssh_port=2222,
        ssh_username="azureuser",
        cloud=cloud,
        network=Network(
            "net", "10.80.0.0/16", "machines", "10.80.0.0/20", "nat", "machines-security"
        ),
        load_balancers=(LoadBalancer("front", "web", PAIRS),),
    )


@dataclass
class LandingZone:
    """The landing zone, and the commands on it."""

    root: Path
    environment: Environment
    image: Image
    emulator: Emulator
    said: io.StringIO = field(default_factory=io.StringIO)
    claims: bool = True
    """Without claims two runs meet, as when a claim is overrun: then other fences hold."""
    clock: Clock = field(default_factory=Clock)
    faulty: tuple[Faulty, ...] = ()
    """What else is in the project, with mistakes."""

    def session(
        self,
        *,
        plan_only: bool = False,
        journal: type[Journal] = Journal,
        clock: Clock | None = None,
    ) -> Session:
        """What a command is given."""
        project = Project(self.root, (self.image,), (self.environment,), self.faulty)
        return Session(
            project,
            self.environment,
            ForPeople(self.said),
            plan_only=plan_only,
            journal=journal,
            clock=clock or self.clock,
            claims=self.claims,
        )

    @property
    def output(self) -> str:
        """All that was told since it was last asked."""
        text = self.said.getvalue()
        self.said.seek(0)
        self.said.truncate()
        return text

    def create(self) -> None:
        """`create-environment`."""
        environment_commands.create_environment(self.session())

    def stage(self, version: str = "", *, again: bool = False) -> None:
        """`stage`."""
        swap_commands.stage(self.session(), self.image.name, version, again=again)

    def promote(self, *, again: bool = False, force: bool = False) -> None:
        """`promote`."""
        swap_commands.promote(self.session(), self.image.name, again=again, force=force)

    def rollback(self, to: str = "", *, force: bool = False) -> None:
        """`rollback`."""
        swap_commands.rollback(self.session(), self.image.name, to, force=force)

    def roll(self, version: str = "") -> None:
        """`roll`."""
        roll_commands.roll(self.session(), self.image.name, RollWish(version))

    def prune(self) -> None:
        """`prune`."""
        prune_commands.prune(self.session(), self.image.name)

    def unstage(self, version: str) -> None:
        """`unstage`."""
        prune_commands.unstage(self.session(), self.image.name, version)

    def serve(self, version: str) -> None:
        """Stage and promote."""
        self.stage(version)
        self.promote()

    def survey(self) -> Survey:
        """What there is."""
        return survey_swap(self.session(), self.image.name)

    def status(self) -> Status:
        """`status`, as a value."""
        return status_of(self.survey())

    def put(self, resource: ResourceId, body: dict[str, Any]) -> dict[str, Any]:
        """A raw PUT that ends well, as somebody else sends it."""
        session = self.session()
        with sent_loosely():
            session.azure.begin(put(resource, body)).result()
        return session.azure.get(resource) or {}

    def load_balancer(self) -> dict[str, Any]:
        """The load balancer's body."""
        resource = network_id(self.environment, "loadBalancers", "front")
        body = self.session().azure.get(resource)
        assert body is not None
        return body

    def write_load_balancer(self, edit: Callable[[dict[str, Any]], None]) -> None:
        """What somebody else does to it, without asking anybody."""
        body = writable(self.load_balancer())
        edit(body)
        self.put(network_id(self.environment, "loadBalancers", "front"), body)

    def writes(self, part: str) -> int:
        """How many PUTs of paths with this part the emulator has answered in this zone."""
        seen = self.emulator.call("GET", "/emulator/requests").body["value"]
        group = self.environment.resource_group.lower()
        paths = [one["path"].lower() for one in seen if one["method"] == "PUT"]
        return sum(group in path and part.lower() in path for path in paths)

    def fault(self, match: dict[str, str], action: dict[str, Any], times: int = 1) -> None:
        """Ask the emulator for a fault."""
        body = {"match": match, "action": action, "times": times}
        assert self.emulator.call("POST", "/emulator/faults", body).status == 201

    def sicken(self, instance: str, sickness: str = "unhealthy") -> None:
        """Make an instance ill: `web-1-0-1/virtualMachines/0`."""
        sets = compute_id_of(self.environment, ("virtualMachineScaleSets", instance))
        path = f"/emulator/machines{sets}/sicken"
        assert self.emulator.call("POST", path, {"sickness": sickness}).status == 204

    def heal(self, instance: str) -> None:
        """Make it well again, if it is there."""
        sets = compute_id_of(self.environment, ("virtualMachineScaleSets", instance))
        self.emulator.call("POST", f"/emulator/machines{sets}/heal", {})

    def add_versions(self, *names: str, check: str = "passed", excluded: bool = False) -> None:
        """Image versions of a machine that is gone; by default they passed their check."""
        source = self._managed_image()
        for name in names:
            resource = image_version_id(self.environment, self.image.name, name)
            publishing = {
                "targetRegions": [{"name": "westeurope", "regionalReplicaCount": 1}],
                "excludeFromLatest": excluded,
            }
            properties = {
                "publishingProfile": publishing,
                "storageProfile": {"source": {"id": source}},
            }
            tags = {"system": "bakeswap", "image": self.image.name, "version": name}
            body = {"location": "westeurope", "properties": properties}
            self.put(resource, {**body, "tags": {**tags, **({"check": check} if check else {})}})

    def has_inputs(self, name: str, tags: Mapping[str, str] | None = None) -> None:
        """A version has the inputs that the image has now, and these tags."""
        found = survey_build(self.session(), self.image, "")
        (version,) = (one for one in found.versions if one.name == name)
        wanted = {Tag.FINGERPRINT: fingerprint(self.image, found.base), Tag.BASE: str(found.base)}
        resource = image_version_id(self.environment, self.image.name, name)
        written = patch(resource, {"tags": {**version.tags, **wanted, **(tags or {})}})
        self.session().azure.begin(written).result()

    def _managed_image(self) -> str:
        resource = compute_id_of(self.environment, ("images", "source"))
        azure = self.session().azure
        if azure.get(resource) is None:
            machine = self._generalized_machine()
            self.put(
                resource,
                {
                    "location": "westeurope",
                    "properties": {
                        "sourceVirtualMachine": {"id": str(machine)},
                        "hyperVGeneration": "V2",
                    },
                },
            )
            azure.begin(delete(machine)).result()
        return str(resource)

    def _generalized_machine(self) -> Any:
        interface = network_id(self.environment, "networkInterfaces", "source")
        address = {"name": "ip", "properties": {"subnet": {"id": str(subnet_id(self.environment))}}}
        self.put(
            interface,
            {"location": "westeurope", "properties": {"ipConfigurations": [address]}},
        )
        machine = compute_id_of(self.environment, ("virtualMachines", "source"))
        self.put(machine, _machine(str(interface), self.image.base))
        operations = self.session().azure.clients.compute.virtual_machines
        operations.begin_deallocate(self.environment.resource_group, "source").result()
        operations.generalize(self.environment.resource_group, "source")
        return machine


def landing_zone(root: Path, emulator: Emulator, capacity: int = 2) -> LandingZone:
    """A landing zone without versions, in a resource group of its own."""
    facts = emulator.facts
    cloud = Cloud(
        "BakeswapEmulator",
        str(facts["resource_manager"]),
        str(facts["authority"]),
        Path(facts["ca_file"]),
        Path(facts["credentials_file"]),
    )
    group = f"zone-{next(_numbers)}-{root.name}"
    environment = environment_of(cloud, emulator.subscription, group)
    return LandingZone(root, environment, image_of(root, capacity), emulator)


def at_once(zone: LandingZone) -> LandingZone:
    """The same, where nothing soaks, drains or is kept."""
    return replace(zone, image=replace(zone.image, promotion=AT_ONCE))


def with_one_staged(zone: LandingZone, *others: str) -> LandingZone:
    """The same, made, where 1.0.0 serves and 1.0.1 is staged; other versions are in the gallery."""
    zone.create()
    zone.add_versions("1.0.0", "1.0.1", *others)
    zone.serve("1.0.0")
    zone.stage("1.0.1")
    _ = zone.output
    return zone


def until(question: Callable[[], bool]) -> None:
    """Ask until the answer is yes; StillRunning after a minute."""
    wait_until(
        lambda: True if question() else None,
        "a test",
        patience=Patience(60, "no test waits longer"),
        clock=Clock(),
        every=0.1,
    )


def _machine(interface: str, base: AnyBase) -> dict[str, Any]:
    """A machine of a marketplace base, Debian's for others; what Contoso offers is bought."""
    base = base if isinstance(base, Base) else MARKETPLACE
    plan = {"publisher": base.publisher, "product": base.offer, "name": base.sku}
    return {
        "location": "westeurope",
        **({"plan": plan} if base.publisher == "Contoso" else {}),
        "properties": {
            "hardwareProfile": {"vmSize": "Standard_D2s_v5"},
            "storageProfile": {
                "imageReference": {
                    "publisher": base.publisher,
                    "offer": base.offer,
                    "sku": base.sku,
                    "version": "latest",
                },
                "osDisk": {"createOption": "FromImage", "deleteOption": "Delete"},
            },
            "osProfile": {
                "computerName": "source",
                "adminUsername": "azureuser",
                "adminPassword": "Long-enough-1",
            },
            "networkProfile": {"networkInterfaces": [{"id": interface}]},
        },
    }
