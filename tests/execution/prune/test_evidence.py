"""Evidence that is pruned with its version, from a folder and from a blob container."""

from __future__ import annotations

import base64
import itertools
import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from pipeline.definition.evidence import EvidencePolicy
from pipeline.definition.faulty import Faulty
from pipeline.definition.model import Project
from pipeline.execution.commands import prune as commands
from pipeline.execution.evidence.store import Store
from pipeline.execution.evidence.stores import store_of
from pipeline.execution.run.session import Session
from pipeline.output.programs import ForPrograms
from pipeline.planning.names import Tag, image_version_id
from tests.conftest import Emulator
from tests.execution.dying import Crash, dying_after
from tests.execution.evidence.recorded import Recorded, recorded
from tests.execution.landing_zone import LandingZone, at_once, landing_zone

_numbers = itertools.count(1)
DAY = 86400.0
OLD = 2 * DAY


@dataclass
class Kept:
    """A landing zone with versions of web whose evidence is recorded, the newest two to stay."""

    zone: LandingZone

    @property
    def store(self) -> Store:
        """Where the evidence is."""
        return store_of(self.zone.session())

    @property
    def files(self) -> Path:
        """Where the store's files are on this disk."""
        policy = self.zone.environment.evidence
        if not policy.is_container:
            return self.zone.root / policy.store
        *_, account, container = policy.store.split("/")
        return Path(str(self.zone.emulator.facts["state"]), "blobs", account, container)

    def age(self, seconds: float = OLD) -> None:
        """As if all of it had been kept so long ago."""
        then = time.time() - seconds
        for file in self.files.rglob("*"):
            if file.is_file():
                os.utime(file, (then, then))

    def version(self, name: str) -> Recorded:
        """One of its versions."""
        return Recorded(self.zone, name)

    def digests(self, name: str) -> tuple[str, set[str]]:
        """A version's envelope, and the documents that it names."""
        envelope = self.version(name).version.tags[Tag.EVIDENCE]
        statement = json.loads(self.payload(envelope))
        byproducts = statement["predicate"]["runDetails"]["byproducts"]
        return envelope, {one["digest"]["sha256"] for one in byproducts}

    def payload(self, envelope: str) -> bytes:
        """What an envelope is around."""
        return base64.b64decode(json.loads(self.store.get(envelope) or b"{}")["payload"])

    def there(self, digests: set[str]) -> set[str]:
        """Which of them the store has."""
        return {one for one in digests if self.store.fetch(one) is not None}

    def prune(self, session: Session | None = None) -> str:
        """`prune web`; what it told."""
        commands.prune(session or self.zone.session(), "web")
        return self.zone.output

    def is_gone(self, name: str) -> bool:
        """Whether the gallery has no such version."""
        resource = image_version_id(self.zone.environment, "web", name)
        return self.zone.session().azure.get(resource) is None


@pytest.fixture(params=["folder", "container"])
def kept(request: pytest.FixtureRequest, tmp_path: Path, emulator: Emulator) -> Iterator[Kept]:
    """Three versions, the oldest of which is to go, all of it older than a day."""
    zone = at_once(landing_zone(tmp_path, emulator))
    zone.create()
    address = f"{emulator.base}/prune{next(_numbers)}/evidence"
    policy = EvidencePolicy(keep="with_versions")
    if request.param == "container":
        policy = replace(policy, store=address)
    zone = replace(
        zone,
        environment=replace(zone.environment, evidence=policy),
        image=replace(zone.image, retention=2),
    )
    made = Kept(zone)
    for number in range(3):
        recorded(zone, f"1.0.{number}").under(policy).record()
    made.age()
    _ = zone.output
    yield made
    emulator.call("DELETE", "/emulator/faults")


def test_what_only_a_version_refers_to_goes_with_it(kept: Kept) -> None:
    envelope, documents = kept.digests("1.0.0")
    remaining = [kept.digests(name) for name in ("1.0.1", "1.0.2")]
    shared = documents & remaining[0][1]
    assert shared  # the same packages are installed in each

    told = kept.prune()

    where = kept.zone.environment.evidence.store
    assert f"delete the evidence of web 1.0.0 from {where}" in " ".join(told.split())
    gone = len(documents) + 1 - len(shared)
    assert f"{gone} documents deleted, {len(shared)} kept for other versions" in told
    assert kept.is_gone("1.0.0")
    assert kept.there({envelope} | documents) == shared
    for one, named in remaining:
        assert kept.there({one} | named) == {one} | named
    for name in ("1.0.1", "1.0.2"):
        assert kept.version(name).problems() == ()
    assert kept.store.names("deleted") == ()
    assert "nothing to do" in kept.prune()


