"""The units of a night: images that are built after each other, and no two of them together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.definition.bases import parents_first
from pipeline.definition.model import Project
from pipeline.planning.fleet.results import NO_RESULT, is_bad
from pipeline.planning.table import Table


@dataclass(frozen=True, slots=True)
class Unit:
    """An image and all that is made of it, parents first; `name` is the first one's."""

    images: tuple[str, ...]

    @property
    def name(self) -> str:
        """What to call it."""
        return self.images[0]

    @property
    def arguments(self) -> str:
        """What `nightly` is told to build it: names of images need no quoting."""
        return " ".join(f"--image {name}" for name in self.images)


def units_of(project: Project) -> tuple[Unit, ...]:
    """Each image is in one of them, one with mistakes by itself."""
    known = {image.name: image for image in project.images}
    found: dict[str, list[str]] = {}
    roots: dict[str, str] = {}
    for name in parents_first(known, list(project.names("image"))):
        parent = known[name].parent if name in known else ""
        roots[name] = roots.get(parent, name)
        found.setdefault(roots[name], []).append(name)
    return tuple(Unit(tuple(names)) for names in found.values())


def matrix(units: tuple[Unit, ...]) -> Mapping[str, Any]:
    """`{"include": [{"unit": …, "arguments": …}]}`, as a matrix of GitHub Actions has it."""
    return {"include": [{"unit": one.name, "arguments": one.arguments} for one in units]}


def table(units: tuple[Unit, ...]) -> Table:
    """A row for each."""
    return Table(("unit", "images"), tuple((one.name, ", ".join(one.images)) for one in units))


@dataclass(frozen=True, slots=True)
class Result:
    """What became of an image, out of the document of a `nightly` run."""

    environment: str
    image: str
    version: str
    result: str
    why: str

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> tuple[Result, ...]:
        """All of a document; raises KeyError or TypeError for another one."""
        environment = str(document["environment"])
        return tuple(
            cls(environment, *(str(row[key]) for key in ("image", "version", "result", "why")))
            for row in document["images"]
        )


def report(results: tuple[Result, ...], units: tuple[Unit, ...]) -> tuple[Result, ...]:
    """All results, those without one among them; what failed comes first."""
    there = {one.image for one in results}
    missing = [
        Result("", name, "", NO_RESULT, f"the unit {unit.name} left no document")
        for unit in units
        for name in unit.images
        if name not in there
    ]
    return tuple(sorted((*results, *missing), key=lambda one: (not is_bad(one.result), one.image)))


def table_of_results(results: tuple[Result, ...]) -> Table:
    """A row for each image."""
    rows = tuple((one.image, one.version or "-", one.result, one.why) for one in results)
    return Table(("image", "version", "result", "why"), rows)
