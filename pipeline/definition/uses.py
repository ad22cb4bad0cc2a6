"""Which files of this machine a Packer template uses and writes, as far as its text tells.

Packer runs in the project's folder: a relative path starts there, `path.root` is the template's
folder. Texts, variables and locals are followed; where an expression says more than that, what
stands before it names a folder, or nothing.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from pipeline.definition.given import Given, Map, Reference
from pipeline.definition.hcl import Block, Body, Content, Expression, Object, Value, pieces

_READ = frozenset(
    {
        "script", "scripts", "playbook_file", "playbook_files", "playbook_dir", "playbook_paths",
        "galaxy_file", "inventory_file", "inventory_directory", "group_vars", "host_vars",
        "role_paths", "cookbook_paths", "manifest_file", "manifest_dir", "module_paths",
        "local_state_tree", "local_pillar_roots", "custom_data_file", "user_data_file",
    }
)  # fmt: skip
"""Keys of sources, provisioners and post-processors that name files to be read."""

_WRITTEN = frozenset({"output", "output_directory", "output_path"})
"""Keys of post-processors that name what they write."""

_RUNNING = frozenset({"source", "provisioner", "error-cleanup-provisioner", "post-processor"})

_ARGUMENT = r"\"(?:[^\"\\]|\\.)*\"|[\w.\[\]]+"
_FUNCTION = re.compile(rf"\b(?:template)?file\w*\(\s*({_ARGUMENT})")
_INTERPOLATION = re.compile(r"\$\{((?:[^{}]|\{[^{}]*\})*)\}")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a template names files, and what stands there."""

    file: str
    line: int
    key: str
    content: Content = field(hash=False)


@dataclass(frozen=True, slots=True)
class Named:
    """A path relative to the project's folder, `..` resolved as far as that goes.

    Not `is_whole`: what follows only Packer can tell, and `text` is the folder before it.
    """

    text: str
    is_whole: bool = True

    def is_below(self, folder: str) -> bool:
        """Whether it is a folder, or something in it."""
        return self.text == folder or self.text.startswith(f"{folder}/")

    @property
    def is_elsewhere(self) -> bool:
        """Whether it leads out of the project."""
        return self.text.startswith("/") or self.text.partition("/")[0] == ".."

    @property
    def is_unknown(self) -> bool:
        """Whether nothing is known of it."""
        return not self.is_whole and self.text in {"", "."}


@dataclass(frozen=True, slots=True)
class Output:
    """What a template writes in the project: a path, or all below it; `*` is part of a name."""

    text: str

    def matches(self, name: str) -> bool:
        """Whether a file of the project is written by it."""
        pattern = re.escape(self.text).replace(re.escape(ANY), "[^/]*")
        return re.fullmatch(f"{pattern}(/.*)?", name) is not None


ANY = "\0"
"""In an output, for what only Packer can tell."""


def uses(bodies: Mapping[str, Body]) -> tuple[Place, ...]:
    """Everything in a template's files that names what it reads."""
    rooted = _rooted(local_values(bodies))
    return tuple(
        place for file, body in bodies.items() for place in _uses(file, body, None, rooted)
    )


def writes(bodies: Mapping[str, Body]) -> tuple[Place, ...]:
    """Everything that names what it writes on this machine."""
    return tuple(place for file, body in bodies.items() for place in _writes(file, body, None))


def local_values(bodies: Mapping[str, Body]) -> dict[str, Content]:
    """What the locals of a template say."""
    return {
        item.name: item.value.content
        for body in bodies.values()
        for block in body.blocks
        if block.kind == "locals"
        for item in block.body.attributes
    }


def _rooted(said: Mapping[str, Content]) -> re.Pattern[str]:
    """Finds what begins in a folder of this machine, by itself or by a local, up to its end."""
    names = {"path.root", "path.cwd"}
    texts = {name: " ".join(_expressions(Value(0, content))) for name, content in said.items()}
    for _ in texts:
        names |= {
            f"local.{name}"
            for name, text in texts.items()
            if any(re.search(rf"\b{re.escape(one)}\b", text) for one in names)
        }
    either = "|".join(re.escape(name) for name in sorted(names))
    return re.compile(rf"\$\{{\s*(?:{either})\s*\}}[^\s\"',;]*|\A(?:{either})\Z")


def _uses(file: str, body: Body, at: Block | None, rooted: re.Pattern[str]) -> Iterator[Place]:
    runs = at if at and at.kind in _RUNNING else None
    for item in body.attributes:
        key, content = item.name, item.value.content
        reads = key in _READ or (key in {"source", "sources"} and _is_upload(runs))
        if runs and reads:
            yield Place(file, item.line, key, content)
        elif at and at.kind != "locals" and not (runs and _is_written(key, runs)):
            for found in _expressions(item.value):
                for path in rooted.findall(found):
                    text = path if path == found else f'"{path}"'
                    yield Place(file, item.line, key, Expression(text))
        for found in _expressions(item.value):
            for argument in _read_by_functions(found):
                yield Place(file, item.line, key, argument)
    for block in body.blocks:
        yield from _uses(file, block.body, at if runs else block, rooted)


