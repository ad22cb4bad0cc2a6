"""What an image says of its template: which one, what its variables are given, what it builds.

`template = "linux"` with the other keys beside it, or with them in `template "linux" { ... }`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TypeAlias

from pipeline.definition import destination, rules, vault_rules
from pipeline.definition.builders import AZURE, DESTINATION, Builder
from pipeline.definition.given import (
    KNOWN,
    PROVIDED,
    SECRET,
    Given,
    Joined,
    Map,
    Reference,
    VaultSecret,
    references,
)
from pipeline.definition.hcl import Content, Expression, Object, Value, pieces
from pipeline.definition.model import Template
from pipeline.definition.operating_system import UNSAID, OperatingSystem
from pipeline.definition.operating_system_reading import read_system
from pipeline.definition.reading import Report, Section, suggestion
from pipeline.definition.vault import read_secrets, reference
from pipeline.definition.wording import in_words

OWN = frozenset(
    {
        "ssh_port", "runner_addresses", "network.name", "network.subnet", "network.resource_group",
        "build.size", "security.secure_boot", "security.vtpm", "security.type",
        "gallery.replica_regions", "gallery.replicas", "gallery.storage", "gallery.shallow",
        "gallery.timeout", "tags", "scripts", "files",
    }
)  # fmt: skip
"""Whose variables may mean something else in a team's template. All others say where the version
is to be found, and take no literal."""

_FIXED = PROVIDED - {KNOWN[reference] for reference in OWN}


@dataclass(frozen=True, slots=True)
class Use:
    """The template of an image, and how it is used."""

    template: Template
    variables: tuple[tuple[str, Given], ...] = ()
    only: tuple[str, ...] = ()
    inputs: tuple[tuple[str, int], ...] = ()
    """Files and folders of the project that it uses outside of its own, each with its line."""
    names_inputs: bool = False
    """Whether the author said which those are, if only that there are none."""
    secrets: tuple[VaultSecret, ...] = ()
    system: OperatingSystem = UNSAID
    """What it bakes."""


@dataclass(frozen=True, slots=True)
class _Said:
    """The keys that stand beside a template or in its block."""

    variables: list[tuple[str, Value]] = field(default_factory=list)
    only: list[tuple[str, int]] = field(default_factory=list)
    inputs: list[tuple[str, int]] = field(default_factory=list)
    secrets: list[Section] = field(default_factory=list)

    @classmethod
    def read(cls, section: Section) -> _Said:
        return cls(
            section.pairs("variables"),
            section.texts("only", rules.BUILDER),
            section.texts("inputs", rules.INPUT),
            section.labelled("secret", vault_rules.TEMPLATE_VARIABLE),
        )


_Wrong: TypeAlias = tuple[int, str, str]
"""The line of a mistake, what is wrong, and what would be right."""

_KEYS = ("variables", "only", "inputs")


def read_use(section: Section, templates: dict[str, Template], report: Report) -> Use:
    """What an image's section says of its template; the mistakes are in the report."""
    name, block = section.text_or_block("template", rules.TEMPLATE)
    beside, within = _Said.read(section), _Said.read(block)
    owner, said, line = section, beside, section.line_of("template")
    if not block.is_absent:
        owner, said, line = block, within, block.line
        for key in filter(section.has, _KEYS):
            what = f"{key} stands beside the block of the template"
            right = f'write it into template "{name}" {{ ... }}'
            section.mistake(section.line_of(key), what, right)
        for one in beside.secrets:
            reference(one)
            what = "secret stands beside the block of the template"
            section.mistake(one.line, what, f'write it into template "{name}" {{ ... }}')
    template = templates.get(name)
    if template is None:
        if name:
            what = f'there is no template "{name}" under packer/'
            section.mistake(line, what, suggestion(name, templates))
        return Use(Template(name, Path(), frozenset(), frozenset(), (), ()))
    variables = tuple(_variables(owner, said.variables, template))
    _report_missing(owner, line, said, template)
    only = tuple(text for text, _ in said.only if text)
    secrets = read_secrets(said.secrets, {key for key, _ in said.variables}, template)
    publishing = _publishing(owner, line, said, template, report)
    if publishing:
        destination.check(publishing, section.label, variables, template, report)
    system = read_system(publishing, template.reader, dict(variables), report)
    is_told = owner.has("inputs")
    return Use(template, variables, only, tuple(said.inputs), is_told, secrets, system)


