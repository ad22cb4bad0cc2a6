"""Files that definitions name and whose content goes into a request body."""

from __future__ import annotations

import hashlib
from pathlib import Path

from pipeline.definition import files, shape_rules
from pipeline.definition.reading import Section, suggestion
from pipeline.definition.shape import Attached


def attached(
    folder: Path, shown: str, section: Section, key: str, largest: int = 0
) -> Attached | None:
    """The file that a key names in a folder, which people know as `shown`; None without one.

    `largest` in bytes; 0 for no limit.
    """
    text, line = section.text(key, shape_rules.FILE, default=""), section.line_of(key)
    if not text:
        return None
    name = f"{shown}/{text}" if shown else text
    if Path(text).is_absolute() or ".." in Path(text).parts:
        what = f"{key}: {text} is outside of {shown or 'this folder'}"
        section.mistake(line, what, "keep what instances need with their definition")
        return None
    content = files.content(folder / text) if files.has_file(folder / text) else None
    if content is None:
        near = suggestion(text, files.names_below(folder)) if shown else "write it"
        section.mistake(line, f"{key}: there is no file {name}", near)
        return None
    if largest and len(content) > largest:
        what = f"{key}: {name} has {len(content)} bytes"
        section.mistake(line, what, f"Azure takes at most {largest}")
    return Attached(name, hashlib.sha256(content).hexdigest(), content)
