"""Recording a version's evidence, reading it again, and what becomes of it when it is touched."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Callable
from dataclasses import replace

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from pipeline.definition.evidence import EvidencePolicy
from pipeline.errors import Refused, StateFileError
from pipeline.execution.evidence.folder import FolderStore
from pipeline.execution.evidence.reading import evidence_of, inventory_of, refuse_unproven
from pipeline.execution.evidence.signing import PASSPHRASE
from pipeline.execution.packages.recorded import recorded as packages_of
from pipeline.execution.runner import begin, carry_out
from pipeline.execution.verdict import JUNIT
from pipeline.planning.build.steps import MarkVersion, RecordEvidence
from pipeline.planning.evidence import inventory as inventories
from pipeline.planning.evidence.documents import CHECKS, DESCRIPTOR, INVENTORY, SBOM
from pipeline.planning.names import Tag
from pipeline.planning.packages.rpm_state import RpmState
from pipeline.planning.packages.state import NOTHING, AptState
from pipeline.planning.packages.states import State
from pipeline.planning.plan import Plan
from tests.conftest import Emulator
from tests.execution.evidence.keys import p256, write_private, write_public
from tests.execution.evidence.recorded import BASE, RESULTS, SIGNED, Recorded, recorded
from tests.execution.landing_zone import LandingZone, landing_zone
from tests.planning.evidence.examples import INVENTORY as INSTALLED

_numbers = itertools.count()


@pytest.fixture(scope="module")
def zone(tmp_path_factory: pytest.TempPathFactory, emulator: Emulator) -> LandingZone:
    """A landing zone for all versions of these tests."""
    made = landing_zone(tmp_path_factory.mktemp("evidence"), emulator)
    made.create()
    return made


@pytest.fixture
def web(zone: LandingZone) -> Recorded:
    """A version that nobody checked yet."""
    return recorded(zone, f"1.0.{next(_numbers)}")


def test_out_of_the_box_evidence_is_recorded_unsigned_in_a_folder(web: Recorded) -> None:
    told = web.record()

    assert f"record the evidence of web {web.name} in .pipeline/evidence" in told
    assert web.version.is_eligible
    assert len(web.version.tags[Tag.EVIDENCE]) == 64
    assert web.problems() == ()
    assert (web.zone.root / ".pipeline/evidence/sha256").is_dir()


def test_signed_and_whole_it_is_what_the_strictest_policy_requires(web: Recorded) -> None:
    strict = web.under(SIGNED)
    told = strict.record()

    assert "signed with keys/release.pem" in told
    assert strict.problems() == ()
    refuse_unproven(strict.zone.session(), "web", strict.version)
    documents = strict.documents()
    assert documents[CHECKS]["predicate"]["passedTests"] == ["test_web::test_it"]
    assert documents[DESCRIPTOR]["base"] == BASE
    validator = JsonStrictValidator(SchemaVersion.V1_6)
    assert validator.validate_str(json.dumps(documents[SBOM])) is None


@pytest.mark.parametrize(
    "state",
    [
        AptState("amd64", (), NOTHING, NOTHING, {}),
        RpmState("x86_64", ("bash-5-1.x86_64",), "N|bash||5|1|x86_64|\n", {}, {}),
    ],
    ids=["apt", "rpm"],
)
def test_what_its_package_manager_knew_is_read_back(web: Recorded, state: State) -> None:
    replace(web, state=state).record()
    found = packages_of(web.zone.session(), web.version)

    assert found is not None and found.state == state


def test_what_is_installed_is_read_back_by_the_version(web: Recorded) -> None:
    assert inventory_of(web.zone.session(), web.version) is None
    web.record()
    found = inventory_of(web.zone.session(), web.version)

    assert found is not None and found.written() == INSTALLED.written()
    web.file(INVENTORY).write_text("{}")
    with pytest.raises(Refused, match="was changed since it was kept"):
        inventory_of(web.zone.session(), web.version)
    web.file(INVENTORY).unlink()
    assert inventory_of(web.zone.session(), web.version) is None


def test_a_tag_that_is_no_digest_reads_no_file(web: Recorded) -> None:
    web.tag(**{Tag.EVIDENCE: "../../../keys/release.pem"})

    assert inventory_of(web.zone.session(), web.version) is None
    (told,) = web.problems()
    assert "is not in the store" in told


def test_an_inventory_that_is_not_one_is_told(web: Recorded) -> None:
    web.record()
    store = web.zone.root / ".pipeline/evidence"
    web.tag(**{Tag.EVIDENCE: FolderStore(store).put(b"{}")})
    with pytest.raises(Refused, match=r"the evidence .* of 1\.0\.\d+: not an envelope"):
        inventory_of(web.zone.session(), web.version)
    (told,) = web.problems()
    assert told.startswith("provenance.intoto.json: not an envelope")


def test_another_check_records_it_anew(web: Recorded) -> None:
    web.record()
    before = web.version.tags[Tag.EVIDENCE]
    web.record()

    assert web.version.tags[Tag.EVIDENCE] != before
    assert web.problems() == ()


def test_a_failed_check_leaves_what_an_earlier_one_recorded(web: Recorded) -> None:
    web.record()
    before = web.version.tags[Tag.EVIDENCE]
    with begin(web.zone.session(), "check-image", "web") as run:
        carry_out(Plan("test", (MarkVersion("web", web.name, passed=False),)), run)

    assert web.version.tags[Tag.EVIDENCE] == before
    assert web.version.check == "failed"


@pytest.mark.parametrize("name", ["provenance.intoto.json", DESCRIPTOR, CHECKS, SBOM, INVENTORY])
def test_after_one_changed_byte_it_is_refused_and_named(web: Recorded, name: str) -> None:
    strict = web.under(SIGNED)
    strict.record()
    file = strict.file(name)
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(bytes(content))

    with pytest.raises(Refused) as refusal:
        refuse_unproven(strict.zone.session(), "web", strict.version)
    assert f"{name} was changed: it has sha256 " in str(refusal.value)


def test_a_signature_of_another_key_is_refused(web: Recorded) -> None:
    strict = web.under(SIGNED)
    strict.record()
    write_public(web.zone.root / "keys/release.pub", p256())

    (told,) = strict.problems()
    assert "no valid signature by keys/release.pub" in told


def test_evidence_of_another_version_is_refused(web: Recorded) -> None:
    strict = web.under(SIGNED)
    strict.record()
    strict.tag(**{Tag.FINGERPRINT: "0" * 64})

    (told,) = strict.problems()
    assert told.startswith("descriptor.json says fingerprint ffff")


def test_without_an_inventory_it_is_recorded_and_says_what_the_policy_lacks(web: Recorded) -> None:
    bare = replace(web.under(SIGNED), inventory=False)
    told = bare.record()

    assert "without what is required: sbom, inventory" in told
    with pytest.raises(Refused, match=r"sbom is required, and sbom\.cdx\.json was not recorded"):
        refuse_unproven(bare.zone.session(), "web", bare.version)


def unreadable_key(web: Recorded) -> str:
    (web.zone.root / "keys/release.pem").chmod(0o644)
    return "others can read this private key"


def no_junit(web: Recorded) -> str:
    web.junit = "no xml"
    return "junit.xml"


def no_store(web: Recorded) -> str:
    policy = replace(web.zone.environment.evidence, store="keys/release.pub")
    web.zone = replace(web.zone, environment=replace(web.zone.environment, evidence=policy))
    return "keys/release.pub"


TROUBLES = [unreadable_key, no_junit, no_store]


@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda one: str(one.__name__))
def test_where_it_is_required_what_keeps_it_from_being_recorded_ends_the_check(
    web: Recorded, trouble: Callable[[Recorded], str]
) -> None:
    strict = web.under(SIGNED)
    reason = trouble(strict)

    with pytest.raises(StateFileError, match=reason) as failure:
        strict.record()
    assert "stays ineligible: this environment requires evidence" in failure.value.__notes__[0]
    assert str(failure.value.advice[-1].command).startswith("invoke check-image web --version")
    assert not strict.version.is_eligible


@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda one: str(one.__name__))
def test_where_it_is_not_required_the_check_goes_on_and_says_so(
    web: Recorded, trouble: Callable[[Recorded], str]
) -> None:
    loose = web.under(EvidencePolicy(sign_with="keys/release.pem"))
    reason = trouble(loose)
    told = loose.record()

    assert reason in told
    assert "not recorded, and not required" in told
    assert loose.version.is_eligible
    assert Tag.EVIDENCE not in loose.version.tags


def test_an_inventory_of_another_shape_is_told_by_its_file(web: Recorded) -> None:
    with begin(web.zone.session(), "check-image", "web") as run:
        (run.folder / JUNIT).write_text(RESULTS)
        (run.folder / inventories.FILE).write_text("{}")
        step = RecordEvidence("web", web.name, ".pipeline/evidence", is_required=True)
        with pytest.raises(StateFileError, match=r"inventory.json: not an inventory"):
            carry_out(Plan("test", (step,)), run)


def test_a_chain_of_parents_is_told_as_far_as_versions_say_it(web: Recorded) -> None:
    gallery = web.zone.environment.gallery.name
    web.tag(**{Tag.BASE: f"{gallery}/web/{web.name}"})
    web.record()
    found = evidence_of(web.zone.session(), "web", web.version)
    assert found.statement is not None
    parents = found.statement.predicate["buildDefinition"]["resolvedDependencies"]
    assert len(parents) == 11  # it is made of itself: a circle ends
    assert parents[0]["name"].endswith(f"/images/web/versions/{web.name}")
    assert parents[0]["annotations"] == {"fingerprint": "f" * 64}


def test_keys_passphrases_and_tokens_are_nowhere(
    web: Recorded, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = p256()
    phrase = "correct horse battery staple"
    private = write_private(web.zone.root / "keys/release.pem", key, phrase)
    write_public(web.zone.root / "keys/release.pub", key)
    monkeypatch.setenv(PASSPHRASE, phrase)
    strict = web.under(SIGNED)
    told = strict.record()
    lines = private.read_text().splitlines()[1:-1]
    secrets = (phrase, *lines, web.zone.emulator.secret, web.zone.emulator.token())

    written = [file for file in (web.zone.root / ".pipeline").rglob("*") if file.is_file()]
    texts = [file.read_text(errors="replace") for file in written]
    texts += [told, str(strict.version.tags)]
    assert len(written) > 5
    assert [secret for secret in secrets for text in texts if secret in text] == []
    assert strict.problems() == ()


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_store_that_may_not_be_read_is_told(web: Recorded) -> None:
    web.record()
    web.file(SBOM).chmod(0)
    with pytest.raises(StateFileError, match="Permission denied"):
        web.problems()
