"""What a version says of its bake that only the machine knows which baked it."""

from __future__ import annotations

from pipeline.execution.packer.tools import find_tools, packer_version
from pipeline.execution.run.work import Work
from pipeline.planning.evidence.documents import with_tools
from pipeline.planning.names import Tag


def baked_tags(work: Work) -> dict[str, str]:
    """Who started the bake, and with which Packer and plugin: whoever checks it may have others."""
    tools = find_tools()
    return {
        Tag.BAKED_BY: work.run.by,
        Tag.BAKED_WITH: with_tools(packer_version(tools), tools.plugin_version),
    }
