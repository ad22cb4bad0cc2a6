"""Variables of a template that are given a secret of a key vault: `secret "token" { ... }`.

Only the reference is written down. The secret is read just before Packer starts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field

from pipeline.definition import vault_rules
from pipeline.definition.given import PROVIDED, VaultSecret
from pipeline.definition.model import Template
from pipeline.definition.reading import Section, suggestion


@dataclass(frozen=True, slots=True)
class _Refusal:
    """What is wrong with a reference, and what would be right."""

    what: str
    right: str = field(default="")


def read_secrets(
    sections: Iterable[Section], given: Collection[str], template: Template
) -> tuple[VaultSecret, ...]:
    """The references as they were written, in their order; the mistakes are in the report.

    `given` are the variables that `variables` gives a value.
    """
    return tuple(_secrets(sections, given, template))


def _secrets(
    sections: Iterable[Section], given: Collection[str], template: Template
) -> Iterator[VaultSecret]:
    for section in sections:
        if refusal := _refused(section.label, given, template):
            section.mistake(section.line, refusal.what, refusal.right)
        yield reference(section)


def reference(section: Section) -> VaultSecret:
    """What one block says, whatever its variable."""
    return VaultSecret(
        variable=section.label,
        name=section.text("name", vault_rules.SECRET),
        vault=section.text("vault", vault_rules.VAULT, default=""),
        version=section.text("version", vault_rules.SECRET_VERSION, default=""),
        at=f"{section.file}:{section.line}",
    )


def _refused(variable: str, given: Collection[str], template: Template) -> _Refusal | None:
    if variable not in template.variables:
        what = f"secret: template {template.name} declares no variable {variable}"
        return _Refusal(what, suggestion(variable, template.sensitive - PROVIDED))
    if variable in PROVIDED:
        return _Refusal(
            f"secret: variable {variable} cannot be set here", "remove it, the pipeline sets it"
        )
    if variable not in template.sensitive:
        return _Refusal(
            f"secret: variable {variable} is given a secret, and is not sensitive",
            f"add sensitive = true to it in packer/{template.name}",
        )
    if variable in given:
        what = f"secret: variable {variable} is given a value in variables, too"
        return _Refusal(what, "keep one")
    return None