def _writes(file: str, body: Body, runs: Block | None) -> Iterator[Place]:
    for item in body.attributes:
        if runs and _is_written(item.name, runs):
            yield Place(file, item.line, item.name, item.value.content)
    for block in body.blocks:
        yield from _writes(file, block.body, block if block.kind in _RUNNING else runs)


def _is_written(key: str, runs: Block) -> bool:
    if key == "destination":
        return runs.labels == ("file",) and _downloads(runs)
    return key in _WRITTEN and runs.kind == "post-processor"


def _is_upload(runs: Block | None) -> bool:
    return runs is not None and runs.labels == ("file",) and not _downloads(runs)


def _downloads(runs: Block) -> bool:
    given = {item.name: item.value.content for item in runs.body.attributes}
    return given.get("direction") == "download"


def _expressions(value: Value) -> Iterator[str]:
    match value.content:
        case Expression(text):
            yield text
        case tuple():
            for item in value.content:
                yield from _expressions(item)
        case Object(pairs):
            for _, item in pairs:
                yield from _expressions(item)
        case _:
            pass


def _read_by_functions(text: str) -> Iterator[Expression]:
    """The first arguments of file(), templatefile(), fileset() and their kin."""
    is_text = text.startswith(('"', "<<"))
    for code in _INTERPOLATION.findall(text) if is_text else [text]:
        for argument in _FUNCTION.findall(code):
            yield Expression(argument)


@dataclass(frozen=True, slots=True)
class Reader:
    """Follows what a template says, by what its variables are given; `folder`: `packer/linux`."""

    folder: str
    locals: Mapping[str, Content] = field(hash=False)
    defaults: Mapping[str, Content] = field(hash=False)
    given: Mapping[str, Given] = field(hash=False)
    unknown: str | None = None
    """What stands for what is not known; None: the path ends before it."""

    def paths(self, content: Content) -> list[Named]:
        """The paths that stand there; none for what is no text."""
        found = [_path(text, is_whole) for text, is_whole in self._texts(content, 0)]
        return list(dict.fromkeys(found))

    def _texts(self, content: Content, depth: int) -> Iterator[tuple[str, bool]]:
        match content:
            case str():
                yield content, True
            case tuple():
                for item in content:
                    yield from self._texts(item.content, depth)
            case Object(pairs):
                for _, item in pairs:
                    yield from self._texts(item.content, depth)
            case Expression():
                yield from self._evaluated(content, depth)
            case _:
                pass

    def _evaluated(self, expression: Expression, depth: int) -> Iterator[tuple[str, bool]]:
        parts = pieces(expression)
        if parts is None:
            yield from self._named(expression.text, depth)
            return
        whole = ""
        for part in parts:
            found = [(part, True)] if isinstance(part, str) else [*self._named(part.text, depth)]
            if len(found) != 1 or not found[0][1]:
                if self.unknown is None:
                    yield whole + (found[0][0] if len(found) == 1 else ""), False
                    return
                found = [(self.unknown, True)]
            whole += found[0][0]
        yield whole, True

    def _named(self, text: str, depth: int) -> Iterator[tuple[str, bool]]:
        kind, _, name = text.partition(".")
        if text == "path.root":
            yield self.folder, True
        elif text == "path.cwd":
            yield ".", True
        elif kind == "local" and name in self.locals and depth < _DEEPEST:
            yield from self._texts(self.locals[name], depth + 1)
        elif kind == "var" and name in self.given:
            yield from _plain(self.given[name])
        elif kind == "var" and name in self.defaults:
            yield from self._texts(self.defaults[name], depth)
        else:
            yield "", False


_DEEPEST = 8
"""Locals that refer to locals: Packer refuses circles."""


def _plain(value: Given) -> Iterator[tuple[str, bool]]:
    match value:
        case str():
            yield value, True
        case tuple():
            for item in value:
                yield from _plain(item)
        case Map(pairs):
            for _, item in pairs:
                yield from _plain(item)
        case Reference("scripts" | "files") | bool() | int() | float() | None:
            pass  # what the image names itself is among its inputs
        case _:
            yield "", False


def _path(text: str, is_whole: bool) -> Named:
    if not is_whole:
        text = text[: text.rfind("/") + 1]
    return Named(posixpath.normpath(text) if text else "", is_whole)
