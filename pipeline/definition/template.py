"""Reading a Packer template, a folder of `*.pkr.hcl` files, as far as the pipeline must know it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline.definition import files
from pipeline.definition.hcl import Block, Body
from pipeline.definition.model import Template
from pipeline.definition.reading import Report, report_repeated

# What the pipeline gives to every build. A template must declare these ...
ESSENTIAL = frozenset(
    {
        "subscription_id", "location", "temp_resource_group_name", "tags", "vm_size",
        "base_publisher", "base_offer", "base_sku", "base_version", "scripts", "files",
        "gallery_resource_group", "gallery_name", "image_name", "image_version",
        "replication_regions", "exclude_from_latest",
    }
)  # fmt: skip
# ... and is given these where it declares them.
OPTIONAL = frozenset(
    {
        "tenant_id", "client_id", "client_secret", "client_jwt", "use_azure_cli_auth",
        "oidc_request_url", "oidc_request_token",
        "cloud_environment_name", "metadata_host", "ssh_port", "virtual_network_name",
        "virtual_network_subnet_name", "virtual_network_resource_group_name",
        "shared_image_gallery_timeout", "allowed_inbound_ip_addresses",
        "secure_boot_enabled", "vtpm_enabled", "security_type",
    }
)  # fmt: skip
GUARDING = frozenset({"secure_boot_enabled", "vtpm_enabled"})
"""Those without which no Trusted Launch image is baked."""
PROVIDED = ESSENTIAL | OPTIONAL


@dataclass(frozen=True, slots=True)
class _Variable:
    name: str
    line: int
    has_default: bool
    is_sensitive: bool


def read_templates(root: Path, report: Report) -> dict[str, Template]:
    """Every folder under packer/, by name."""
    return {
        folder.name: read_template(root, folder, report)
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
    sources = tuple(_sources(parsed))
    if not paths:
        right = "put a Packer template there, or remove the folder"
        report.add(files.relative(root, folder), 1, "no *.pkr.hcl file in this template", right)
    elif len(parsed) == len(bodies):
        _check(next(iter(parsed)), variables, sources, report)
    return Template(
        name=folder.name,
        folder=folder,
        variables=frozenset(variables),
        sensitive=frozenset(name for name, item in variables.items() if item.is_sensitive),
        sources=sources,
        inputs=files.inputs(root, [folder], report),
        required=frozenset(name for name, item in variables.items() if not item.has_default),
    )


def _check(
    file: str, variables: dict[str, _Variable], sources: tuple[str, ...], report: Report
) -> None:
    if not any(source.startswith("azure-arm.") for source in sources):
        right = 'add source "azure-arm" "NAME" { ... }'
        report.add(file, 1, "no azure-arm source in this template", right)
    for name in sorted(ESSENTIAL - set(variables)):
        right = f'add variable "{name}" {{ ... }}, the pipeline sets it for each build'
        report.add(file, 1, f"no variable {name} in this template", right)


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


def _sources(bodies: dict[str, Body]) -> Iterator[str]:
    for body in bodies.values():
        for block in body.blocks:
            if block.kind == "source":
                yield ".".join(block.labels)


def _report_all_repeated(file: str, body: Body, report: Report) -> None:
    report_repeated(file, body.attributes, report)
    for block in _below(body):
        report_repeated(file, block.body.attributes, report)


def _below(body: Body) -> Iterator[Block]:
    for block in body.blocks:
        yield block
        yield from _below(block.body)
