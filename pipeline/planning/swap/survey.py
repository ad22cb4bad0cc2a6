"""What Azure has now, as far as a swap is concerned: frozen values, and the roles they play.

Roles are read from rules, pools, members and tags each time, never from a local file, and no role
hangs on one tag alone (design.md 3.6).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from pipeline.arm import ResourceId
from pipeline.planning.names import (
    SwapTag,
    SwapTagName,
    Tag,
    image_version_id,
    is_ours,
    load_balancer_tag,
    removing_tag,
    scale_set_name,
)
from pipeline.planning.swap.autoscale import Setting
from pipeline.planning.swap.backend import Backend, ScaleSet
from pipeline.planning.swap.routing import Routing
from pipeline.planning.versions import ImageVersion

Role = Literal["serving", "staged", "previous", "rolled back"]


@dataclass(frozen=True, slots=True)
class Survey(Routing):
    """An image in an environment, and what Azure has of it."""

    scale_sets: tuple[ScaleSet, ...]
    versions: tuple[ImageVersion, ...]
    autoscale: tuple[Setting, ...] = ()
    """The autoscale settings of the subscription, where they were asked for."""

    @property
    def serving(self) -> Backend:
        """What is in production's pool."""
        return self.backend(self.production_pool)

    @property
    def at_staging(self) -> Backend | None:
        """What the staging rules lead to, if anything is there; never what serves."""
        found = self.backend(self.staging_pool)
        return None if found.is_empty or found.pool == self.production_pool else found

    @property
    def serving_version(self) -> str:
        """The version that serves; "" when nothing does, or it is not of this image."""
        return self.serving.version

    @property
    def others(self) -> tuple[Backend, ...]:
        """What runs, or could, and does not serve: in pools of its own, newest way back first."""
        found = [self.backend(pool) for pool in self._pools_of_the_image()]
        return tuple(
            sorted(
                (one for one in found if not one.is_empty and one.pool != self.production_pool),
                key=lambda one: (self.role(one) == "previous", self._left_at(one)),
                reverse=True,
            )
        )

    @property
    def ways_back(self) -> tuple[Backend, ...]:
        """What served before and was not rolled back: the one that a rollback takes first."""
        return tuple(one for one in self.others if self.role(one) == "previous")

    def backend(self, pool: ResourceId) -> Backend:
        """A pool and what is in it: whose members Azure lists, or whose model says so."""
        members = self.load_balancer.members.get(pool, ())
        owners = {member.owner for member in members}
        return Backend(
            pool,
            tuple(s for s in self.scale_sets if s.resource in owners or pool in s.pools),
            members,
            self._version_in(pool, owners),
        )

    def of_version(self, version: str) -> Backend | None:
        """The version's backend, in the pool of its own or wherever it is."""
        own = self.own_pool(version)
        found = [one for one in (*self.others, self.serving) if one.version == version]
        return next((one for one in found if one.pool == own), found[0] if found else None)

    def own_pool(self, version: str) -> ResourceId:
        """The pool for life of a version's scale set."""
        return self.load_balancer.pool(scale_set_name(self.image.name, version))

    def role(self, backend: Backend) -> Role:
        """Why it is there: the last swap's tags say so, or the tags of its scale set."""
        name = backend.pool.name
        if backend.pool == self.production_pool:
            return "serving"
        if self.tags_are_current and name == self._tag(SwapTag.ROLLED_BACK):
            return "rolled back"
        if name in {self._tag(SwapTag.PREVIOUS), self._tag(SwapTag.SERVES)}:
            return "previous"
        ours = next((s for s in backend.scale_sets if is_ours(s.tags, self.image.name)), None)
        if ours and Tag.ROLLED_BACK in ours.tags:
            return "rolled back"
        has_served = ours is None or bool(ours.tags.keys() & {Tag.SERVED_SINCE, Tag.SERVED_UNTIL})
        return "previous" if has_served else "staged"

    def version(self, name: str) -> ImageVersion | None:
        """A version of the image in the gallery."""
        return next((version for version in self.versions if version.name == name), None)

    def label(self, backend: Backend) -> str:
        """What to call it: its version, or what another hand made, by name; "" when empty."""
        return backend.version or ", ".join(backend.owners)

    @property
    def tags_are_current(self) -> bool:
        """Whether the last swap was ours: its tags name the pool that serves."""
        return bool(self._tag(SwapTag.SERVES)) and (
            self._tag(SwapTag.SERVES) == self.production_pool.name
        )

    def tag(self, what: SwapTagName) -> str:
        """What the last swap wrote on the load balancer (`serves`, `since`, …); "" if outdated."""
        return self._tag(what) if self.tags_are_current else ""

    @property
    def since(self) -> str:
        """When what serves came to serve; "" where nobody knows."""
        ours = self.serving.scale_set
        return self.tag(SwapTag.SINCE) or (ours.tags.get(Tag.SERVED_SINCE, "") if ours else "")

    def removed_by(self, pool: ResourceId) -> str:
        """The run that removes a pool and what is in it; "" where nobody does."""
        return self.load_balancer.tags.get(removing_tag(pool.name), "")

    @property
    def live_capacity(self) -> int:
        """How many instances serve production, or are about to: what another must match."""
        return self.serving.size

    def _pools_of_the_image(self) -> Iterator[ResourceId]:
        """The pools where a way back or something staged may be."""
        tagged = {self._tag(what) for what in (SwapTag.PREVIOUS, SwapTag.ROLLED_BACK)}
        mine = {found.resource: found for found in self.scale_sets if self._version_of(found)}
        declared = {pool for found in mine.values() for pool in found.pools}
        yield self.staging_pool
        for pool, members in self.load_balancer.members.items():
            owned = any(member.owner in mine for member in members)
            if pool != self.staging_pool and (owned or pool in declared or pool.name in tagged):
                yield pool

    def _version_in(self, pool: ResourceId, owners: set[ResourceId]) -> str:
        """The one version in a pool; "" when there is none, or something else beside it."""
        sets = [s for s in self.scale_sets if s.resource in owners or pool in s.pools]
        versions = {self._version_of(found) for found in sets}
        strangers = owners - {found.resource for found in sets}
        return versions.pop() if len(versions) == 1 and not strangers else ""

    def _version_of(self, found: ScaleSet) -> str:
        """By its tags or, without them, by the image version that its model names."""
        if is_ours(found.tags, self.image.name):
            return found.tags.get(Tag.VERSION, "")
        reference = found.image_version
        if reference is None:
            return ""
        own = image_version_id(self.environment, self.image.name, reference.name)
        return reference.name if reference == own else ""

    def _left_at(self, backend: Backend) -> tuple[bool, str]:
        """When production left it: the load balancer's tags tell of the last, others' own."""
        last = backend.pool.name == self.tag(SwapTag.PREVIOUS)
        when = [
            found.tags.get(Tag.SERVED_UNTIL, "") or found.tags.get(Tag.SERVED_SINCE, "")
            for found in backend.scale_sets
        ]
        return last, max(when, default="")

    def _tag(self, what: SwapTagName) -> str:
        return self.load_balancer.tags.get(load_balancer_tag(self.image.name, what), "")
