"""`roll`: the scale set that serves is brought to another version in place, under traffic."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.definition.balancing import NOWHERE
from pipeline.definition.shape import FLEXIBLE, ScaleSetShape
from pipeline.errors import AzureRefused, Refused, UsageError, WatchFailed
from pipeline.execution.claims.history import moves
from pipeline.execution.commands import roll as commands
from pipeline.execution.commands.watching import Watching
from pipeline.execution.run.journal import Journal
from pipeline.execution.watch.prober import Load, Prober
from pipeline.planning.names import Tag, scale_set_id, subnet_id
from pipeline.planning.roll.model import pointed
from pipeline.planning.roll.steps import PointModel, RollWish
from pipeline.planning.swap.backend import ScaleSet
from pipeline.planning.swap.reference import ImageReference
from pipeline.planning.watch.targets import targets_of
from tests.conftest import Emulator
from tests.execution.dying import Crash, dying_after
from tests.execution.landing_zone import AT_ONCE, LandingZone, at_once, landing_zone, until

SET = "web-1-0-0"


@pytest.fixture
def zone(emulator: Emulator, tmp_path: Path) -> LandingZone:
    """A landing zone where 1.0.0 serves with three instances and 1.0.1 is in the gallery."""
    made = landing_zone(tmp_path, emulator, capacity=3)
    made.image = replace(made.image, promotion=replace(AT_ONCE, drain=1.0))
    made.create()
    made.add_versions("1.0.0", "1.0.1")
    made.serve("1.0.0")
    _ = made.output
    return made


def roll(
    zone: LandingZone,
    version: str = "",
    journal: type[Journal] = Journal,
    plan_only: bool = False,
    **typed: Any,
) -> None:
    """`roll`; what is lost because an instance is cut off after a second ends none."""
    asked = {name: typed.pop(name) for name in ("again", "force", "why") if name in typed}
    batch = typed.pop("batch", "")
    typed = {"patience": "30s", "lost_budget": "1000000", **typed}
    watching = Watching(**typed)
    session = zone.session(journal=journal, plan_only=plan_only)
    commands.roll(session, "web", RollWish(version, **asked), batch=batch, watching=watching)


def drain_patiently(zone: LandingZone) -> None:
    """Let an instance answer what it was asked before it went out, however busy the host is."""
    zone.image = replace(zone.image, promotion=replace(AT_ONCE, drain=AT_ONCE.timeout + 1))


def serving(zone: LandingZone) -> ScaleSet:
    """The scale set that serves."""
    found = zone.survey().serving.scale_set
    assert found is not None
    return found


def versions(zone: LandingZone) -> list[str]:
    """Of which image version each instance is."""
    return [str(one.made_from) for one in serving(zone).instances]


@contextmanager
def traffic(zone: LandingZone, rate: float = 50.0) -> Iterator[Prober]:
    """Every rule of production asked all the while."""
    now = zone.survey()
    targets = targets_of(now.load_balancer.body, now.load_balancer.addresses, {"http", "metrics"})
    with Prober(targets, Load(rate=rate)) as prober:
        yield prober


def when(words: str, happens: Callable[[], None]) -> type[Journal]:
    """A journal at whose line about the start of such a step something happens."""

    class Hooked(Journal):
        def append(self, event: str, **fields: Any) -> None:
            super().append(event, **fields)
            if event == "started" and words in str(fields["words"]):
                happens()

    return Hooked


BAD = "1.0.1"


@pytest.fixture
def bad_version(emulator: Emulator) -> Iterator[Callable[[], None]]:
    """Every machine of 1.0.1 is ill until this is called."""

    def heal() -> None:
        emulator.call("POST", f"/emulator/machines/version:{BAD}/heal", {})

    path = f"/emulator/machines/version:{BAD}/sicken"
    assert emulator.call("POST", path, {"sickness": "unhealthy"}).status == 204
    yield heal
    heal()


def test_every_instance_is_rolled_one_domain_after_the_other_and_no_request_is_lost(
    zone: LandingZone,
) -> None:
    drain_patiently(zone)
    with traffic(zone) as prober:
        roll(zone, why="openssl", lost_budget="0")
    assert prober.watched.total.fresh.lost == 0
    assert versions(zone) == ["1.0.1"] * 3
    assert serving(zone).name == SET
    told = zone.output
    assert "Plan: roll web 1.0.0 -> 1.0.1\n" in told
    assert f"point the model of {SET} at web 1.0.1; its instances stay as they are" in told
    for number in range(3):
        step = f"roll instance {number} of {SET} (update domain {number}): no new connections"
        assert step in told
    assert f"web 1.0.1 serves at {zone.survey().health_url('production')}, from {SET}" in told
    assert "go back          invoke roll web --version 1.0.0" in told
    last = moves(zone.session(), "web")[-1]
    assert (last.direction, last.before, last.after) == ("roll", "1.0.0", "1.0.1")
    assert last.why == "openssl"


def test_what_is_rolled_is_the_version_for_every_other_command(zone: LandingZone) -> None:
    roll(zone)
    assert zone.status().serving == "1.0.1"
    assert not zone.status().degraded
    assert serving(zone).tags[Tag.ROLLED_FROM] == "1.0.0"
    assert not serving(zone).tags[Tag.ROLLING]
    with pytest.raises(Refused, match=r"1\.0\.1 serves already, from web-1-0-0"):
        zone.stage("1.0.1")
    with pytest.raises(Refused, match=r"web-1-0-0 runs web 1\.0\.1 since it was rolled"):
        zone.stage("1.0.0")
    _ = zone.output
    roll(zone)
    assert "nothing to do, all 3 instances of web-1-0-0 have it" in zone.output


def test_a_roll_to_an_older_version_marks_the_one_that_it_leaves(zone: LandingZone) -> None:
    roll(zone)
    roll(zone, "1.0.0")
    assert versions(zone) == ["1.0.0"] * 3
    left = zone.survey().version("1.0.1")
    assert left is not None
    assert Tag.ROLLED_BACK in left.tags
    with pytest.raises(Refused, match=r"1\.0\.1 was rolled back on"):
        roll(zone, "1.0.1")
    roll(zone, "1.0.1", again=True)
    again = zone.survey().version("1.0.1")
    assert again is not None
    assert Tag.ROLLED_BACK not in again.tags


@pytest.mark.usefixtures("bad_version")
def test_the_first_bad_batch_ends_it_and_what_was_rolled_is_brought_back(
    zone: LandingZone,
) -> None:
    bad = f"{SET}_0 is (unhealthy|initializing), "
    drain_patiently(zone)
    with traffic(zone) as prober, pytest.raises(WatchFailed, match=bad) as caught:
        roll(zone, patience="5s")
    assert prober.watched.total.fresh.lost == 0
    told = zone.output
    assert f"Rolling back: {SET}_0 is " in told
    assert "Plan: roll web 1.0.1 -> 1.0.0" in told
    assert versions(zone) == ["1.0.0"] * 3
    assert zone.status().serving == "1.0.0"
    assert zone.status().healthy == 3
    assert not zone.survey().taken_out
    left = zone.survey().version(BAD)
    assert left is not None
    assert Tag.ROLLED_BACK in left.tags
    assert "Now: web 1.0.0 serves, 3 of 3 healthy" in "".join(caught.value.__notes__)
    assert [one.after for one in moves(zone.session(), "web")][-1] == "1.0.0"


def test_without_rollback_a_bad_roll_stays_where_it_is_and_can_go_on(
    zone: LandingZone, bad_version: Callable[[], None]
) -> None:
    with pytest.raises(WatchFailed):
        roll(zone, patience="5s", no_rollback=True)
    assert versions(zone) == ["1.0.1", "1.0.0", "1.0.0"]
    assert zone.survey().taken_out == {"0"}
    assert "web-1-0-0 is being rolled from 1.0.0: 2 of 3 instances still have it" in "".join(
        zone.status().degraded
    )
    bad_version()
    _ = zone.output
    roll(zone)
    assert "goes on with the roll of the run" in zone.output
    assert versions(zone) == ["1.0.1"] * 3
    assert not zone.survey().taken_out


@pytest.mark.parametrize(
    ("batch", "sizes"), [("100", [1, 1, 1]), ("1", [1, 1, 1])], ids=["all", "least"]
)
def test_no_batch_has_two_update_domains(zone: LandingZone, batch: str, sizes: list[int]) -> None:
    roll(zone, batch=batch, plan_only=True)
    assert zone.output.count("  roll instance ") == len(sizes)
    assert versions(zone) == ["1.0.0"] * 3


def test_a_share_that_is_none_is_a_mistake_of_usage(zone: LandingZone) -> None:
    with pytest.raises(UsageError, match='--batch "0" is not a share in per cent'):
        roll(zone, batch="0")


def test_an_instance_that_somebody_took_out_is_not_let_in_by_a_roll(zone: LandingZone) -> None:
    pool = zone.survey().production_pool

    def take_out(body: dict[str, Any]) -> None:
        (mine,) = [
            one for one in body["properties"]["backendAddressPools"] if one["name"] == pool.name
        ]
        name = next(
            one["name"]
            for one in zone.load_balancer()["properties"]["backendAddressPools"]
            if one["name"] == pool.name
            for one in one["properties"]["loadBalancerBackendAddresses"]
        )
        mine["properties"]["loadBalancerBackendAddresses"] = [
            {"name": name, "properties": {"adminState": "Down"}}
        ]

    zone.write_load_balancer(take_out)
    assert zone.survey().taken_out == {"0"}
    with pytest.raises(Refused, match="0 get no new connections"):
        roll(zone)


def test_what_cannot_be_rolled_is_refused_before_anything_is_written(
    emulator: Emulator, tmp_path: Path
) -> None:
    alone = at_once(landing_zone(tmp_path, emulator, capacity=1))
    alone.create()
    alone.add_versions("1.0.0", "1.0.1")
    with pytest.raises(Refused, match="nothing serves"):
        roll(alone)
    alone.serve("1.0.0")
    with pytest.raises(Refused, match="a single instance serves"):
        roll(alone)
    alone.add_versions("1.0.2", check="failed")
    with pytest.raises(Refused, match=r"1\.0\.2 cannot be promoted"):
        roll(alone, "1.0.2", force=True)
    assert versions(alone) == ["1.0.0"]
    roll(alone, "1.0.1", force=True)
    assert versions(alone) == ["1.0.1"]


def under_policy(zone: LandingZone, mode: str, **rolling: int) -> None:
    """Give what serves another upgrade policy, as its owner would."""
    found = serving(zone)
    body = pointed(found.body, PointModel(
        found.resource, "", found.made_from, found.made_from, ()), found.tags)  # fmt: skip
    body["properties"]["upgradePolicy"] = {"mode": mode, "rollingUpgradePolicy": rolling}
    zone.put(found.resource, body)


def latest_upgrade(zone: LandingZone) -> dict[str, Any]:
    """How far Azure's own roll is."""
    path = f"{serving(zone).resource}/rollingUpgrades/latest?api-version=2024-07-01"
    found: dict[str, Any] = zone.emulator.call("GET", path).body["properties"]
    return found


