"""What an image is made of, in one number, and which input made it another one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

from pipeline.definition.model import AnyBase, Image, Input
from pipeline.planning.names import Tag

FORMAT = "bakeswap image 1"
"""Changed when other things go into an image than before, so that all are built anew."""

NAME_DIGITS = 4
CONTENT_DIGITS = 4
TAG_LENGTH = 256  # the longest value of a tag, Azure Resource Manager's limit
TAGS_FOR_INPUTS = 7  # plugin 1.4.5 takes 15 tags, planning/build/build.py needs 8 for other things


def fingerprint(image: Image, base: AnyBase) -> str:
    """SHA-256 (hex) over everything that shapes an image: its inputs and the pinned base.

    Build size, variables and the order of scripts are in image.hcl, which is one of the inputs.
    """
    return fingerprint_upon(image, str(base))


def fingerprint_upon(image: Image, base: str) -> str:
    """The same upon a base that is known by its words only: the tag of a version has them."""
    lines = [FORMAT, base]
    lines += [f"{item.digest}  {item.name}" for item in sorted_inputs(image)]
    return _digest("\n".join(lines))


def sorted_inputs(image: Image) -> list[Input]:
    """The inputs in the order that counts."""
    return sorted(image.inputs, key=lambda item: item.name)


def input_tags(image: Image) -> dict[str, str]:
    """Tags `inputs`, `inputs-2`, … that let a later build name the input that changed.

    Per input four digits that stand for its name and four for its content. An image with more
    inputs than tags can hold gets none: its rebuilds still happen, but name no input.
    """
    width = TAG_LENGTH // (NAME_DIGITS + CONTENT_DIGITS) * (NAME_DIGITS + CONTENT_DIGITS)
    text = "".join(_short(item) for item in sorted_inputs(image))
    pieces = [text[start : start + width] for start in range(0, len(text), width)]
    if len(pieces) > TAGS_FOR_INPUTS:
        return {}
    return {_tag(number): piece for number, piece in enumerate(pieces, start=1)}


def changes(image: Image, base: AnyBase, tags: Mapping[str, str]) -> tuple[str, ...]:
    """In words, what differs from the version that carries `tags`."""
    found = list(_changed_inputs(image.inputs, _recorded(tags)))
    if tags.get(Tag.BASE, str(base)) != str(base):
        found.append(f"base {tags[Tag.BASE]} -> {base}")
    return tuple(found) or ("the inputs changed",)


def changed_between(
    image: Image, before: Mapping[str, str], after: Mapping[str, str]
) -> tuple[str, ...]:
    """In words, which inputs differ between two versions by their tags; named as far as known.

    Versions with more inputs than tags can hold differ in their fingerprints alone.
    """
    old, new = _recorded(before), _recorded(after)
    named = {_short(item)[:NAME_DIGITS]: item.name for item in image.inputs}
    found = [
        f"{named.get(short, f'an input that is gone ({short})')}"
        f" {'is new' if short not in old else 'was removed' if short not in new else 'changed'}"
        for short in sorted(old.keys() | new.keys(), key=lambda short: named.get(short, short))
        if old.get(short) != new.get(short)
    ]
    if before.get(Tag.BASE) != after.get(Tag.BASE):
        found.append(f"base {before.get(Tag.BASE, '?')} -> {after.get(Tag.BASE, '?')}")
    is_other = before.get(Tag.FINGERPRINT) != after.get(Tag.FINGERPRINT)
    return tuple(found) or (("the inputs changed",) if is_other else ())


def _changed_inputs(inputs: Iterable[Input], recorded: Mapping[str, str]) -> Iterable[str]:
    if not recorded:
        return
    names = set()
    for item in sorted(inputs, key=lambda item: item.name):
        short = _short(item)
        name, content = short[:NAME_DIGITS], short[NAME_DIGITS:]
        names.add(name)
        if name not in recorded:
            yield f"{item.name} is new"
        elif recorded[name] != content:
            yield f"{item.name} changed"
    removed = len(set(recorded) - names)
    if removed:
        yield "an input was removed" if removed == 1 else f"{removed} inputs were removed"


def _recorded(tags: Mapping[str, str]) -> dict[str, str]:
    text = "".join(tags.get(_tag(number), "") for number in range(1, TAGS_FOR_INPUTS + 1))
    step = NAME_DIGITS + CONTENT_DIGITS
    pieces = [text[start : start + step] for start in range(0, len(text), step)]
    return {piece[:NAME_DIGITS]: piece[NAME_DIGITS:] for piece in pieces}


def _tag(number: int) -> str:
    return Tag.INPUTS if number == 1 else f"{Tag.INPUTS}-{number}"


def _short(item: Input) -> str:
    return _digest(item.name)[:NAME_DIGITS] + item.digest[:CONTENT_DIGITS]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
