"""Reading what the `gallery` block of an environment says of the copies of versions."""

from __future__ import annotations

from collections.abc import Collection

from pipeline.definition import rules
from pipeline.definition.reading import Section, suggestion
from pipeline.definition.replication import REPLICAS, SHALLOW, STORAGE, Replication

# Azure takes a hundred. Plugin 1.4.5 makes ten of what is more, without a word.
OF_ALL = rules.Range("a number of replicas", 1, 10, example=2)
OF_ONE = rules.Range("a number of replicas", 1, 100, example=3)
_STORAGE = rules.one_of("a storage account type", "Standard_LRS", "Standard_ZRS", "Premium_LRS")


def read_replication(section: Section, regions: Collection[str]) -> Replication:
    """The copies of a version, in the regions that it is in."""
    blocks = section.labelled("replica", rules.REGION)
    counts = {block.label: block.number("count", OF_ONE) for block in blocks}
    for block in blocks:
        if rules.REGION.accepts(block.label) and block.label not in regions:
            what = f"replica: {block.label} is neither the location nor one of replica_regions"
            section.mistake(block.line, what, suggestion(block.label, filter(None, regions)))
    is_shallow = section.truth("shallow", default=False)
    lines = [section.line_of("replicas")] if section.has("replicas") else []
    for line in (*lines, *(block.line for block in blocks)) if is_shallow else ():
        what = "replicas of a shallow version: it has one in each region"
        section.mistake(line, what, "remove them, or shallow")
    return Replication(
        replicas=section.number("replicas", OF_ALL, default=0),
        of_regions=tuple(counts.items()),
        storage=section.text("storage", _STORAGE, default=""),
        is_shallow=is_shallow,
        at={
            name: f"{section.file}:{section.line_of(name.rpartition('.')[2])}"
            for name in (REPLICAS, STORAGE, SHALLOW)
        },
    )