def test_under_the_policy_rolling_azure_rolls_and_is_followed(zone: LandingZone) -> None:
    under_policy(zone, "Rolling")
    roll(zone)
    assert "Azure brings its instances to it, batch by batch" in zone.output
    assert versions(zone) == ["1.0.1"] * 3
    found = latest_upgrade(zone)
    assert found["runningStatus"]["code"] == "Completed"
    assert found["progress"]["successfulInstanceCount"] == 3


def test_what_azure_does_not_roll_to_its_end_is_told_in_its_words(zone: LandingZone) -> None:
    under_policy(zone, "Rolling")
    found = serving(zone)
    zone.sicken(f"{SET}/virtualMachines/2")
    until(lambda: zone.status().healthy < 3)
    after = ImageReference(id=found.made_from.id.replace("1.0.0", "1.0.1"))
    step = PointModel(found.resource, "", found.made_from, after, ())
    with pytest.raises(AzureRefused, match="33% of instances are in an unhealthy state") as caught:
        zone.put(found.resource, pointed(serving(zone).body, step, found.tags))
    assert caught.value.code == "MaxUnhealthyInstancePercentExceededInRollingUpgrade"
    assert latest_upgrade(zone)["runningStatus"]["code"] == "Faulted"
    assert latest_upgrade(zone)["error"]["code"] == caught.value.code


