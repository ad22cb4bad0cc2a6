"""What an image.hcl says about the bake: of the rest, nothing makes an image another one.

Comments and spacing shape no image, nor does what is said about scale sets and promotions.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace

from pipeline.definition.given import Plain
from pipeline.definition.hcl import Block, Body, Content, Expression, Object, Value

NOT_BAKED = frozenset({"scale_set", "promote", "retention", "max_age"})
"""The blocks and keys of an image that come into play when it has been baked."""

NOT_BAKED_IN: Mapping[str, frozenset[str]] = {"build": frozenset({"timeout"})}
"""The keys of a block that say how it is baked, and nothing of what becomes of it."""


def digest(document: Body) -> str:
    """SHA-256 (hex) of what a parsed image.hcl says about the bake."""
    blocks = tuple(replace(block, body=_baked(block.body)) for block in document.blocks)
    text = json.dumps(_body(replace(document, blocks=blocks)), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _baked(image: Body) -> Body:
    return replace(
        image,
        attributes=tuple(item for item in image.attributes if item.name not in NOT_BAKED),
        blocks=tuple(filter(_says, map(_without, image.blocks))),
    )


def _says(block: Block) -> bool:
    """Whether a block says something about the bake."""
    is_empty = not block.body.attributes and not block.body.blocks
    return block.kind not in NOT_BAKED and not (block.kind in NOT_BAKED_IN and is_empty)


def _without(block: Block) -> Block:
    keys = NOT_BAKED_IN.get(block.kind, frozenset())
    kept = tuple(item for item in block.body.attributes if item.name not in keys)
    return replace(block, body=replace(block.body, attributes=kept))


def _body(body: Body) -> dict[str, Plain]:
    """A body without its lines."""
    return {
        "attributes": {item.name: _value(item.value) for item in body.attributes},
        "blocks": [[block.kind, *block.labels, _body(block.body)] for block in body.blocks],
    }


def _value(value: Value) -> Plain:
    content: Content = value.content
    match content:
        case tuple():
            return [_value(item) for item in content]
        case Object(pairs):
            return {"object": [[name, _value(item)] for name, item in pairs]}
        case Expression(text):
            return {"expression": text}
        case _:
            return content
