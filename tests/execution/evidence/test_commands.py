"""`evidence.show`, `verify` and `export`, judged by Packer itself, and what production asks for."""

from __future__ import annotations

import itertools
import json
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from securesystemslib.dsse import Envelope as Judge
from securesystemslib.signer._key import SSlibKey

from pipeline.errors import Refused, StateFileError, UsageError
from pipeline.execution.commands import evidence, preflight
from pipeline.execution.commands import roll as roll_commands
from pipeline.execution.evidence.exporting import export
from pipeline.execution.evidence.reading import evidence_of
from pipeline.execution.packer.tools import find_tools
from pipeline.output.programs import ForPrograms
from pipeline.planning.evidence.envelope import reading
from pipeline.planning.names import Tag
from pipeline.planning.roll.steps import RollWish
from pipeline.planning.writable import writable
from tests.conftest import Emulator
from tests.execution.evidence.keys import AnyKey, ed, p256, write_private, write_public
from tests.execution.evidence.recorded import SIGNED, Recorded, recorded
from tests.execution.image_project import packer_or_skip
from tests.execution.landing_zone import LandingZone, at_once, landing_zone

_numbers = itertools.count()


@pytest.fixture(scope="module")
def zone(tmp_path_factory: pytest.TempPathFactory, emulator: Emulator) -> LandingZone:
    """A landing zone for all versions of these tests."""
    made = at_once(landing_zone(tmp_path_factory.mktemp("evidence"), emulator))
    made.create()
    patient = replace(made.image.promotion, lost_budget=1_000_000)  # lost ones matter elsewhere
    return replace(made, image=replace(made.image, promotion=patient))


@pytest.fixture
def web(zone: LandingZone) -> Recorded:
    """A version with whole and signed evidence, in an environment that requires it."""
    made = recorded(zone, f"1.0.{next(_numbers)}").under(SIGNED)
    made.record()
    return made


