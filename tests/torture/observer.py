"""Watching production while others change it: what Azure says, what answers, and what is wrong."""

from __future__ import annotations

import bisect
import http.client
import json
import re
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

from pipeline.definition.balancing import PRODUCTION, STAGING
from pipeline.errors import PipelineError
from pipeline.execution.watch.answers import version_at
from tests.conftest import Emulator
from tests.torture.project import IMAGES, TwoImages

PAUSE = 0.03
"""Seconds between two looks, and between two requests of a prober."""

_OWNER = re.compile(r"/virtualMachineScaleSets/([^/]+)/", re.IGNORECASE)
_SERVED = ("served-since", "served-until")


@dataclass(frozen=True, slots=True)
class Look:
    """What Azure said at one time: scale sets first, then the load balancer."""

    at: float
    sets: Mapping[str, Mapping[str, Any]]
    """Bodies by name."""
    balancer: Mapping[str, Any]
    image_rules: Mapping[str, Mapping[str, tuple[str, ...]]]
    """By image and frontend, the names of its rules."""

    @property
    def is_settled(self) -> bool:
        """Whether no write of the load balancer is under way."""
        return bool(self.balancer["properties"]["provisioningState"] == "Succeeded")

    @property
    def members(self) -> dict[str, list[str]]:
        """The scale sets that have members in a pool, by its name."""
        pools = self.balancer["properties"]["backendAddressPools"]
        return {
            pool["name"]: [
                found[1]
                for member in pool["properties"].get("backendIPConfigurations") or ()
                if (found := _OWNER.search(member["id"]))
            ]
            for pool in pools
        }

    def pools(self, image: str, frontend: str) -> set[str]:
        """Where an image's rules of a frontend lead."""
        names = self.image_rules[image][frontend]
        return {
            rule["properties"]["backendAddressPool"]["id"].rpartition("/")[2]
            for rule in self.balancer["properties"]["loadBalancingRules"]
            if rule["name"] in names
        }

    def tag(self, image: str, what: str) -> str:
        """What the last swap wrote on the load balancer."""
        return str((self.balancer.get("tags") or {}).get(f"{image}-{what}", ""))

    def wrongs(self, image: str) -> Iterator[str]:
        """What must never be true, and is; nothing before anything serves."""
        for pool, owners in self.members.items():
            if re.fullmatch(rf"{image}-\d+-\d+-\d+", pool) and set(owners) - {pool}:
                yield f"{pool} has members of {sorted(set(owners))}"
        if not self.tag(image, "serves"):
            return
        production = self.pools(image, PRODUCTION)
        if production & self.pools(image, STAGING):
            yield f"{image}: production and staging lead to {sorted(production)}"
        for pool in production:
            if not self.members.get(pool):
                yield f"{image}: production leads to {pool}, which is empty"
            found = self.sets.get(pool)
            if found and found["properties"]["provisioningState"] == "Deleting":
                yield f"{image}: {pool} serves and is being deleted"
        previous = self.tag(image, "previous")
        if previous and self.tag(image, "serves") in production and not self.members.get(previous):
            yield f"{image}: {previous} is the way back and is empty"


@dataclass(frozen=True, slots=True)
class Answer:
    """One response of a production frontend, or why there was none."""

    image: str
    sent: float
    got: float
    version: str
    lost: str = ""