def test_the_plan_shows_it_and_changes_nothing(kept: Kept) -> None:
    envelope, documents = kept.digests("1.0.0")
    session = replace(kept.zone.session(plan_only=True), output=ForPrograms(kept.zone.said))

    told = kept.prune(session)

    words = "delete the evidence of web 1.0.0 from"
    plans = [json.loads(line) for line in told.splitlines()]
    assert any(words in str(plan) for plan in plans)
    assert kept.there({envelope} | documents) == {envelope} | documents
    assert not kept.is_gone("1.0.0")


def test_by_default_evidence_is_kept(kept: Kept) -> None:
    envelope, documents = kept.digests("1.0.0")
    policy = replace(kept.zone.environment.evidence, keep="always")
    environment = replace(kept.zone.environment, evidence=policy)
    always = Kept(replace(kept.zone, environment=environment))

    told = always.prune()

    assert "delete web 1.0.0 from the gallery" in told
    assert "evidence" not in told
    assert kept.there({envelope} | documents) == {envelope} | documents
    assert kept.store.names("deleted") == ()


@pytest.mark.parametrize(
    ("event", "words"),
    [
        ("started", "delete web 1.0.0 from the gallery"),
        ("succeeded", "delete web 1.0.0 from the gallery"),
        ("started", "delete the evidence of web 1.0.0"),
        ("succeeded", "delete the evidence of web 1.0.0"),
    ],
)
def test_a_run_that_dies_is_finished_by_the_next_one_on_any_machine(
    kept: Kept, event: str, words: str
) -> None:
    envelope, documents = kept.digests("1.0.0")
    shared = documents & kept.digests("1.0.1")[1]
    with pytest.raises(Crash):
        kept.prune(kept.zone.session(journal=dying_after(event, words)))
    other = Kept(replace(kept.zone, root=elsewhere(kept)))

    other.prune()

    assert kept.is_gone("1.0.0")
    assert kept.there({envelope} | documents) == shared
    assert other.store.names("deleted") == ()


def elsewhere(kept: Kept) -> Path:
    """Another checkout, with the store and without the runs; a folder is one machine's."""
    if not kept.zone.environment.evidence.is_container:
        for run in (kept.zone.root / ".pipeline").glob("runs/*/journal.jsonl"):
            run.unlink()
        return kept.zone.root
    other = kept.zone.root / "elsewhere"
    other.mkdir()
    return other


def test_half_a_removal_is_finished(kept: Kept) -> None:
    """As a run leaves it that dies between two documents."""
    envelope, documents = kept.digests("1.0.0")
    with pytest.raises(Crash):
        words = "delete the evidence"
        kept.prune(kept.zone.session(journal=dying_after("started", words)))
    shared = documents & kept.digests("1.0.1")[1]
    first = min(documents - shared)
    assert kept.store.delete(f"sha256/{first}", 0)

    told = kept.prune()

    assert "documents deleted" in told
    assert kept.there({envelope} | documents) == shared
    assert kept.store.names("deleted") == ()


def test_what_was_written_within_a_day_stays_until_a_later_prune(kept: Kept) -> None:
    envelope, documents = kept.digests("1.0.0")
    shared = documents & kept.digests("1.0.1")[1]
    mine = documents - shared
    inventory = kept.store.get(max(mine))
    kept.age(DAY / 2)

    assert "kept: written less than 1 day ago" in kept.prune()
    assert kept.is_gone("1.0.0")
    assert kept.there({envelope} | documents) == {envelope} | documents

    # another machine records the same document for a version that is not tagged yet
    kept.age()
    assert inventory is not None
    kept.store.put(inventory)
    assert "kept: written less than 1 day ago" in kept.prune()
    assert kept.there({max(mine)}) == {max(mine)}

    kept.age()
    assert "documents deleted" in kept.prune()
    assert kept.there({envelope} | documents) == shared


