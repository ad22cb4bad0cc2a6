"""Whether what a template publishes can be found afterwards, and is passed over by `latest`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pipeline.definition.builders import DESTINATION, EXCLUDES, Builder, Setting
from pipeline.definition.given import KNOWN, Given, references, told
from pipeline.definition.hcl import Content, Expression
from pipeline.definition.model import Template
from pipeline.definition.reading import Report

_PLACES = {
    "resource_group": "gallery.resource_group",
    "gallery_name": "gallery.name",
    "image_name": "name",
    "image_version": "version",
}
"""The keys of a source's destination, and what each has to be."""

_EXCLUDED = "gallery.exclude_from_latest"


@dataclass(frozen=True, slots=True)
class _Publishing:
    """A builder, and what the variables of its template are given."""

    builder: Builder
    image: str
    said: dict[str, Given]
    template: Template
    report: Report

    def check(self) -> None:
        for key, reference in _PLACES.items():
            found = self.builder.settings.get(f"{DESTINATION}.{key}")
            if found is None:
                block = self.builder.settings[DESTINATION]
                self._wrong(block, f"{DESTINATION} has no {key}", key, reference)
            elif isinstance(found.content, Expression):
                if not self._is(found.content, reference):
                    what = f"{key} = {found.content.text} is not given {reference}"
                    self._wrong(found, what, key, reference)
            elif key == "image_version" or (key == "image_name" and found.content != self.image):
                what = f'{key} = "{found.content}" is not that of image "{self.image}"'
                self._wrong(found, what, key, reference)

    def check_latest(self) -> None:
        """A version is eligible only once its check has passed: until then `latest` passes over."""
        builder = self.builder
        found = builder.settings.get(EXCLUDES, Setting(builder.file, builder.line, False))
        is_excluded = found.content is True
        if isinstance(found.content, Expression):
            is_excluded = self._is(found.content, _EXCLUDED, True)
        if not is_excluded:
            what = f"`latest` would resolve to what {builder.name} publishes before it is checked"
            self.report.add(found.file, found.line, what, f"add {EXCLUDES} = true")

    def _is(self, expression: Expression, reference: str, literal: Given = None) -> bool:
        """Whether an expression holds what a build knows; `literal` would do as well."""
        variable = _variable(expression)
        if not variable:  # what else it is, only Packer can tell
            return KNOWN[reference] in told(self.template.variables, self.said.items())
        if variable not in self.said:
            return variable == KNOWN[reference]
        value = self.said[variable]
        return reference in references(value) or (literal is not None and value == literal)

    def _wrong(self, place: Setting, what: str, key: str, reference: str) -> None:
        ours, given = KNOWN[reference], _variable(place.content)
        right = f'write {key} = var.{ours} and variable "{ours}" {{}}'
        if given:
            right = f'in image "{self.image}": variables = {{ {given} = {reference} }}'
        self.report.add(place.file, place.line, f"{what}: nobody would find the version", right)


def _variable(content: Content) -> str:
    """The variable that `var.NAME` names; "" for anything else."""
    named = isinstance(content, Expression) and re.fullmatch(r"var\.(\w+)", content.text)
    return named[1] if named else ""


def check(
    builder: Builder,
    image: str,
    said: tuple[tuple[str, Given], ...],
    template: Template,
    report: Report,
) -> None:
    """Report what would keep the version of an image from being found, or make it `latest`."""
    publishing = _Publishing(builder, image, dict(said), template, report)
    publishing.check()
    publishing.check_latest()