def test_a_roll_that_azure_refuses_is_taken_back(zone: LandingZone) -> None:
    under_policy(zone, "Rolling")
    refusal = {"fail": {"status": 409, "code": "RollNotPossible", "message": "Not today."}}
    zone.fault({"method": "PUT", "path": f".*/{SET}"}, refusal)
    with pytest.raises(WatchFailed, match=r"Azure did not roll web-1-0-0: .*Not today"):
        roll(zone)
    assert "Rolling back: Azure did not roll" in zone.output
    assert versions(zone) == ["1.0.0"] * 3


def test_a_roll_of_azures_that_loses_requests_is_cancelled(zone: LandingZone) -> None:
    patient = {"maxUnhealthyInstancePercent": 100, "maxUnhealthyUpgradedInstancePercent": 100}
    under_policy(zone, "Rolling", **patient)

    def sicken() -> None:
        zone.sicken(f"{SET}/virtualMachines/0")
        zone.sicken(f"{SET}/virtualMachines/1", "failing")

    with pytest.raises(WatchFailed, match="lost"):
        roll(zone, journal=when("point the model", sicken), no_rollback=True, lost_budget="0")
    until(lambda: latest_upgrade(zone)["runningStatus"]["code"] == "Cancelled")
    assert latest_upgrade(zone)["runningStatus"]["lastAction"] == "Cancel"


