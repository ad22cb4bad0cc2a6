"""Reading everything that was written, so that all its mistakes are reported together.

What has mistakes stops whoever needs it, and nobody else: another image is built, another
environment deployed into. A file of environments that is no HCL, or says one twice, stops all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from pipeline.definition import files
from pipeline.definition.bases import check_parents
from pipeline.definition.environment import read_environments
from pipeline.definition.faulty import Faulty
from pipeline.definition.image import read_images
from pipeline.definition.model import Environment, Image, Project
from pipeline.definition.reading import Report, Section
from pipeline.definition.template import read_templates
from pipeline.errors import DefinitionError
from pipeline.project_root import ENVIRONMENTS


def read(root: Path) -> Project:
    """Read environments.hcl, images/ and packer/ below `root`.

    Raises DefinitionError, with all mistakes, when that file itself cannot be used.
    """
    report = Report()
    project = read_into(root.resolve(), report)
    if report.mistakes:
        others = (item for one in project.faulty for item in one.mistakes)
        raise DefinitionError((*report.mistakes, *others))
    return project


def read_into(root: Path, report: Report) -> Project:
    """Read as far as possible; what is wrong, and every key asked for, is in the report."""
    templates = read_templates(root, report)
    images = read_images(root, templates, report)
    check_parents(images, {name for kind, name in report.parts if kind == "image"}, report)
    faulty = {one.name for one in _faulty(report, images) if one.kind == "image"}
    known = {name: None if name in faulty else images[name] for name in (*images, *faulty)}
    environments = _environments(root, known, report)
    everything = tuple(_faulty(report, images))
    stopped = {(one.kind, one.name) for one in everything}
    return Project(
        root,
        tuple(image for image in known.values() if image),
        tuple(one for one in environments if ("environment", one.name) not in stopped),
        everything,
    )


def _environments(
    root: Path, images: Mapping[str, Image | None], report: Report
) -> tuple[Environment, ...]:
    body = files.parse(root, root / ENVIRONMENTS, report)
    if body is None:
        return ()
    return read_environments(root, Section(ENVIRONMENTS, body, report), images)


def _faulty(report: Report, images: Mapping[str, Image]) -> Iterator[Faulty]:
    """What has mistakes so far; an image also for those of its template."""
    for (kind, name), part in report.parts.items():
        image = images.get(name) if kind == "image" else None
        template = report.parts.get(("template", image.template.name)) if image else None
        mistakes = (*part.mistakes, *(template.mistakes if template else ()))
        if mistakes:
            yield Faulty(kind, name, mistakes)
