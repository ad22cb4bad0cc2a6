"""Bases in galleries, and images that are made of each other. The real SDK."""

from __future__ import annotations

import functools
import io
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.definition.model import Base, GalleryBase, Image, Project, Template
from pipeline.definition.project import read
from pipeline.errors import UsageError
from pipeline.execution.azure.bases import pinned, traits_of
from pipeline.execution.azure.requests import patch
from pipeline.execution.build.survey import survey_build
from pipeline.execution.commands.environment import create_environment
from pipeline.execution.commands.nightly import nightly
from pipeline.execution.run.session import Session
from pipeline.output.people import ForPeople
from pipeline.planning.build.fingerprint import fingerprint
from pipeline.planning.names import Tag, image_definition_id, image_version_id
from pipeline.planning.traits import Traits
from tests.conftest import ROOT, Emulator
from tests.execution.landing_zone import LandingZone, landing_zone

AT = "images/app/image.hcl:5"
OF_WEB = GalleryBase("", "web", at=AT)


@functools.cache
def shipped_template() -> Template:
    """The template of the shipped image: Packer validates what is planned, where it is."""
    return next(image.template for image in read(ROOT).images if image.name == "web")


def family(zone: LandingZone, *, plan_only: bool = False) -> tuple[Session, io.StringIO]:
    """A session of a project where the image app is made of web, and what it tells."""
    said = io.StringIO()
    app = replace(zone.image, name="app", base=OF_WEB, template=shipped_template())
    project = Project(zone.root, (app, zone.image), (zone.environment,))
    return Session(project, zone.environment, ForPeople(said), plan_only=plan_only), said


@pytest.fixture(scope="module")
def zone(tmp_path_factory: pytest.TempPathFactory, emulator: Emulator) -> LandingZone:
    """A landing zone of the family, with web 1.0.0, and 1.0.1 that was not checked."""
    made = landing_zone(tmp_path_factory.mktemp("family"), emulator)
    create_environment(family(made)[0])
    made.add_versions("1.0.0")
    made.add_versions("1.0.1", check="", excluded=True)
    return made


def test_a_gallery_image_is_pinned_to_the_newest_that_is_not_excluded(zone: LandingZone) -> None:
    azure, gallery = zone.session().azure, zone.environment.gallery

    latest = pinned(azure, OF_WEB)
    assert str(latest) == f"{gallery.name}/web/1.0.0"
    assert pinned(azure, latest) == latest
    whole = GalleryBase(
        gallery.name, "web", "1.0.1", zone.environment.resource_group, zone.environment.subscription
    )
    assert pinned(azure, whole) == whole
    assert traits_of(azure, latest) == Traits()


def test_what_a_base_names_and_is_not_there_is_told_with_its_line(zone: LandingZone) -> None:
    azure = zone.session().azure
    definition = image_definition_id(zone.environment, "app")

    with pytest.raises(UsageError) as none:
        pinned(azure, replace(OF_WEB, image="app"))
    assert str(none.value) == (
        f"{AT}: app/latest: {definition} has no version in westeurope that is not excluded from"
        " latest"
    )
    assert [str(one.command) for one in none.value.advice] == ["invoke build-image app"]
    with pytest.raises(UsageError, match=r"web has no version 9\.9\.9 in westeurope$"):
        pinned(azure, replace(OF_WEB, version="9.9.9"))
    with pytest.raises(UsageError, match=r"images/nothing does not exist$"):
        traits_of(azure, GalleryBase(zone.environment.gallery.name, "nothing", "1.0.0"))
    elsewhere = replace(zone.environment, location="northeurope")
    with pytest.raises(UsageError, match="has no version in northeurope"):
        pinned(type(azure)(elsewhere), OF_WEB)


def test_a_child_is_defined_as_its_parent_is(tmp_path: Path, emulator: Emulator) -> None:
    empty = landing_zone(tmp_path, emulator)
    old = replace(empty, image=replace(empty.image, base=Base("Debian", "debian-12", "12")))
    session, _ = family(old)

    create_environment(session)

    child = session.azure.get(image_definition_id(old.environment, "app")) or {}
    assert child["properties"]["hyperVGeneration"] == "V1"


def test_children_are_built_after_their_parents_and_when_those_changed(zone: LandingZone) -> None:
    made_of(zone, family(zone)[0].image("app"))
    made_of(zone, zone.image)
    (zone.image.checks / "test_it.py").write_text("def test_it():\n    pass\n")
    session, said = family(zone, plan_only=True)

    nightly(session)
    rows = [line.split()[:5] for line in said.getvalue().splitlines() if "nothing to do" in line]
    assert [row[0] for row in rows if row[0] in {"app", "web"}] == ["web", "app"]

    zone.add_versions("1.0.2")
    session, said = family(zone, plan_only=True)
    nightly(session)
    text = " ".join(said.getvalue().split())
    gallery = zone.environment.gallery.name
    assert f"base {gallery}/web/1.0.0 -> {gallery}/web/1.0.2" in text
    assert "app 1.0.1 planned" in text


def made_of(zone: LandingZone, image: Image) -> None:
    """Give the image a version 1.0.0 with its inputs and its base."""
    own = replace(zone, image=image)
    if image.name != zone.image.name:
        own.add_versions("1.0.0")
    found = survey_build(family(zone)[0], image, "")
    version = next(one for one in found.versions if one.name == "1.0.0")
    wanted = {Tag.FINGERPRINT: fingerprint(image, found.base), Tag.BASE: str(found.base)}
    resource = image_version_id(zone.environment, image.name, "1.0.0")
    body = patch(resource, {"tags": {**version.tags, **wanted}})
    zone.session().azure.begin(body).result()