def test_a_policy_that_takes_all_down_at_once_is_refused(zone: LandingZone) -> None:
    under_policy(zone, "Automatic")
    with pytest.raises(Refused, match="its upgrade policy is Automatic"):
        roll(zone)


def test_machines_of_a_flexible_set_are_rolled_by_name(emulator: Emulator, tmp_path: Path) -> None:
    made = landing_zone(tmp_path, emulator)
    shape = ScaleSetShape("Standard_D2s_v5", 2, orchestration=FLEXIBLE)
    made.image = replace(made.image, scale_set=shape)
    drain_patiently(made)
    made.create()
    made.add_versions("1.0.0", "1.0.1")
    made.serve("1.0.0")
    names = [one.name for one in serving(made).instances]
    with traffic(made) as prober:
        roll(made)
    assert prober.watched.total.fresh.lost == 0
    assert versions(made) == ["1.0.1"] * 2
    assert [one.name for one in serving(made).instances] == names
    assert made.status().healthy == 2


DEBIAN = {"publisher": "Debian", "offer": "debian-12", "sku": "12-gen2"}


def foreign(zone: LandingZone) -> None:
    """A scale set of another hand in production's pool; its model follows the marketplace."""
    pool = str(zone.survey().production_pool)
    address = {
        "primary": True,
        "subnet": {"id": str(subnet_id(zone.environment))},
        "loadBalancerBackendAddressPools": [{"id": pool}],
    }
    interface = {"primary": True, "ipConfigurations": [{"name": "ip", "properties": address}]}
    health = {
        "publisher": "Microsoft.ManagedServices",
        "type": "ApplicationHealthLinux",
        "typeHandlerVersion": "1.0",
        "settings": {"protocol": "http", "port": 8080, "requestPath": "/healthz"},
    }
    profile = {
        "storageProfile": {
            "imageReference": {**DEBIAN, "version": "latest"},
            "osDisk": {"createOption": "FromImage"},
        },
        "osProfile": {
            "computerNamePrefix": "app",
            "adminUsername": "azureuser",
            "adminPassword": "Long-enough-1",
        },
        "networkProfile": {
            "networkInterfaceConfigurations": [{"name": "nic", "properties": interface}]
        },
        "extensionProfile": {"extensions": [{"name": "health", "properties": health}]},
    }
    body = {
        "location": zone.environment.location,
        "sku": {"name": "Standard_D2s_v5", "capacity": 2},
        "properties": {
            "orchestrationMode": "Uniform",
            "upgradePolicy": {"mode": "Manual"},
            "virtualMachineProfile": profile,
        },
    }
    zone.put(scale_set_id(zone.environment, "app"), body)
    until(lambda: zone.survey().serving.healthy == 2)


def test_a_set_that_follows_the_marketplace_gets_its_newest_version(
    emulator: Emulator, tmp_path: Path
) -> None:
    made = landing_zone(tmp_path, emulator)
    tells_nothing = replace(made.image.health, version=NOWHERE)
    made.image = replace(made.image, health=tells_nothing)
    drain_patiently(made)
    made.create()
    foreign(made)
    newest = f"0.20270101.{made.environment.resource_group.split('-')[1]}"
    offered = {**DEBIAN, "version": newest}
    assert emulator.call("POST", "/emulator/marketplace", offered).status == 204
    with traffic(made) as prober:
        roll(made)
    assert prober.watched.total.fresh.lost == 0
    (rolled,) = made.survey().serving.scale_sets
    assert {one.made_from.exact for one in rolled.instances} == {newest}
    assert rolled.made_from.follows
    assert "app" in made.output


def test_an_instance_that_a_dead_run_took_out_is_let_in_by_the_next(zone: LandingZone) -> None:
    with pytest.raises(Crash):
        roll(zone, journal=dying_after("accepted", "roll instance 1 "))
    assert zone.survey().taken_out <= {"1"}
    roll(zone)
    assert versions(zone) == ["1.0.1"] * 3
    assert not zone.survey().taken_out
    assert not zone.status().degraded