def packer(*words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Packer, in a folder."""
    packer_or_skip()
    tools = find_tools()
    command = [str(tools.packer), *words]
    environment = {**tools.environment(), "HOME": str(folder), "PATH": "/usr/bin:/bin"}
    return subprocess.run(
        command, cwd=folder, env=environment, check=False, capture_output=True, text=True
    )


def test_what_there_is_is_shown_with_who_signed(web: Recorded) -> None:
    evidence.show(web.zone.session(), "web", web.name)
    told = web.zone.output

    assert "sbom.cdx.json" in told
    assert "signed by keys/release.pub" in told
    assert "FAILED" not in told
    evidence.show(web.zone.session(), "web")
    assert f"web {web.name}: /subscriptions/" in web.zone.output


def test_programs_get_a_document(web: Recorded) -> None:
    session = web.zone.session()
    evidence.show(replace(session, output=ForPrograms(web.zone.said)), "web", web.name)
    told = json.loads(web.zone.output.splitlines()[-1])

    assert (told["verdict"], told["problems"], told["digest"]) == (
        "passed",
        [],
        web.version.tags["evidence"],
    )


def test_evidence_that_does_not_hold_is_shown_and_not_verified(web: Recorded) -> None:
    evidence.verify(web.zone.session(), "web", web.name)
    web.file("sbom.cdx.json").unlink()
    evidence.show(web.zone.session(), "web", web.name)
    assert "FAILED sbom.cdx.json is not in the store" in web.zone.output

    with pytest.raises(Refused, match=r"does not hold: sbom\.cdx\.json is not in the store"):
        evidence.verify(web.zone.session(), "web", web.name)
    with pytest.raises(Refused, match="does not hold"):
        evidence.export_to(web.zone.session(), "web", web.name, str(web.zone.root / "no"))
    assert not (web.zone.root / "no").exists()


def test_a_version_or_an_image_that_is_not_there_is_told(web: Recorded) -> None:
    with pytest.raises(UsageError, match=r"has no web 9\.9\.9"):
        evidence.show(web.zone.session(), "web", "9.9.9")
    with pytest.raises(UsageError, match="no image 'nowhere'"):
        evidence.verify(web.zone.session(), "nowhere")


def test_without_a_version_that_passed_there_is_none_by_default(
    tmp_path: Path, emulator: Emulator
) -> None:
    bare = landing_zone(tmp_path, emulator)
    bare.create()

    with pytest.raises(UsageError, match="no version of web that passed its check"):
        evidence.show(bare.session(), "web")


def test_an_export_is_verified_by_other_tools(web: Recorded, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    evidence.export_to(web.zone.session(), "web", web.name, str(folder))

    names = {file.name for file in folder.iterdir()}
    assert names >= {"README.md", "release.pub", "provenance.intoto.json", "checks.junit.xml"}
    envelope = Judge.from_dict(json.loads((folder / "provenance.intoto.json").read_text()))
    public = load_pem_public_key((folder / "release.pub").read_bytes())
    assert isinstance(public, ec.EllipticCurvePublicKey)
    key = SSlibKey.from_crypto(public, keyid=next(iter(envelope.signatures)))
    envelope.verify([key], 1)
    page = (folder / "README.md").read_text()
    assert all(name in page for name in names - {"README.md"})
    sums = page.partition("```\n")[2].partition("```")[0]
    command = ["sha256sum", "--strict", "--check"]
    subprocess.run(command, cwd=folder, input=sums.encode(), check=True, capture_output=True)


def test_an_export_writes_no_name_that_leads_elsewhere(web: Recorded, tmp_path: Path) -> None:
    session = web.zone.session()
    found = evidence_of(session, "web", web.version)
    names = ("../x.json", "..", ".hidden", "a/b", "", "good.json")
    odd = tuple(
        replace(one, named=replace(one.named, name=name))
        for name, one in zip(names, itertools.cycle(found.documents), strict=False)
    )

    written = export(session, replace(found, documents=odd), tmp_path / "out")

    assert written == ("README.md", "good.json", "provenance.intoto.json", "release.pub")
    assert [file.name for file in tmp_path.iterdir()] == ["out"]


@pytest.mark.packer
@pytest.mark.parametrize("make", [p256, ed])
def test_packer_accepts_our_envelope_and_refuses_it_after_one_changed_byte(
    web: Recorded, tmp_path: Path, make: Callable[[], AnyKey]
) -> None:
    key = make()
    write_private(web.zone.root / "keys/release.pem", key)
    write_public(web.zone.root / "keys/release.pub", key)
    web.record()
    evidence.export_to(web.zone.session(), "web", web.name, str(tmp_path / "out"))
    words = ("verify-attestation", "-signing-mode=key", "-verifier=release.pub")
    file = tmp_path / "out" / "provenance.intoto.json"

    accepted = packer(*words, file.name, folder=file.parent)
    assert accepted.returncode == 0, accepted.stdout + accepted.stderr
    envelope = reading(file.read_bytes())
    changed = replace(envelope, payload=envelope.payload.replace(b"1.0.", b"1.1.", 1))
    file.write_bytes(changed.written())
    assert packer(*words, file.name, folder=file.parent).returncode != 0


TEMPLATE = """
source "file" "page" {{
  content = "hello"
  target  = "out/page.txt"
}}
build {{
  sources = ["source.file.page"]
  post-processor "provenance" {{
    {signing}
  }}
}}
"""


@pytest.fixture
def attested(tmp_path: Path, web: Recorded) -> Callable[[str], Path]:
    """What Packer's post-processor writes."""

    def build(signing: str) -> Path:
        (tmp_path / "page.pkr.hcl").write_text(TEMPLATE.format(signing=signing))
        ended = packer("build", "page.pkr.hcl", folder=tmp_path)
        if "Unknown post-processor" in ended.stdout + ended.stderr:
            pytest.skip("a Packer without the post-processor provenance")
        assert ended.returncode == 0, ended.stdout + ended.stderr
        (file,) = (tmp_path / "out").glob("*.provenance.json")
        return file

    return build


@pytest.mark.packer
@pytest.mark.parametrize("make", [p256, ed])
def test_packer_s_own_provenance_is_verified(
    web: Recorded, tmp_path: Path, attested: Callable[[str], Path], make: Callable[[], AnyKey]
) -> None:
    key = make()
    write_private(tmp_path / "signer.pem", key)
    public = str(write_public(tmp_path / "signer.pub", key))
    file = attested('signing_mode = "key"\n    signer = "signer.pem"')

    evidence.verify(web.zone.session(), str(file), keys=(public,))

    told = web.zone.output
    assert "page.txt" in told
    assert "build type https://packer.io/buildtypes/hcl2/v1" in told
    assert "signed by" in told
    with pytest.raises(Refused, match=r"no valid signature by keys/release\.pub"):
        evidence.verify(web.zone.session(), str(file))
    envelope = reading(file.read_bytes())
    changed = replace(envelope, payload=envelope.payload.replace(b"page.txt", b"pagE.txt"))
    file.write_bytes(changed.written())
    with pytest.raises(Refused, match="a byte of it was changed"):
        evidence.verify(web.zone.session(), str(file), keys=(public,))


@pytest.mark.packer
def test_packer_s_provenance_that_nobody_signed_is_shown_and_refused(
    web: Recorded, attested: Callable[[str], Path]
) -> None:
    file = attested('signing_mode = "none"')

    with pytest.raises(Refused, match=r"provenance\.json is not signed"):
        evidence.verify(web.zone.session(), str(file))
    assert "predicate https://slsa.dev/provenance/v1" in web.zone.output


def test_a_file_that_is_no_attestation_is_told(web: Recorded, tmp_path: Path) -> None:
    with pytest.raises(StateFileError, match=r"nowhere\.json: No such file"):
        evidence.verify(web.zone.session(), str(tmp_path / "nowhere.json"))
    odd = tmp_path / "odd.json"
    for content, why in (("{}", "not an envelope"), ('{"dsseEnvelope": {}}', "Sigstore bundle")):
        odd.write_text(content)
        with pytest.raises(StateFileError, match=why):
            evidence.verify(web.zone.session(), str(odd))


def without_evidence(web: Recorded) -> Recorded:
    """A version that passed its check before anybody required evidence."""
    name = f"1.0.{next(_numbers)}"
    web.zone.add_versions(name)
    return replace(web, name=name)


def test_production_is_only_led_to_versions_with_the_evidence_that_is_required(
    web: Recorded,
) -> None:
    bare = without_evidence(web)
    with pytest.raises(Refused, match=f"web {bare.name} cannot be promoted: its evidence") as told:
        bare.zone.stage(bare.name)
    assert "it has no evidence (required: provenance, checks, sbom, inventory)" in str(told.value)
    with pytest.raises(Refused, match="its evidence does not hold"):
        preflight.preflight(bare.zone.session(), "web", bare.name)

    web.zone.serve(web.name)
    assert web.zone.survey().serving_version == web.name

    # what was staged before its evidence was touched is not promoted
    newer = recorded(web.zone, f"1.0.{next(_numbers)}")
    newer.record()
    newer.zone.stage(newer.name)
    file = newer.file("sbom.cdx.json")
    kept = file.read_bytes()
    file.write_bytes(kept[:-1] + b" ")
    with pytest.raises(Refused, match=r"sbom\.cdx\.json was changed: it has sha256"):
        newer.zone.promote()
    file.write_bytes(kept)
    newer.zone.promote()

    # the way back stays open, whatever becomes of the store
    shutil.rmtree(web.zone.root / ".pipeline/evidence")
    web.zone.rollback()
    assert web.zone.survey().serving_version == web.name
    with pytest.raises(Refused, match="is not in the store"):
        web.zone.promote(again=True)


def test_a_roll_asks_for_evidence_but_not_of_what_was_rolled_from(web: Recorded) -> None:
    zone = web.zone
    zone.serve(web.name)
    bare = without_evidence(web)
    newer = recorded(zone, f"1.0.{next(_numbers)}")
    newer.record()

    def planned(version: str) -> str:
        roll_commands.roll(zone.session(plan_only=True), "web", RollWish(version))
        return zone.output

    assert f"-> {newer.name}" in planned(newer.name)
    with pytest.raises(Refused, match="its evidence does not hold"):
        planned(bare.name)

    (serving,) = zone.survey().serving.scale_sets
    body = writable(zone.session().azure.get(serving.resource) or {})
    zone.put(serving.resource, {**body, "tags": {**body["tags"], Tag.ROLLED_FROM: bare.name}})
    assert f"-> {bare.name}" in planned(bare.name)


def test_an_environment_that_requires_nothing_asks_no_store(zone: LandingZone) -> None:
    name = f"1.0.{next(_numbers)}"
    zone.add_versions(name)
    store = zone.root / ".pipeline/evidence"
    shutil.rmtree(store, ignore_errors=True)
    store.write_text("no folder")

    zone.stage(name)
    store.unlink()
