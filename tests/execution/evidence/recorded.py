"""Versions whose evidence is recorded as a check does it, without a machine."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pipeline.definition.evidence import REQUIREMENTS, EvidencePolicy
from pipeline.execution.azure.versions import image_versions
from pipeline.execution.evidence.reading import evidence_of
from pipeline.execution.runner import begin, carry_out
from pipeline.execution.verdict import JUNIT
from pipeline.planning.build.steps import MarkVersion, RecordEvidence
from pipeline.planning.evidence import inventory as inventories
from pipeline.planning.evidence.policy import problems
from pipeline.planning.names import Tag, image_version_id
from pipeline.planning.packages.states import State
from pipeline.planning.plan import Plan
from pipeline.planning.versions import ImageVersion
from pipeline.planning.writable import writable
from tests.execution.evidence.keys import p256, write_private, write_public
from tests.execution.landing_zone import LandingZone
from tests.planning.evidence.examples import INVENTORY as INSTALLED

RESULTS = (
    '<testsuites><testsuite><testcase classname="images.web.checks.test_web" name="test_it"/>'
    '<testcase classname="test_web" name="test_not"><skipped/></testcase></testsuite></testsuites>'
)
SIGNED = EvidencePolicy(
    sign_with="keys/release.pem", required=REQUIREMENTS, signed_by=("keys/release.pub",)
)
BASE = "Debian:debian-12:12-gen2:0.20260101.1"


@dataclass
class Recorded:
    """A version of web in a landing zone, and how its evidence is recorded."""

    zone: LandingZone
    name: str
    junit: str = RESULTS
    inventory: bool = True
    state: State | None = None
    """What the machine's package manager knew."""

    def under(self, policy: EvidencePolicy) -> Recorded:
        """The same under a policy."""
        return replace(
            self,
            zone=replace(self.zone, environment=replace(self.zone.environment, evidence=policy)),
        )

    def record(self, *, mark: bool = True) -> str:
        """As a check does it, once the machine has passed; what was told."""
        policy = self.zone.environment.evidence
        step = RecordEvidence(
            "web", self.name, policy.store, policy.sign_with, is_required=policy.is_required
        )
        marking = (MarkVersion("web", self.name, passed=True),) if mark else ()
        with begin(self.zone.session(), "check-image", "web") as run:
            (run.folder / JUNIT).write_text(self.junit)
            if self.inventory:
                (run.folder / inventories.FILE).write_text(json.dumps(INSTALLED.written()))
            if self.state:
                (run.folder / self.state.file).write_text(json.dumps(self.state.written()))
            carry_out(Plan("test", (step, *marking)), run)
        return self.zone.output

    @property
    def version(self) -> ImageVersion:
        """The version as it is now."""
        listed = image_versions(self.zone.session().azure, "web")
        return next(one for one in listed if one.name == self.name)

    def problems(self) -> tuple[str, ...]:
        """What is wrong with its evidence."""
        session = self.zone.session()
        found = evidence_of(session, "web", self.version)
        return problems(found, session.environment.evidence)

    def documents(self) -> dict[str, Any]:
        """Its documents by name, and where each is."""
        found = evidence_of(self.zone.session(), "web", self.version)
        listed = [one for one in found.documents if one.named.name.endswith(".json")]
        return {one.named.name: json.loads(one.content) for one in listed}

    def file(self, name: str) -> Path:
        """The file of a document in the store."""
        found = evidence_of(self.zone.session(), "web", self.version)
        seen = found.seen(name) or found.envelope
        assert seen is not None
        folder = self.zone.root / self.zone.environment.evidence.store
        return folder / "sha256" / seen.named.digest

    def tag(self, **tags: str) -> None:
        """Write tags on the version, whoever does so."""
        resource = image_version_id(self.zone.environment, "web", self.name)
        body = writable(self.zone.session().azure.get(resource) or {})
        self.zone.put(resource, {**body, "tags": {**body["tags"], **tags}})


def recorded(zone: LandingZone, name: str) -> Recorded:
    """A version that nobody checked yet, and keys to sign with."""
    made = Recorded(zone, name)
    zone.add_versions(name, check="", excluded=True)
    made.tag(**{Tag.FINGERPRINT: "f" * 64, Tag.BASE: BASE, Tag.BAKE: "succeeded"})
    key = p256()
    write_private(zone.root / "keys/release.pem", key)
    write_public(zone.root / "keys/release.pub", key)
    _ = zone.output
    return made
