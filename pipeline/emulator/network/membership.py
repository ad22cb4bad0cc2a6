"""A load balancer's etag moves when members join or leave its pools.

Reported by cloud-provider-azure (`azure_loadbalancer.go`): a scale set that grows or shrinks writes
the pools, so that a PUT guarded by an older etag is refused.
"""

from __future__ import annotations

import uuid

from pipeline.emulator.arm.data_path import presences
from pipeline.emulator.arm.ids import key
from pipeline.emulator.arm.store import Record, Store
from pipeline.emulator.network.load_balancer_document import stamp
from pipeline.emulator.network.references import LOAD_BALANCER


class Membership:
    """Who was in which pool when it was looked at last."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._seen: dict[str, frozenset[tuple[str, str]]] = {}

    def take(self) -> None:
        """Take the members of now for known: they joined before the emulator ended."""
        self._seen = {record.id.key: members for record, members in self._now()}

    def stamp(self) -> None:
        """Give each load balancer a new etag whose members are others than before."""
        for record, members in self._now():
            if self._seen.get(record.id.key, frozenset()) != members:
                self._seen[record.id.key] = members
                stamp(record.document, f'W/"{uuid.uuid4()}"')
                self._store.put(record)

    def _now(self) -> list[tuple[Record, frozenset[tuple[str, str]]]]:
        joined = [
            (pool, presence.endpoint.ip_configuration)
            for presence in presences(self._store)
            if not presence.is_being_deleted
            for pool in presence.endpoint.pool_keys
        ]
        found = []
        for record in self._store.of_type(LOAD_BALANCER):
            pools = {key(pool["id"]) for pool in record.properties["backendAddressPools"]}
            found.append((record, frozenset(one for one in joined if one[0] in pools)))
        return found