def test_what_a_version_of_another_environment_refers_to_stays(
    kept: Kept, emulator: Emulator, tmp_path: Path
) -> None:
    """Two galleries, one store: a version of the other was made of the same packages."""
    other = landing_zone(tmp_path / "other", emulator)
    other.create()
    theirs = replace(other.environment, evidence=kept.zone.environment.evidence, name="other")
    there = replace(other, root=kept.zone.root, environment=theirs)
    recorded(there, "1.0.0").under(theirs.evidence).record()
    kept.age()
    envelope, documents = Kept(there).digests("1.0.0")
    kept_here = kept.digests("1.0.0")[1]
    assert documents & kept_here
    for name in ("1.0.1", "1.0.2"):  # nobody but the other environment refers to it
        kept.version(name).tag(**{Tag.EVIDENCE: ""})

    commands.prune(of_both(kept, there), "web")

    assert kept.is_gone("1.0.0")
    assert kept.there({envelope} | documents) == {envelope} | documents
    assert kept.there(kept_here) == documents & kept_here


def of_both(kept: Kept, there: LandingZone) -> Session:
    """A session of a project with both environments."""
    session = kept.zone.session()
    environments = (kept.zone.environment, there.environment)
    return replace(session, project=replace(session.project, environments=environments))


def unreachable(kept: Kept, session: Session) -> Session:
    cloud = replace(kept.zone.environment.cloud, resource_manager="https://127.0.0.1:9")
    other = replace(kept.zone.environment, name="other", cloud=cloud)
    environments = (kept.zone.environment, other)
    return replace(session, project=replace(session.project, environments=environments))


def faulty(kept: Kept, session: Session) -> Session:
    project: Project = replace(session.project, faulty=(Faulty("environment", "other", ()),))
    return replace(session, project=project)


def changed(kept: Kept, session: Session) -> Session:
    """The envelope of a version that stays is no longer what it was."""
    odd = kept.store.put(b"{}")
    kept.version("1.0.1").tag(**{Tag.EVIDENCE: odd})
    kept.age()
    return session


def tampered(kept: Kept, session: Session) -> Session:
    """The envelope of the version that goes is none: it could name anything."""
    odd = kept.store.put(b'{"payload": ""}')
    kept.version("1.0.0").tag(**{Tag.EVIDENCE: odd})
    kept.age()
    return session


Doubt = Callable[[Kept, Session], Session]


@pytest.mark.parametrize(
    ("doubt", "why"),
    [
        (changed, "not an envelope"),
        (tampered, "not an envelope"),
    ],
)
def test_where_it_is_not_known_what_is_referred_to_all_of_it_stays(
    kept: Kept, doubt: Doubt, why: str
) -> None:
    envelope, documents = kept.digests("1.0.0")

    told = kept.prune(doubt(kept, kept.zone.session()))

    assert "kept: " in told
    assert why in told
    assert kept.is_gone("1.0.0")
    assert kept.there({envelope} | documents) == {envelope} | documents
    assert len(kept.store.names("deleted")) == 1


@pytest.mark.parametrize(
    ("doubt", "why"),
    [
        (unreachable, "Azure did not answer"),
        (faulty, "what other refers to is not known: its definition has mistakes"),
    ],
)
def test_where_an_environment_cannot_be_asked_what_was_begun_stays(
    kept: Kept, doubt: Doubt, why: str
) -> None:
    envelope, documents = kept.digests("1.0.0")
    with pytest.raises(Crash):
        words = "delete the evidence"
        kept.prune(kept.zone.session(journal=dying_after("started", words)))

    told = kept.prune(doubt(kept, kept.zone.session()))

    assert "kept: " in told
    assert why in " ".join(told.split())
    assert kept.there({envelope} | documents) == {envelope} | documents
    assert "documents deleted" in kept.prune()


def test_a_note_of_a_version_that_is_there_deletes_nothing(kept: Kept) -> None:
    envelope, documents = kept.digests("1.0.0")
    with pytest.raises(Crash):
        words = "delete web 1.0.0 from the gallery"
        kept.prune(kept.zone.session(journal=dying_after("started", words)))
    kept.store.write("deleted/odd", b"no note")
    pinned = kept.version("1.0.0")
    pinned.tag(**{Tag.PINNED: "yes"})

    kept.prune()

    assert not kept.is_gone("1.0.0")
    assert kept.there({envelope} | documents) == {envelope} | documents


def test_a_version_without_its_envelope_is_no_failure(kept: Kept) -> None:
    envelope, documents = kept.digests("1.0.0")
    kept.store.delete(f"sha256/{envelope}", 0)

    assert "nothing of it is in the store" in kept.prune()

    assert kept.is_gone("1.0.0")
    assert kept.there(documents) == documents  # nobody knows them any more
    assert kept.store.names("deleted") == ()
