"""Reading `images/<name>/image.hcl`."""

from __future__ import annotations

from pathlib import Path

from pipeline.definition import baked, files, outside, rules
from pipeline.definition.bases import read_base
from pipeline.definition.given import told
from pipeline.definition.health import read_health
from pipeline.definition.mapping import Use, read_use
from pipeline.definition.model import (
    SOAK_MARK,
    STANDARD,
    TRUSTED_LAUNCH,
    Image,
    Input,
    SecurityType,
    Template,
)
from pipeline.definition.promotion import Promotion
from pipeline.definition.reading import Report, Section, suggestion
from pipeline.definition.rebuilding_reading import read_max_age, read_rebuild_on
from pipeline.definition.shape_reading import read_scale_set
from pipeline.definition.template import GUARDING

DEFAULT_BUILD_SIZE = "Standard_D2s_v5"

_TESTS = "**/test_*.py"
_SOAK = f"mark.{SOAK_MARK}".encode()
"""In a file with checks that are marked so."""


def read_images(root: Path, templates: dict[str, Template], report: Report) -> dict[str, Image]:
    """Every folder under images/, by name, as far as it can be read; each reports apart."""
    read = {
        folder.name: read_image(root, folder, templates, report.part("image", folder.name))
        for folder in files.folders(root / "images")
    }
    return {name: image for name, image in read.items() if image}


def read_image(
    root: Path, folder: Path, templates: dict[str, Template], report: Report
) -> Image | None:
    """The image in a folder; None when there is none to read, what is wrong goes to the report."""
    path = folder / "image.hcl"
    body = files.parse(root, path, report)
    if body is None:
        return None
    document = Section(files.relative(root, path), body, report)
    sections = document.labelled("image", rules.IMAGE)
    image = None
    if not sections:
        document.mistake(1, "no image in this file", f'add image "{folder.name}" {{ ... }}')
    for section in sections:
        if section.label != folder.name:
            what = f'image "{section.label}" in the folder {folder.name}'
            section.mistake(section.line, what, f'call it image "{folder.name}"')
        written = Input(document.file, baked.digest(body))
        image = _image(root, folder, section, templates, report, written)
    document.finish()
    return image


def _image(
    root: Path,
    folder: Path,
    section: Section,
    templates: dict[str, Template],
    report: Report,
    written: Input,
) -> Image:
    use = read_use(section, templates, report)
    template = use.template
    scripts = tuple(
        _script(folder, section, *item) for item in section.texts("scripts", rules.SCRIPT)
    )
    uploaded = _folder(folder, section, "files", rules.FILES, default="")
    checks = _checks(folder, section)
    shared = outside.declared(root, section, use.inputs)
    parts = [part for part in (checks, *scripts, *shared) if part]
    found = files.inputs(root, parts, report, uploaded=uploaded, written=template.is_written)
    counted = [files.relative(root, part) for part in (*parts, uploaded) if part]
    outside.check(template, use.variables, counted, section.label, report, vouches=use.names_inputs)
    inputs = (written, *(item for item in found if item.name != written.name))
    build = section.block("build", is_required=False)
    build_size = build.text("size", rules.VM_SIZE, default=DEFAULT_BUILD_SIZE)
    return Image(
        name=section.label,
        folder=folder,
        template=template,
        version_series=section.text("version", rules.SERIES),
        base=read_base(section.block("base"), template, told(template.variables, use.variables)),
        build_size=build_size,
        build_timeout=rules.seconds(build.text("timeout", rules.BAKE, default="90m")),
        scripts=tuple(script for script in scripts if script),
        files=uploaded,
        checks=checks or folder,
        has_soak_checks=checks is not None and _has_soak_checks(checks),
        variables=use.variables,
        only=use.only,
        scale_set=read_scale_set(
            folder, root, section.block("scale_set", is_required=False), build_size
        ),
        health=read_health(section.block("health", is_required=False)),
        rebuild_on=read_rebuild_on(section),
        max_age=read_max_age(section),
        retention=section.number("retention", rules.RETENTION, default=0),
        security_type=_security_type(section, use),
        inputs=tuple(sorted((*inputs, *template.inputs), key=lambda item: item.name)),
        promotion=_promotion(section.block("promote", is_required=False)),
    )


def _security_type(section: Section, use: Use) -> SecurityType:
    text = section.text("security_type", rules.SECURITY_TYPE, default=STANDARD)
    if text != TRUSTED_LAUNCH:
        return STANDARD
    learned = told(use.template.variables, use.variables)
    for name in sorted(GUARDING - learned) if use.template.inputs else ():
        what = f"security_type: template {use.template.name} declares no variable {name}"
        right = f'add variable "{name}" {{ ... }} and give it to the source'
        section.mistake(section.line_of("security_type"), what, right)
    return TRUSTED_LAUNCH


def _promotion(section: Section) -> Promotion:
    def seconds(key: str, rule: rules.Rule, default: str) -> float:
        return rules.seconds(section.text(key, rule, default))

    return Promotion(
        rate=section.number("rate", rules.RATE, default=20),
        lost_budget=section.number("lost_budget", rules.LOST_BUDGET, default=0),
        timeout=seconds("timeout", rules.TIMEOUT, "5s"),
        soak=seconds("soak", rules.SOAK, "2m"),
        keep_previous=seconds("keep_previous", rules.KEPT, "24h"),
        drain=seconds("drain", rules.SOAK, "10m"),
        patience=seconds("patience", rules.PATIENCE, "60s"),
        rehearse=section.truth("rehearse", default=False),
    )


def _has_soak_checks(checks: Path) -> bool:
    return files.any_has(files.named(checks, _TESTS), _SOAK)


def _checks(folder: Path, section: Section) -> Path | None:
    checks = _folder(folder, section, "checks", rules.CHECKS)
    if checks and not files.named(checks, _TESTS):
        what = f"no test_*.py in {checks.name}"
        section.mistake(section.line_of("checks"), what, "an image needs at least one check")
    return checks


def _folder(
    image: Path, section: Section, key: str, rule: rules.Rule, default: str | None = None
) -> Path | None:
    text, line = section.text(key, rule, default), section.line_of(key)
    path = _inside(image, section, text, line)
    if path and not files.has_folder(path):
        there_are = suggestion(text, (entry.name for entry in files.folders(image)))
        section.mistake(line, f"{key}: there is no folder {text} in images/{image.name}", there_are)
        return None
    return path


def _script(image: Path, section: Section, text: str, line: int) -> Path | None:
    path = _inside(image, section, text, line)
    if path and not files.has_file(path):
        there_are = suggestion(text, files.names_below(image))
        section.mistake(line, f"scripts: there is no file {text} in images/{image.name}", there_are)
        return None
    return path


def _inside(image: Path, section: Section, text: str, line: int) -> Path | None:
    """The path, unless it leads out of the image's folder: what is there is nobody's input."""
    if not text:
        return None
    if Path(text).is_absolute() or ".." in Path(text).parts:
        what = f"{text} is outside of images/{image.name}"
        section.mistake(line, what, "keep what an image needs in its folder")
        return None
    return image / text
