"""What a template uses outside of its folder: declared by the image's `inputs`, or a mistake."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path, PurePosixPath

from pipeline.definition import files
from pipeline.definition.given import Given, values
from pipeline.definition.hcl import Content, Expression
from pipeline.definition.model import Template
from pipeline.definition.reading import Report, Section
from pipeline.definition.uses import Named, Place


def declared(root: Path, section: Section, named: Iterable[tuple[str, int]]) -> list[Path]:
    """The files and folders that `inputs` names, by their path in the project."""
    found = []
    for text, line in named:
        path = PurePosixPath(text)
        if not text:
            continue
        if path.is_absolute() or ".." in path.parts:
            right = "write its path from the folder of environments.hcl"
            section.mistake(line, f"inputs: {text} is outside of the project", right)
        elif not files.is_there(root / text):
            section.mistake(line, f"inputs: there is no file or folder {text}")
        else:
            found.append(root / text)
    return found


def check(
    template: Template,
    said: Iterable[tuple[str, Given]],
    covered: Iterable[str],
    image: str,
    report: Report,
    *,
    vouches: bool,
) -> None:
    """Report each use of a file whose change nobody would see.

    `covered` are the files and folders, by their path in the project, whose content counts.
    `vouches`: the author named the inputs, so that what only Packer can tell is among them.
    """
    if template.reader is None:
        return
    reader = replace(template.reader, given=values(template.variables, said))
    folders = [template.reader.folder, *covered]
    found = {
        (place.file, place.line, *wrong)
        for place in template.uses
        for named in reader.paths(place.content)
        if (wrong := _wrong(named, place, template, folders, image, vouches=vouches))
    }
    for mistake in sorted(found):
        report.add(*mistake)


def _wrong(
    named: Named,
    place: Place,
    template: Template,
    folders: list[str],
    image: str,
    *,
    vouches: bool,
) -> tuple[str, str] | None:
    if named.is_unknown:
        what = f"{place.key}: only Packer can tell which files {_words(place.content)} names"
        right = f'name them in inputs = [...] of image "{image}"; [] where there are no others'
        return None if vouches else (what, right)
    if named.is_elsewhere:
        what = f"{place.key}: {named.text} is outside of the project, and may change unseen"
        return what, "keep it in the project"
    if any(output.matches(named.text) for output in template.outputs):
        what = f"{place.key}: {named.text} is read, and the template writes there"
        return what, "write into a folder of its own"
    if not any(named.is_below(folder) for folder in folders):
        what = f"{place.key}: {named.text} is outside of packer/{template.name}"
        return what, f'add inputs = ["{named.text}"] to image "{image}"'
    return None


def _words(content: Content) -> str:
    return content.text.partition("\n")[0] if isinstance(content, Expression) else "that"
