"""The plugins that a template requires besides the Azure one: found before the bake, or named."""

from __future__ import annotations

from collections.abc import Iterable

from pipeline.advice import Advice, Shell
from pipeline.definition.model import Template
from pipeline.errors import Unreachable
from pipeline.execution.packer.tools import Tools, installed_plugins
from pipeline.planning.plugin import bring, has_set_up


def refuse_without_plugins(template: Template, tools: Tools) -> None:
    """Raises Unreachable, naming each plugin of `required_plugins` that Packer does not find.

    Whether the version that is there will do, Packer says itself before it begins a build.
    """
    if not template.plugins:
        return
    there = [path.as_posix() for path in installed_plugins(tools)]
    missing = [
        f"{plugin} ({plugin.at})" if plugin.at else str(plugin)
        for plugin in template.plugins
        if not any(f"/{plugin.source}/" in path for path in there)
    ]
    if missing:
        raise no_plugins(template, missing, tools.plugin_path)


def no_plugins(template: Template, missing: Iterable[str], where: str = "") -> Unreachable:
    """The error that names the plugins, and the command that installs them."""
    words = f"{f'PACKER_PLUGIN_PATH={where} ' if where else ''}packer init packer/{template.name}"
    by_set_up = (Advice("set them up", Shell(bring())),) if has_set_up() else ()
    return Unreachable(
        f"template {template.name} requires plugins that Packer does not find:"
        f" {', '.join(missing)}; without a way to the vendor, `packer plugins install --path FILE"
        " SOURCE` takes a binary",
        advice=(*by_set_up, Advice("install them", Shell(words))),
    )
