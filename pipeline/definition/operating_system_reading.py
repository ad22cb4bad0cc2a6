"""Reading which operating system a template bakes, and refusing what that one has not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from pipeline.definition.balancing import Health
from pipeline.definition.builders import Builder
from pipeline.definition.given import Given
from pipeline.definition.operating_system import LINUX, UNSAID, WINDOWS, OperatingSystem, OsType
from pipeline.definition.reading import Report, Section
from pipeline.definition.shape import ScaleSetShape
from pipeline.definition.uses import Reader

_KEY: Final = "os_type"
_WORDS: Mapping[str, OsType] = {LINUX.lower(): LINUX, WINDOWS.lower(): WINDOWS}
"""The plugin compares without regard to case (its config.go)."""


def read_system(
    builder: Builder | None, reader: Reader | None, said: Mapping[str, Given], report: Report
) -> OperatingSystem:
    """The system that the builder of an image's version says.

    A template without the key has Linux here: Packer itself refuses it.
    """
    setting = builder.settings.get(_KEY) if builder else None
    if setting is None or reader is None:
        return UNSAID
    at = f"{setting.file}:{setting.line}"
    found = replace(reader, given=said).paths(setting.content)
    texts = {named.text.lower() if named.is_whole else "" for named in found}
    names = [_WORDS[text] for text in texts if text in _WORDS]
    if len(names) == len(texts) == 1:
        return OperatingSystem(names[0], at)
    what = f'{_KEY} is neither "{LINUX}" nor "{WINDOWS}", as far as its text tells'
    report.add(setting.file, setting.line, what, f'write {_KEY} = "{LINUX}"')
    return UNSAID


def refuse_of_linux(
    system: OperatingSystem,
    scale_set: tuple[Section, ScaleSetShape],
    health: tuple[Section, Health],
) -> None:
    """Report what an image says that only machines of Linux have."""
    if not system.is_windows:
        return
    wrong = (
        (scale_set[0], "ssh_keys", bool(scale_set[1].ssh_keys), "has no SSH keys", ""),
        (
            *(health[0], "check", health[1].check is True, "forwards no ports to the health page"),
            ": its instances are asked for it when they are staged",
        ),
    )
    for section, key, is_wrong, what, then in wrong:
        if is_wrong:
            said = f"{key}: {system.at} bakes {system.name}, which {what}"
            section.mistake(section.line_of(key), said, f"remove it{then}")
