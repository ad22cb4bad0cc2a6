"""Reading the `extension` blocks of a scale set."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from pipeline.definition import shape_rules
from pipeline.definition.reading import Section, suggestion
from pipeline.definition.shape import Extension, Protected

_HEALTH = ("microsoft.managedservices", ("applicationhealthlinux", "applicationhealthwindows"))
HEALTH_NAME: Final = "ApplicationHealth"
_WAYS = ("environment", "file", "secret_url")


def read_extensions(root: Path, section: Section) -> tuple[Extension, ...]:
    """The extensions of a scale set; files of protected settings are relative to the root."""
    sections = section.labelled("extension", shape_rules.EXTENSION)
    found = tuple(_extension(root, each) for each in sections)
    _check_kinds(sections, found)
    _check_order(sections, found)
    return found


def is_health(publisher: str, kind: str) -> bool:
    """Whether it is the Application Health extension, which the `health` block stands for."""
    return publisher.lower() == _HEALTH[0] and kind.lower() in _HEALTH[1]


def _extension(root: Path, section: Section) -> Extension:
    settings = {
        name: section.literal("settings", value) for name, value in section.pairs("settings")
    }
    return Extension(
        name=section.label,
        publisher=section.text("publisher", shape_rules.EXTENSION_PUBLISHER),
        type=section.text("type", shape_rules.EXTENSION_TYPE),
        version=section.text("version", shape_rules.EXTENSION_VERSION),
        settings=json.dumps(settings, sort_keys=True),
        protected=_protected(root, section.block("protected_settings", is_required=False)),
        after=tuple(name for name, _ in section.texts("after", shape_rules.EXTENSION) if name),
        force_update_tag=section.text("force_update_tag", shape_rules.FORCE, default=""),
    )


def _protected(root: Path, section: Section) -> Protected | None:
    """Where the settings are; never what they say."""
    file = section.text("file", shape_rules.FILE, default="")
    protected = Protected(
        environment=section.text("environment", shape_rules.VARIABLE, default=""),
        file=root / file if file else None,
        secret_url=section.text("secret_url", shape_rules.SECRET_URL, default=""),
        vault=section.text("vault", shape_rules.KEY_VAULT, default=""),
    )
    if section.is_absent:
        return None
    written = [key for key in _WAYS if section.has(key)]
    if len(written) != 1:
        what = f"protected_settings has {' and '.join(written) or 'nothing'}"
        section.mistake(section.line, what, f"it has one of {', '.join(_WAYS)}")
    if section.has("vault") != section.has("secret_url"):
        what = "protected_settings has one of secret_url and vault"
        section.mistake(section.line, what, "both name a secret of a key vault")
    return protected


def _check_kinds(sections: list[Section], found: tuple[Extension, ...]) -> None:
    """Report Application Health, and a second extension of one publisher and type."""
    seen: dict[tuple[str, str], str] = {}
    for section, one in zip(sections, found, strict=True):
        kind = (one.publisher.lower(), one.type.lower())
        if one.name.lower() == HEALTH_NAME.lower() or is_health(*kind):
            what = f"extension {one.name}: bakeswap makes Application Health itself"
            section.mistake(section.line, what, "the block health of the image says how")
        elif all(kind) and kind in seen:
            what = f"extension {one.name}: {seen[kind]} is of the same publisher and type"
            section.mistake(section.line, what, "a machine has one of each")
        seen.setdefault(kind, one.name)


def _check_order(sections: list[Section], found: tuple[Extension, ...]) -> None:
    """Report what comes after nothing, or after itself."""
    after = {one.name: one.after for one in found}
    for section, one in zip(sections, found, strict=True):
        line = section.line_of("after")
        for name in one.after:
            if name not in after:
                what = f"after: there is no extension {name}"
                section.mistake(line, what, suggestion(name, after))
        if one.name in _before(one.name, after):
            what = f"after: {one.name} comes after itself"
            section.mistake(line, what, "Azure needs an order")


def _before(name: str, after: dict[str, tuple[str, ...]]) -> set[str]:
    """All that comes before an extension."""
    found: set[str] = set()
    waiting = list(after.get(name, ()))
    while waiting:
        if (one := waiting.pop()) not in found:
            found.add(one)
            waiting += after.get(one, ())
    return found
