"""What a Packer template builds: each source of a build block, by the name that Packer gives it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from pipeline.definition.hcl import Block, Body, Content, Expression, Object

AZURE = "azure-arm"
AZURE_PLUGIN = "github.com/hashicorp/azure"
DESTINATION = "shared_image_gallery_destination"
EXCLUDES = "shared_gallery_image_version_exclude_from_latest"
"""Whether `latest` passes over a version that a source publishes."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What a source says in one place: an attribute, or that there is a block."""

    file: str
    line: int
    content: Content = None


@dataclass(frozen=True, slots=True)
class Builder:
    """One machine that `packer build` makes, and what its source says.

    `name` is what `-only` takes: `azure-arm.linux`, or `golden.azure-arm.linux` of a build block
    that is named. The keys of `settings` are those of the source, with a block's in front:
    `shared_image_gallery_destination.gallery_name`.
    """

    name: str
    kind: str
    file: str
    line: int
    settings: Mapping[str, Setting] = field(hash=False)


@dataclass(frozen=True, slots=True)
class Plugin:
    """One of `required_plugins`: the address of its source, and the versions that will do."""

    source: str
    version: str
    at: str = field(default="", compare=False)
    """Where it is written: `packer/linux/linux.pkr.hcl:4`."""

    def __str__(self) -> str:
        return f"{self.source} {self.version}".strip()


def plugins(bodies: Mapping[str, Body]) -> tuple[Plugin, ...]:
    """What a template requires besides the Azure plugin, without which nothing is baked anyway."""
    found = [
        _plugin(item.value.content, f"{file}:{item.line}")
        for file, body in bodies.items()
        for packer in body.blocks
        for block in packer.body.blocks
        if (packer.kind, block.kind) == ("packer", "required_plugins")
        for item in block.body.attributes
    ]
    return tuple(plugin for plugin in found if plugin.source and plugin.source != AZURE_PLUGIN)


def _plugin(content: Content, at: str) -> Plugin:
    pairs = content.pairs if isinstance(content, Object) else ()
    said = {name: value.content for name, value in pairs if isinstance(value.content, str)}
    return Plugin(str(said.get("source", "")), str(said.get("version", "")), at)


def builders(bodies: Mapping[str, Body]) -> tuple[Builder, ...]:
    """All builders of a template, whose files are given by name, in the order they are written."""
    sources = _sources(bodies)
    return tuple(
        builder
        for body in bodies.values()
        for block in body.blocks
        if block.kind == "build"
        for builder in _builders(block, sources)
    )


def has_source(bodies: Mapping[str, Body], kind: str) -> bool:
    """Whether a template has a source of a kind, used or not."""
    return any(address.startswith(f"{kind}.") for address in _sources(bodies))


def _sources(bodies: Mapping[str, Body]) -> dict[str, tuple[str, Block]]:
    """Every source block and its file, by its address: `azure-arm.linux`."""
    return {
        ".".join(block.labels): (file, block)
        for file, body in bodies.items()
        for block in body.blocks
        if block.kind == "source"
    }


def _builders(build: Block, sources: Mapping[str, tuple[str, Block]]) -> Iterator[Builder]:
    named = next((item.value.content for item in build.body.attributes if item.name == "name"), "")
    prefix = f"{named}." if isinstance(named, str) and named else ""
    for address, own in _used(build, sources):
        if address not in sources:
            continue  # Packer says so
        file, block = sources[address]
        kind = address.partition(".")[0]
        settings = _settings(file, block.body)
        if own:
            settings |= _settings(file, own.body)
        given = settings.get("name", Setting(file, 0)).content if own else None
        name = f"{kind}.{given}" if isinstance(given, str) else address
        yield Builder(f"{prefix}{name}", kind, file, block.line, settings)


def _used(
    build: Block, sources: Mapping[str, tuple[str, Block]]
) -> Iterator[tuple[str, Block | None]]:
    """The addresses of the sources that a build block names, with what it says of them itself."""
    for item in build.body.attributes:
        if item.name == "sources":
            elements = item.value.content
            if not isinstance(elements, tuple):
                yield from ((address, None) for address in sources)  # only Packer can tell which
                continue
            for element in elements:
                yield _address(element.content), None
    for block in build.body.blocks:
        if block.kind == "source":
            yield _address(".".join(block.labels)), block


def _address(content: Content) -> str:
    text = content.text if isinstance(content, Expression) else str(content)
    return text.removeprefix("sources.").removeprefix("source.")


def _settings(file: str, body: Body, prefix: str = "") -> dict[str, Setting]:
    found: dict[str, Setting] = {}
    for item in body.attributes:
        found[f"{prefix}{item.name}"] = Setting(file, item.line, item.value.content)
    for block in body.blocks:
        found[f"{prefix}{block.kind}"] = Setting(file, block.line)
        found |= _settings(file, block.body, f"{prefix}{block.kind}.")
    return found
