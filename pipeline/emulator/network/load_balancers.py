"""Load balancers: one document, written as a whole, carried by the data path."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from pipeline.emulator.arm.addresses import Addresses
from pipeline.emulator.arm.data_path import DataPath, presences
from pipeline.emulator.arm.errors import ArmError, invalid_parameter
from pipeline.emulator.arm.ids import ResourceId, key
from pipeline.emulator.arm.kinds import Registry
from pipeline.emulator.arm.store import Record
from pipeline.emulator.arm.timings import Timing, Timings
from pipeline.emulator.network import load_balancer_document as document
from pipeline.emulator.network import (
    load_balancer_rules,
    load_balancer_uses,
    nat_rules,
    references,
)
from pipeline.emulator.network.common import NetworkKind, reference, require, sku_of
from pipeline.emulator.network.interfaces import InterfaceInternals
from pipeline.emulator.network.load_balancer_document import LoadBalancerInternals
from pipeline.emulator.network.public_addresses import require_free
from pipeline.emulator.network.shared_pools import refuse_shared_members


class LoadBalancers(NetworkKind):
    """`loadBalancers`: a PUT replaces all of it; only traffic that has members takes time."""

    type = document.TYPE
    internals = LoadBalancerInternals
    timings = Timings(created=Timing(3, 6.75, 15, (3, 10, 20)), deleted=Timing(1, 6, 12))
    """With members, as users saw changes in 2023 and 2024; a deletion in 2020."""

    def __init__(self, registry: Registry, addresses: Addresses, data_path: DataPath) -> None:
        super().__init__(registry)
        self._addresses = addresses
        self._data_path = data_path

    def accept(
        self, identifier: ResourceId, body: dict[str, Any], existing: Record | None
    ) -> Record:
        """The new document, when Azure would take it."""
        record = self.envelope(identifier, body, existing)
        record.document["sku"] = sku_of(body, "Standard")
        given = nat_rules.without_those_of_pools(self.properties(body, existing))
        record.document["properties"] = document.kept_properties(record.id, given)
        load_balancer_rules.check(record)
        self._check_frontends(record)
        store = self.registry.store
        if existing is not None:
            load_balancer_uses.refuse_removed_pools(store, record, existing)
            load_balancer_uses.refuse_unused_probe(store, record, existing)
            load_balancer_uses.refuse_while_members_are_deleted(store, existing)
        refuse_shared_members(store, record)
        record.internal = LoadBalancerInternals(
            addresses=self._private_addresses(record, existing),
            ports=existing.internals(LoadBalancerInternals).ports if existing else {},
        )
        return record

    def is_quick(self, record: Record) -> bool:
        """Without members it is done at once, as recorded for Azure: there is no traffic."""
        pools = {key(pool["id"]) for pool in record.properties["backendAddressPools"]}
        if any(record.properties[array] for array in (nat_rules.RULES, nat_rules.POOLS)):
            return False
        return not any(
            presence.endpoint.pool_keys & pools for presence in presences(self.registry.store)
        )

    async def realize(self, identifier: ResourceId) -> None:
        """Let traffic follow the rules."""
        await self._data_path.refresh()

    def refuse_delete(self, identifier: ResourceId) -> None:
        """Refused while a scale set needs it."""
        load_balancer_uses.refuse_delete_in_use(self.registry.store, self.require(identifier))

    async def destroy(self, identifier: ResourceId) -> None:
        """Stop carrying, take interfaces out of the pools, give addresses back."""
        await self._data_path.refresh()
        record = self.registry.store.get(identifier)
        if record is not None:
            pools = {key(pool["id"]) for pool in record.properties["backendAddressPools"]}
            leave_pools(self.registry, pools)
            for frontend in record.internals(LoadBalancerInternals).addresses:
                self._addresses.release(frontend)

    def stamp(self, given: dict[str, Any], etag: str) -> None:
        """Every child carries the load balancer's etag."""
        document.stamp(given, etag)

    def present(self, record: Record, query: Mapping[str, str]) -> dict[str, Any]:
        """With states, back-references, members and private addresses."""
        document.shown(record, list(presences(self.registry.store)))
        nat_rules.shown(record, self.registry.store)
        return record.document

    @property
    def views(self) -> Mapping[str, Callable[[Record], dict[str, Any]]]:
        """`GET …/networkInterfaces`: the stand-alone interfaces in its pools."""
        return {"networkinterfaces": self._interfaces}

    def _interfaces(self, record: Record) -> dict[str, Any]:
        pools = {key(pool["id"]) for pool in record.properties["backendAddressPools"]}
        kind = self.registry.kind(references.INTERFACE)
        members = [
            kind.present(interface, {})
            for interface in self.registry.store.of_type(references.INTERFACE)
            if interface.internals(InterfaceInternals).endpoint.pool_keys & pools
        ]
        return {"value": members}

    def _check_frontends(self, record: Record) -> None:
        for frontend in record.properties["frontendIPConfigurations"]:
            properties, identifier = frontend["properties"], frontend["id"]
            public = reference(properties, "publicIPAddress")
            subnet = reference(properties, "subnet")
            if public and not subnet:
                address = require_free(self.registry, public, identifier)
                _check_sku(record, address)
            elif subnet and not public:
                require(self.registry, identifier, subnet)
            else:
                raise invalid_parameter(
                    "frontendIPConfigurations",
                    f"Frontend {identifier} must reference either a subnet or a public IP address.",
                )

    def _private_addresses(self, record: Record, existing: Record | None) -> dict[str, str]:
        """An address for each frontend in a subnet; those of frontends that are gone are free."""
        private = {
            key(frontend["id"])
            for frontend in record.properties["frontendIPConfigurations"]
            if not reference(frontend["properties"], "publicIPAddress")
        }
        kept = existing.internals(LoadBalancerInternals).addresses.keys() if existing else set()
        for frontend in kept - private:
            self._addresses.release(frontend)
        return {frontend: self._addresses.take(frontend) for frontend in sorted(private)}


def leave_pools(registry: Registry, pools: set[str]) -> None:
    """Take interfaces out of pools that are gone: membership is written on the interface."""
    for record in registry.store.of_type(references.INTERFACE):
        for configuration in record.properties["ipConfigurations"]:
            given = configuration["properties"].get("loadBalancerBackendAddressPools")
            if given:
                configuration["properties"]["loadBalancerBackendAddressPools"] = [
                    pool for pool in given if key(pool["id"]) not in pools
                ]
        kept = record.internals(InterfaceInternals)
        remaining = tuple(pool for pool in kept.endpoint.pools if key(pool) not in pools)
        record.internal = replace(kept, endpoint=replace(kept.endpoint, pools=remaining))
        registry.store.put(record)


def _check_sku(balancer: Record, public_address: Record) -> None:
    """The code is documented; the sentence is not known."""
    one, other = balancer.document["sku"]["name"], public_address.document["sku"]["name"]
    if one.lower() != other.lower():
        raise ArmError(
            400,
            "DifferentSkuLoadBalancersAndPublicIPAddressNotAllowed",
            f"{one} sku load balancer {balancer.id} cannot reference {other} sku public IP address "
            f"{public_address.id}.",
        )
