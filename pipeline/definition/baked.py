"""What an image.hcl says about the bake: of the rest, nothing makes an image another one.

Comments and spacing shape no image, nor does what is said about scale sets and promotions.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import TypeAlias

from pipeline.definition.hcl import Body, Content, Expression, Object, Value

NOT_BAKED = frozenset({"scale_set", "promote", "retention"})
"""The blocks and keys of an image that come into play when it has been baked."""

_Plain: TypeAlias = "str | int | float | bool | list[_Plain] | dict[str, _Plain] | None"


def digest(document: Body) -> str:
    """SHA-256 (hex) of what a parsed image.hcl says about the bake."""
    blocks = tuple(replace(block, body=_baked(block.body)) for block in document.blocks)
    text = json.dumps(_body(replace(document, blocks=blocks)), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _baked(image: Body) -> Body:
    return replace(
        image,
        attributes=tuple(item for item in image.attributes if item.name not in NOT_BAKED),
        blocks=tuple(block for block in image.blocks if block.kind not in NOT_BAKED),
    )


def _body(body: Body) -> dict[str, _Plain]:
    """A body without its lines."""
    return {
        "attributes": {item.name: _value(item.value) for item in body.attributes},
        "blocks": [[block.kind, *block.labels, _body(block.body)] for block in body.blocks],
    }


def _value(value: Value) -> _Plain:
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
