"""The request body that writes down which version numbers were used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.planning.names import last_version_tag, version_key


def used(body: Mapping[str, Any], version: str) -> dict[str, Any]:
    """`PATCH …/galleries/…/images/{definition}`: the tags of a GET's body, and the number.

    Azure lets anybody delete a version, and would take its number for another one. A PATCH replaces
    all tags; the number of a series never goes down.
    """
    tags = dict(body.get("tags") or {})
    tag = last_version_tag(version.rpartition(".")[0])
    highest = max((tags.get(tag, ""), version), key=version_key)
    return {"tags": {**tags, tag: highest}}