def _variables(
    section: Section, pairs: list[tuple[str, Value]], template: Template
) -> Iterator[tuple[str, Given]]:
    for name, value in pairs:
        wrong: list[_Wrong] = []
        content = _given(name, value, wrong)
        if not wrong and (refused := _refused(name, content, template)):
            wrong.append((value.line, *refused))
        for mistake in wrong:
            section.mistake(*mistake)
        if not wrong:
            yield name, content


def _refused(name: str, content: Given, template: Template) -> tuple[str, str] | None:
    told = set(references(content))
    if name not in template.variables:
        what = f"template {template.name} declares no variable {name}"
        return what, suggestion(name, template.variables - PROVIDED)
    if name in _FIXED and not told:
        return f"variable {name} cannot be set here", "remove it, the pipeline sets it"
    if name in template.sensitive and not told:
        right = f'add secret "{name}" {{ ... }}, or set PKR_VAR_{name} where the build runs'
        return f"variable {name} is sensitive, and this file is no place for a secret", right
    secrets = sorted(told & SECRET)
    if secrets and name not in template.sensitive:
        what = f"variable {name} is given {secrets[0]}, and is not sensitive"
        return what, f"add sensitive = true to it in packer/{template.name}"
    if secrets and not isinstance(content, Reference):
        return f"variable {name} is given {secrets[0]} and more", "a secret is given by itself"
    return None


def _given(name: str, value: Value, wrong: list[_Wrong]) -> Given:
    """A value as it was meant; what cannot be is added to `wrong`."""
    content: Content = value.content
    match content:
        case tuple():
            return tuple(_given(name, item, wrong) for item in content)
        case Object(pairs):
            return Map(tuple((key, _given(name, item, wrong)) for key, item in pairs))
        case Expression():
            return _expression(name, value.line, content, wrong)
        case _:
            return content


def _expression(name: str, line: int, content: Expression, wrong: list[_Wrong]) -> Given:
    if content.text in KNOWN:
        return Reference(content.text)
    parts = pieces(content)
    if parts is None and _is_name(content.text):
        what = f"variable {name}: no build knows {content.text}"
        wrong.append((line, what, suggestion(content.text, KNOWN)))
    elif parts is None:
        right = "it must be a value, or what a build knows: docs/definitions.md"
        wrong.append((line, f"variable {name} is {in_words(content)}", right))
    else:
        found = [
            part if isinstance(part, str) else _expression(name, line, part, wrong)
            for part in parts
        ]
        return Joined(tuple(part for part in found if isinstance(part, str | Reference)))
    return None


def _is_name(text: str) -> bool:
    return all(word.isidentifier() for word in text.split("."))


def _report_missing(section: Section, line: int, said: _Said, template: Template) -> None:
    """Those that have no default, and are given nothing; a secret comes when it is built."""
    given = {name for name, _ in said.variables} | PROVIDED | template.sensitive
    given |= {secret.label for secret in said.secrets}
    for name in sorted(template.required - given):
        what = f"template {template.name} needs a value for {name}"
        section.mistake(line, what, f'add variables = {{ {name} = "..." }}')


def _publishing(
    section: Section, line: int, said: _Said, template: Template, report: Report
) -> Builder | None:
    """The builder that makes the version."""
    names = [builder.name for builder in template.builders]
    for text, where in said.only:
        if text and not any(fnmatchcase(name, text) for name in names):
            what = f"only: template {template.name} builds nothing called {text}"
            section.mistake(where, what, suggestion(text, names))
    wanted = [text for text, _ in said.only] or ["*"]
    chosen = [
        builder
        for builder in template.builders
        if builder.kind == AZURE and any(fnmatchcase(builder.name, text) for text in wanted)
    ]
    publishing = [builder for builder in chosen if DESTINATION in builder.settings]
    if len(publishing) > 1:
        several = " and ".join(builder.name for builder in publishing)
        what = f"template {template.name} publishes with {several}, and a build makes one version"
        section.mistake(line, what, f'say which: only = ["{publishing[0].name}"]')
    elif chosen and not publishing:
        what = f"source {chosen[0].name} publishes no image version"
        report.add(chosen[0].file, chosen[0].line, what, f"add {DESTINATION} {{ ... }}")
    return publishing[0] if len(publishing) == 1 else None
