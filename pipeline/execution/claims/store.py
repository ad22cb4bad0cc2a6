"""Record sets of the zone of claims: read, written under a condition, deleted under a condition.

Each request goes through `run/sending.py`: throttling and lost answers pass within the patience.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

from pipeline.arm import ResourceId
from pipeline.errors import AzureRefused
from pipeline.execution.azure.records import Answer
from pipeline.execution.azure.requests import Body, Request
from pipeline.execution.azure.resources import Azure
from pipeline.execution.patience import CLAIM, Patience
from pipeline.execution.run.sending import Sending, no_look
from pipeline.execution.wait import Clock, nothing
from pipeline.planning.claims.bodies import record_set
from pipeline.planning.record_names import record_id, zone_of

NO_ZONE = frozenset({"ParentResourceNotFound", "ResourceGroupNotFound", "ResourceNotFound"})
"""Azure's codes where the zone, or its resource group, is not there."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What a record set says, and the etag that a write of it names; `metadata` None for none."""

    metadata: Mapping[str, str] | None
    etag: str
    now: datetime
    """Azure's clock when it was answered."""


class Records:
    """The record sets of the private DNS zone of the environment's resource group.

    Every method raises what Azure and the network say.
    """

    def __init__(self, azure: Azure, clock: Clock, patience: Patience = CLAIM) -> None:
        self._azure = azure
        self._clock = clock
        self._patience = patience

    def with_patience(self, patience: Patience) -> Records:
        """The same store, asked for longer or shorter."""
        return Records(self._azure, self._clock, patience)

    def read(self, name: str) -> Kept:
        """What a record set says; AzureRefused with a code of NO_ZONE without the zone."""
        return _kept(self._ask(Request("GET", self._id(name))))

    def write(self, name: str, metadata: Mapping[str, str], etag: str) -> Kept | None:
        """PUT where the etag still holds, or, with "", where nothing is; None: it did not.

        After an answer that was lost, None may come although this write is the one that is kept.
        """
        body = record_set(metadata, metadata.get("run", ""))
        request = Request("PUT", self._id(name), body, if_match=etag, if_none=not etag)
        try:
            return _kept(self._ask(request))
        except AzureRefused as refusal:
            if refusal.status == HTTPStatus.PRECONDITION_FAILED:
                return None
            raise

    def delete(self, name: str, etag: str) -> bool:
        """DELETE with `If-Match`; what is gone is deleted."""
        try:
            self._ask(Request("DELETE", self._id(name), if_match=etag))
        except AzureRefused as refusal:
            if refusal.status == HTTPStatus.PRECONDITION_FAILED:
                return False
            raise
        return True

    def ending(self, suffix: str) -> dict[str, Mapping[str, str]]:
        """What the record sets say whose names end with a dot and these labels, by name."""
        zone = zone_of(self._azure.environment, suffix)
        found = self._azure.record_sets(zone, suffix)
        return {str(body["name"]): _metadata(body) for body in found}

    def _id(self, name: str) -> ResourceId:
        return record_id(self._azure.environment, name)

    def _ask(self, request: Request) -> Answer:
        sending = Sending(self._azure, request, self._clock, no_look)
        answer: Answer = sending.begin(self._patience, nothing, _unheard).result()
        return answer


def is_without_zone(refusal: AzureRefused) -> bool:
    """Whether Azure refused because the environment was made before there were claims."""
    return refusal.status == HTTPStatus.NOT_FOUND and refusal.code in NO_ZONE


def _kept(answer: Answer) -> Kept:
    metadata = None if answer.body is None else _metadata(answer.body)
    return Kept(metadata, answer.etag, answer.now)


def _metadata(body: Body) -> Mapping[str, str]:
    found = (body.get("properties") or {}).get("metadata") or {}
    return {str(key): str(value) for key, value in found.items()}


def _unheard(text: str) -> None:
    """No-op: a claim takes a moment, or the error says why not."""
