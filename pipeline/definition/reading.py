"""Reading sections of HCL into plain values: each key is asked for once, all mistakes are kept.

Reading goes on after a mistake with an empty value ("" or 0), so that one run finds them all.
Whoever compares values with each other skips the empty ones: their mistake is already known.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field

from pipeline.definition import rules
from pipeline.definition.faulty import Kind
from pipeline.definition.given import Plain
from pipeline.definition.hcl import Attribute, Block, Body, Expression, Object, Value
from pipeline.definition.wording import in_words
from pipeline.errors import Mistake


@dataclass(slots=True)
class Report:
    """What reading found: the mistakes, and every key it asked for (`image.base.offer`)."""

    mistakes: list[Mistake] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)
    parts: dict[tuple[Kind, str], Report] = field(default_factory=dict)
    """What was found in each image, template and environment, by kind and name."""

    def add(self, file: str, line: int, what: str, right: str = "") -> None:
        """Keep a mistake."""
        self.mistakes.append(Mistake(file, line, what, right))

    def part(self, kind: Kind, name: str) -> Report:
        """The report of one of them: its mistakes are told apart, its keys are not."""
        return self.parts.setdefault((kind, name), Report(keys=self.keys))


class Section:
    """The body of a file or block while it is read; `finish` reports what nobody asked for."""

    def __init__(self, file: str, body: Body, report: Report, block: Block | None = None) -> None:
        self.file = file
        self.line = block.line if block else 1
        self.label = block.labels[0] if block and block.labels else ""
        self._name = " ".join((block.kind, *(f'"{x}"' for x in block.labels))) if block else file
        self._body = body
        self._report = report
        self._path = ""
        self.is_absent = False
        self._keys: set[str] = set()
        self._kinds: set[str] = set()
        self._children: list[Section] = []
        report_repeated(file, body.attributes, report)

    def mistake(self, line: int, what: str, right: str = "", file: str = "") -> None:
        """Keep a mistake in this file, or in one that it names."""
        self._report.add(file or self.file, line, what, right)

    def line_of(self, key: str) -> int:
        """The line a key stands on; that of the section when it is absent."""
        return next((item.line for item in self._body.attributes if item.name == key), self.line)

    def has(self, key: str) -> bool:
        """Whether a key is there, whatever it says."""
        return any(item.name == key for item in self._body.attributes)

    def says(self, key: str, text: str) -> bool:
        """Whether a key is there with just this text."""
        value = self._take(key, f'"{text}"', is_required=False)
        return value is not None and value.content == text

    def text(self, key: str, rule: rules.Rule, default: str | None = None) -> str:
        """A text; "" when it is wrong, or absent without a default."""
        value = self._take(key, f'"{rule.example}"', is_required=default is None)
        if value is None:
            return default or ""
        return self.judged(key, value, rule)

    def number(self, key: str, rule: rules.Range, default: int | None = None) -> int:
        """A whole number; 0 when it is wrong, or absent without a default."""
        value = self._take(key, str(rule.example), is_required=default is None)
        if value is None:
            return default or 0
        if not isinstance(value.content, int) or isinstance(value.content, bool):
            self._wrong_type(key, value, "a whole number")
        elif not rule.accepts(value.content):
            self.mistake(
                value.line,
                f"{key} = {value.content} is not {rule.noun}",
                f"it must be {rule.right}",
            )
        else:
            return value.content
        return 0

    def truth(self, key: str, default: bool) -> bool:
        """`true` or `false`."""
        value = self._take(key, "true", is_required=False)
        if value is None:
            return default
        if not isinstance(value.content, bool):
            self._wrong_type(key, value, "true or false")
            return default
        return value.content

    def texts(
        self, key: str, rule: rules.Rule, *, is_required: bool = False
    ) -> list[tuple[str, int]]:
        """The texts of a list with their lines."""
        value = self._take(key, f'["{rule.example}", ...]', is_required=is_required)
        if value is None:
            return []
        if not isinstance(value.content, tuple):
            self._wrong_type(key, value, "a list of strings")
            return []
        return [(self.judged(key, item, rule), item.line) for item in value.content]

    def pairs(self, key: str) -> list[tuple[str, Value]]:
        """The pairs of `key = { name = value }`, repeated names reported and left out."""
        value = self._take(key, "{ name = value }", is_required=False)
        if value is None:
            return []
        if not isinstance(value.content, Object):
            self._wrong_type(key, value, "an object: { name = value }")
            return []
        pairs = value.content.pairs
        named = [Attribute(name, item.line, item) for name, item in pairs]
        report_repeated(self.file, named, self._report)
        return list(dict(pairs).items())

    def maybe(self, key: str) -> bool | None:
        """`true` or `false`; None where the key is absent."""
        said = self.truth(key, default=False)
        return said if self.has(key) else None

    def amount(self, key: str, rule: rules.Range, default: float) -> float:
        """A number, also one with a fraction, or the default where it is absent or wrong."""
        value = self._take(key, str(rule.example), is_required=False)
        if value is None:
            return default
        if not isinstance(value.content, int | float) or isinstance(value.content, bool):
            self._wrong_type(key, value, "a number")
            return default
        if not rule.lowest <= value.content <= rule.highest:
            what = f"{key} = {value.content} is not {rule.noun}"
            self.mistake(value.line, what, f"it must be from {rule.lowest} to {rule.highest}")
        return float(value.content)

    def literal(self, key: str, value: Value) -> Plain:
        """A value with all that is in it as JSON has it; expressions are mistakes."""
        content = value.content
        match content:
            case tuple():
                return [self.literal(key, item) for item in content]
            case Object(pairs):
                named = [Attribute(name, item.line, item) for name, item in pairs]
                report_repeated(self.file, named, self._report)
                return {name: self.literal(key, item) for name, item in pairs}
            case Expression():
                self._wrong_type(key, value, "a literal")
                return None
            case _:
                return content

    def block(self, kind: str, *, is_required: bool = True) -> Section:
        """The one block of a kind. An absent one reads as empty, its mistake known."""
        found = self._blocks(kind)
        for extra in found[1:]:
            self.mistake(extra.line, f"a second {kind} in {self._name}", "keep one")
        is_attribute = any(item.name == kind for item in self._body.attributes)
        if not found and is_required and not is_attribute and not self.is_absent:
            self.mistake(self.line, f"{self._name} has no {kind}", f"add a block: {kind} {{ ... }}")
        for block in found[:1]:
            if block.labels:
                self.mistake(block.line, f"{kind} has no label", f"write {kind} {{")
        return self._child(kind, found[0] if found else None)

    def text_or_block(self, kind: str, rule: rules.Rule) -> tuple[str, Section]:
        """`kind = "label"` or the one block `kind "label" { ... }`: the label, and the block.

        The block of the short form reads as empty.
        """
        if not any(block.kind == kind for block in self._body.blocks):
            return self.text(kind, rule), self._child(kind, None)
        found = self.labelled(kind, rule)
        for extra in found[1:]:
            self.mistake(extra.line, f"a second {kind} in {self._name}", "keep one")
        return (found[0].label, found[0]) if found else ("", self._child(kind, None))

    def labelled(self, kind: str, rule: rules.Rule, *, part: Kind | None = None) -> list[Section]:
        """All blocks of a kind that has one label, each label judged and used once.

        `part`: each is one of those things, and its mistakes are told apart.
        """
        sections: dict[str, Section] = {}
        for block in self._blocks(kind):
            if len(block.labels) != 1:
                self.mistake(
                    block.line, f"{kind} has one label", f'write {kind} "{rule.example}" {{'
                )
            elif block.labels[0] in sections:
                first = sections[block.labels[0]].line
                what = f'a second {kind} "{block.labels[0]}", the first is in line {first}'
                self.mistake(block.line, what, "give each a name of its own")
            else:
                name = block.labels[0]
                report = self._report.part(part, name) if part else self._report
                child = self._child(kind, block, report)
                child.judged(f"{kind} label", Value(block.line, name), rule)
                sections[name] = child
        return list(sections.values())

    def finish(self) -> None:
        """Report every key and block, here and below, that nobody asked for."""
        for attribute in self._body.attributes:
            if attribute.name in self._kinds:
                right = f"write {attribute.name} {{ ... }} without the equals sign"
                self.mistake(attribute.line, f"{attribute.name} is a block", right)
            elif attribute.name not in self._keys:
                self._unknown("key", attribute.name, attribute.line)
        for block in self._body.blocks:
            if block.kind in self._keys:
                right = f"write {block.kind} = ..."
                self.mistake(block.line, f"{block.kind} is not a block", right)
            elif block.kind not in self._kinds:
                self._unknown("block", block.kind, block.line)
        for child in self._children:
            child.finish()

    def _take(self, key: str, example: str, *, is_required: bool) -> Value | None:
        self._keys.add(key)
        self._report.keys.add(f"{self._path}{key}")
        found = [item.value for item in self._body.attributes if item.name == key]
        is_block = any(block.kind == key for block in self._body.blocks)
        if not found and is_required and not is_block and not self.is_absent:
            self.mistake(self.line, f"{self._name} has no {key}", f"add {key} = {example}")
        return found[0] if found else None

    def _blocks(self, kind: str) -> list[Block]:
        self._kinds.add(kind)
        self._report.keys.add(f"{self._path}{kind}")
        return [block for block in self._body.blocks if block.kind == kind]

    def _child(self, kind: str, block: Block | None, report: Report | None = None) -> Section:
        body = block.body if block else Body()
        child = Section(self.file, body, report or self._report, block)
        child._path = f"{self._path}{kind}."
        child.is_absent = block is None
        self._children.append(child)
        return child

    def judged(self, key: str, value: Value, rule: rules.Rule) -> str:
        """A text that a rule accepts; "" for any other value, its mistake known."""
        if not isinstance(value.content, str):
            self._wrong_type(key, value, "a string in quotes")
        elif not rule.accepts(value.content):
            self.mistake(
                value.line,
                f'{key}: "{value.content}" is not {rule.noun}',
                f"it must be {rule.right}",
            )
        else:
            return value.content
        return ""

    def _wrong_type(self, key: str, value: Value, right: str) -> None:
        self.mistake(value.line, f"{key} is {in_words(value.content)}", f"it must be {right}")

    def _unknown(self, noun: str, name: str, line: int) -> None:
        known = sorted(self._keys | self._kinds)
        self.mistake(line, f"unknown {noun} {name} in {self._name}", suggestion(name, known))


def report_repeated(file: str, attributes: Iterable[Attribute], report: Report) -> None:
    """Report every attribute that is listed twice: python-hcl2 takes the last without a word."""
    lines: dict[str, int] = {}
    for item in attributes:
        if item.name in lines:
            what = f"a second {item.name}, the first is in line {lines[item.name]}"
            report.add(file, item.line, what, "keep one")
        lines.setdefault(item.name, item.line)


def suggestion(name: str, known: Iterable[str]) -> str:
    """What somebody who wrote `name` may have meant, or all there is."""
    known = sorted(known)
    nearest = difflib.get_close_matches(name, known, n=1)
    if nearest:
        return f"did you mean {nearest[0]}?"
    return f"there is {', '.join(known)}" if known else "there is none"
