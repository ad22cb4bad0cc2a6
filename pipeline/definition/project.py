"""Reading everything that was written, so that all its mistakes are reported together."""

from __future__ import annotations

from pathlib import Path

from pipeline.definition import files
from pipeline.definition.environment import read_environments
from pipeline.definition.image import read_images
from pipeline.definition.model import Environment, Image, Project
from pipeline.definition.reading import Report, Section
from pipeline.definition.template import read_templates
from pipeline.errors import DefinitionError

ENVIRONMENTS = "environments.hcl"


def read(root: Path) -> Project:
    """Read environments.hcl, images/ and packer/ below `root`; raises DefinitionError."""
    report = Report()
    project = read_into(root.resolve(), report)
    if report.mistakes:
        raise DefinitionError(tuple(dict.fromkeys(report.mistakes)))
    return project


def read_into(root: Path, report: Report) -> Project:
    """Read as far as possible; what is wrong, and every key asked for, is in the report."""
    templates = read_templates(root, report)
    images = read_images(root, templates, report)
    return Project(root, tuple(images.values()), _environments(root, images, report))


def _environments(root: Path, images: dict[str, Image], report: Report) -> tuple[Environment, ...]:
    body = files.parse(root, root / ENVIRONMENTS, report)
    if body is None:
        return ()
    return read_environments(root, Section(ENVIRONMENTS, body, report), images)