class Reader:
    """GETs over one connection of its own."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        self._connection = http.client.HTTPSConnection(
            str(urlsplit(emulator.base).netloc),
            context=ssl.create_default_context(cafile=emulator.ca_file),
            timeout=60,
        )

    def get(self, path: str) -> dict[str, Any]:
        """The body of a resource."""
        headers = {"Authorization": f"Bearer {self._emulator.token()}"}
        self._connection.request("GET", f"{path}?api-version=2024-11-01", headers=headers)
        answer: dict[str, Any] = json.loads(self._connection.getresponse().read())
        return answer

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


@dataclass
class Observer:
    """Looks and asks in threads of its own, as long as the `with` block lasts."""

    zone: TwoImages
    looks: list[Look] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    """What ended a thread of ours early."""

    def __post_init__(self) -> None:
        environment = self.zone.environment
        self._rules = {
            found.image: {
                frontend: tuple(pair.rule(frontend) for pair in found.pairs)
                for frontend in (PRODUCTION, STAGING)
            }
            for found in environment.load_balancers
        }
        self._group = (
            f"/subscriptions/{environment.subscription}"
            f"/resourceGroups/{environment.resource_group}/providers"
        )
        urls = {image: self.zone.zone(image).survey().health_url(PRODUCTION) for image in IMAGES}
        self._reader = Reader(self.zone.emulator)
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._guarded, args=(self._look,), name="observer"),
            *(
                threading.Thread(target=self._guarded, args=(self._asker(image, url),), name=image)
                for image, url in urls.items()
            ),
        ]

    def __enter__(self) -> Observer:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join()
        self._reader.close()

    def wrongs(self) -> list[str]:
        """All that was wrong, told once each."""
        found = dict.fromkeys(self.faults)
        for look in self.looks:
            found |= dict.fromkeys(wrong for image in IMAGES for wrong in look.wrongs(image))
        return [*found, *dict.fromkeys(self._wrong_answers()), *self._no_way_back()]

    def forget(self) -> None:
        """Keep the last look and no answers: what was judged need not be judged again."""
        self.looks[:] = self.looks[-1:]
        self.answers.clear()

    def _wrong_answers(self) -> Iterator[str]:
        times = [look.at for look in self.looks]
        for answer in self.answers:
            legal = self._legal(answer, times)
            if "" in legal:
                continue
            if answer.lost:
                yield f"{answer.image}: a request to production was lost: {answer.lost}"
            elif f"{answer.image}-{answer.version.replace('.', '-')}" not in legal:
                yield f"{answer.image}: {answer.version} answered while {sorted(legal)} served"

    def _legal(self, answer: Answer, times: list[float]) -> set[str]:
        """The pools that served, as told from the last settled look before until one after."""
        first = max(0, bisect.bisect_right(times, answer.sent) - 1)
        while first > 0 and not self.looks[first].is_settled:
            first -= 1
        last = bisect.bisect_left(times, answer.got) + 1
        return {look.tag(answer.image, "serves") for look in self.looks[max(0, first - 1) : last]}

    def _no_way_back(self) -> Iterator[str]:
        """Something was promoted twice, and neither a set that served nor its image is left."""
        for image in IMAGES:
            served = {look.tag(image, "serves") for look in self.looks} - {""}
            if len(served) < 2:
                continue
            last = self.looks[-1]
            others = served - {last.tag(image, "serves")}
            sets = {
                name
                for name, body in last.sets.items()
                if name in others and any(tag in body.get("tags", {}) for tag in _SERVED)
            }
            versions = {
                f"{image}-{one.name.replace('.', '-')}"
                for one in self.zone.zone(image).survey().versions
            }
            if not sets and not others & versions:
                yield f"{image}: nothing is left of {sorted(others)}"

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            while not self._stopping.is_set():
                work()
                self._stopping.wait(PAUSE)
        except (OSError, KeyError, ValueError, PipelineError, http.client.HTTPException) as error:
            self.faults.append(f"the observer failed: {error!r}")

    def _look(self) -> None:
        reader = self._reader
        listed = reader.get(f"{self._group}/Microsoft.Compute/virtualMachineScaleSets")
        sets = {str(body["name"]): body for body in listed["value"]}
        balancer = reader.get(f"{self._group}/Microsoft.Network/loadBalancers/front")
        self.looks.append(Look(time.monotonic(), sets, balancer, self._rules))

    def _asker(self, image: str, url: str) -> Callable[[], None]:
        def ask() -> None:
            sent, version, lost = time.monotonic(), "", ""
            try:
                version = version_at(url)
            except (OSError, ValueError) as error:
                lost = f"{type(error).__name__}: {error}"
            self.answers.append(Answer(image, sent, time.monotonic(), version, lost))

        return ask
