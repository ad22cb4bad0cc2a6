"""Reading a Packer template, a folder of `*.pkr.hcl` files, as far as the pipeline must know it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.definition import files
from pipeline.definition.builders import AZURE, builders, has_source, plugins
from pipeline.definition.hcl import Block, Body, Content
from pipeline.definition.model import Template
from pipeline.definition.reading import Report, report_repeated
from pipeline.definition.uses import ANY, Output, Reader, local_values, uses, writes

GUARDING = frozenset({"secure_boot_enabled", "vtpm_enabled"})
"""Those without which no Trusted Launch image is baked."""


@dataclass(frozen=True, slots=True)
class _Variable:
    name: str
    line: int
    has_default: bool
    is_sensitive: bool


def read_templates(root: Path, report: Report) -> dict[str, Template]:
    """Every folder under packer/, by name; each reports apart."""
    return {
        folder.name: read_template(root, folder, report.part("template", folder.name))
        for folder in files.folders(root / "packer")
    }


def read_template(root: Path, folder: Path, report: Report) -> Template:
    """The template in a folder; what is wrong with it goes to the report."""
    paths = files.named(folder, "*.pkr.hcl")
    bodies = {files.relative(root, path): files.parse(root, path, report) for path in paths}
    parsed = {name: body for name, body in bodies.items() if body is not None}
    for name, body in parsed.items():
        _report_all_repeated(name, body, report)
    variables = _variables(parsed, report)
    in_json = _report_json(root, folder, report, is_alone=not paths)
    if not paths and not in_json:
        right = "put a Packer template there, or remove the folder"
        report.add(files.relative(root, folder), 1, "no *.pkr.hcl file in this template", right)
    elif paths and len(parsed) == len(bodies) and not has_source(parsed, AZURE):
        right = 'add source "azure-arm" "NAME" { ... }'
        report.add(next(iter(parsed)), 1, "no azure-arm source in this template", right)
    reader = Reader(files.relative(root, folder), local_values(parsed), _defaults(parsed), {})
    outputs = _outputs(reader, parsed, report)
    return Template(
        name=folder.name,
        folder=folder,
        variables=frozenset(variables),
        sensitive=frozenset(name for name, item in variables.items() if item.is_sensitive),
        builders=builders(parsed),
        inputs=files.inputs(
            root, [folder], report, written=lambda name: any(one.matches(name) for one in outputs)
        ),
        required=frozenset(name for name, item in variables.items() if not item.has_default),
        plugins=plugins(parsed),
        uses=uses(parsed),
        outputs=outputs,
        reader=reader,
    )


def _report_json(root: Path, folder: Path, report: Report, *, is_alone: bool) -> bool:
    """Report templates in JSON, Packer's first language and the second spelling of HCL."""
    found = files.named(folder, "*.pkr.json") + (files.named(folder, "*.json") if is_alone else [])
    for path in dict.fromkeys(found):
        name = files.relative(root, path)
        right = "write it as HCL, in *.pkr.hcl"
        if not name.endswith(".pkr.json"):
            right = f"convert it: packer hcl2_upgrade -with-annotations {name}"
        report.add(name, 1, "a template in JSON", right)
    return bool(found)


def _outputs(reader: Reader, bodies: dict[str, Body], report: Report) -> tuple[Output, ...]:
    """What it writes in the project, unless that is the template itself."""
    found = []
    for place in writes(bodies):
        for named in replace(reader, unknown=ANY).paths(place.content):
            output = Output(named.text)
            if any(output.matches(name) for name in bodies):
                what = f"{place.key} may write over {reader.folder} itself"
                right = 'write into a folder of its own: "${path.root}/out/"'
                report.add(place.file, place.line, what, right)
            elif not named.is_elsewhere:
                found.append(output)
    return tuple(found)


def _defaults(bodies: dict[str, Body]) -> dict[str, Content]:
    """What the variables of a template are without being given anything."""
    found: dict[str, Content] = {}
    for body in bodies.values():
        for block in body.blocks:
            for item in block.body.attributes:
                if block.kind == "variable" and block.labels and item.name == "default":
                    found[block.labels[0]] = item.value.content
                elif block.kind == "variables":
                    found[item.name] = item.value.content
    return found


def _variables(bodies: dict[str, Body], report: Report) -> dict[str, _Variable]:
    found: dict[str, _Variable] = {}
    for file, body in bodies.items():
        for variable in _declared(body):
            if variable.name in found:
                what = f"a second variable {variable.name} in this template"
                report.add(file, variable.line, what, "keep one")
            found.setdefault(variable.name, variable)
    return found


def _declared(body: Body) -> Iterator[_Variable]:
    for block in body.blocks:
        if block.kind == "variable" and block.labels:
            given = {item.name: item.value.content for item in block.body.attributes}
            is_sensitive = given.get("sensitive") is True
            yield _Variable(block.labels[0], block.line, "default" in given, is_sensitive)
        elif block.kind == "variables":
            for item in block.body.attributes:
                yield _Variable(item.name, item.line, has_default=True, is_sensitive=False)


def _report_all_repeated(file: str, body: Body, report: Report) -> None:
    report_repeated(file, body.attributes, report)
    for block in _below(body):
        report_repeated(file, block.body.attributes, report)


def _below(body: Body) -> Iterator[Block]:
    for block in body.blocks:
        yield block
        yield from _below(block.body)
