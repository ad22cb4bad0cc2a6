"""Reading `images/<name>/image.hcl`."""

from __future__ import annotations

from pathlib import Path

from pipeline.definition import baked, files, rules
from pipeline.definition.model import (
    SOAK_MARK,
    STANDARD,
    TRUSTED_LAUNCH,
    Base,
    Health,
    Image,
    Input,
    Promotion,
    ScaleSetShape,
    SecurityType,
    Template,
)
from pipeline.definition.reading import Report, Section, in_words, suggestion
from pipeline.definition.template import GUARDING, PROVIDED

DEFAULT_BUILD_SIZE = "Standard_D2s_v5"

_TESTS = "**/test_*.py"
_SOAK = f"mark.{SOAK_MARK}".encode()
"""In a file with checks that are marked so."""


def read_images(root: Path, templates: dict[str, Template], report: Report) -> dict[str, Image]:
    """Every folder under images/, by name, as far as it can be read."""
    folders = files.folders(root / "images")
    read = (read_image(root, folder, templates, report) for folder in folders)
    return {image.name: image for image in read if image}


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
    template = _template(section, templates)
    scripts = tuple(
        _script(folder, section, *item) for item in section.texts("scripts", rules.SCRIPT)
    )
    uploaded = _folder(folder, section, "files", rules.FILES, default="")
    checks = _checks(folder, section)
    parts = [part for part in (checks, *scripts) if part]
    found = files.inputs(root, parts, report, uploaded=uploaded)
    inputs = (written, *(item for item in found if item.name != written.name))
    return Image(
        name=section.label,
        folder=folder,
        template=template,
        version_series=section.text("version", rules.SERIES),
        base=_base(section.block("base")),
        build_size=_build_size(section.block("build", is_required=False)),
        scripts=tuple(script for script in scripts if script),
        files=uploaded,
        checks=checks or folder,
        has_soak_checks=checks is not None and _has_soak_checks(checks),
        variables=_variables(section, template),
        scale_set=_scale_set(section.block("scale_set")),
        health=_health(section.block("health")),
        retention=section.number("retention", rules.RETENTION, default=0),
        security_type=_security_type(section, template),
        inputs=tuple(sorted((*inputs, *template.inputs), key=lambda item: item.name)),
        promotion=_promotion(section.block("promote", is_required=False)),
    )


def _template(section: Section, templates: dict[str, Template]) -> Template:
    name = section.text("template", rules.TEMPLATE)
    if name and name not in templates:
        what = f'there is no template "{name}" under packer/'
        section.mistake(section.line_of("template"), what, suggestion(name, templates))
    nothing: frozenset[str] = frozenset()
    return templates.get(name) or Template(name, Path(), nothing, nothing, (), ())


def _security_type(section: Section, template: Template) -> SecurityType:
    text = section.text("security_type", rules.SECURITY_TYPE, default=STANDARD)
    if text != TRUSTED_LAUNCH:
        return STANDARD
    for name in sorted(GUARDING - template.variables) if template.inputs else ():
        what = f"security_type: template {template.name} declares no variable {name}"
        right = f'add variable "{name}" {{ ... }} and give it to the source'
        section.mistake(section.line_of("security_type"), what, right)
    return TRUSTED_LAUNCH


def _base(section: Section) -> Base:
    return Base(
        publisher=section.text("publisher", rules.PUBLISHER),
        offer=section.text("offer", rules.OFFER),
        sku=section.text("sku", rules.SKU),
        version=section.text("version", rules.MARKETPLACE_VERSION, default="latest"),
    )


def _build_size(section: Section) -> str:
    return section.text("size", rules.VM_SIZE, default=DEFAULT_BUILD_SIZE)


def _scale_set(section: Section) -> ScaleSetShape:
    return ScaleSetShape(
        sku=section.text("sku", rules.VM_SIZE), capacity=section.number("capacity", rules.CAPACITY)
    )


def _health(section: Section) -> Health:
    return Health(
        protocol=section.text("protocol", rules.PROTOCOL, default="http"),
        port=section.number("port", rules.PORT),
        path=section.text("path", rules.URL_PATH),
    )


def _promotion(section: Section) -> Promotion:
    def seconds(key: str, rule: rules.Rule, default: str) -> float:
        return rules.seconds(section.text(key, rule, default))

    return Promotion(
        rate=section.number("rate", rules.RATE, default=20),
        lost_budget=section.number("lost_budget", rules.LOST_BUDGET, default=0),
        soak=seconds("soak", rules.SOAK, "2m"),
        keep_previous=seconds("keep_previous", rules.KEPT, "24h"),
        drain=seconds("drain", rules.SOAK, "10m"),
        patience=seconds("patience", rules.PATIENCE, "60s"),
    )


def _variables(section: Section, template: Template) -> tuple[tuple[str, str], ...]:
    found: list[tuple[str, str]] = []
    pairs = section.pairs("variables")
    for name, value in pairs:
        content = value.content
        if wrong := _wrong_variable(name, template):
            section.mistake(value.line, *wrong)
        elif isinstance(content, bool):
            found.append((name, str(content).lower()))
        elif isinstance(content, str | int | float):
            found.append((name, str(content)))
        else:
            what = f"variable {name} is {in_words(content)}"
            section.mistake(value.line, what, "it must be a string, a number, true or false")
    for name in sorted(template.required - PROVIDED - {name for name, _ in pairs}):
        what = f"template {template.name} needs a value for {name}"
        section.mistake(section.line_of("template"), what, f'add variables = {{ {name} = "..." }}')
    return tuple(found)


def _wrong_variable(name: str, template: Template) -> tuple[str, str] | None:
    if name in PROVIDED:
        return f"variable {name} cannot be set here", "remove it, the pipeline sets it"
    if template.inputs and name not in template.variables:
        what = f"template {template.name} declares no variable {name}"
        return what, suggestion(name, template.variables - PROVIDED)
    if name in template.sensitive:
        right = f"set PKR_VAR_{name} in the environment of the build"
        return f"variable {name} is sensitive, and this file is no place for a secret", right
    return None


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
