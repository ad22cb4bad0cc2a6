"""The only module that knows python-hcl2: its parse tree, its quotes and escapes, its errors.

HCL text becomes a `Body` of attributes and blocks, each with its line. Everything is kept as
written, also what HCL forbids and python-hcl2 accepts: an attribute that is listed twice.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

import hcl2
from lark import Token, Tree
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken


@dataclass(frozen=True, slots=True)
class Expression:
    """Something to evaluate, such as `var.location` or `"web-${var.x}"`; `text` is its source."""

    text: str


@dataclass(frozen=True, slots=True)
class Object:
    """`{ key = value }`: keys and values in the order they were written, repeated keys included."""

    pairs: tuple[tuple[str, Value], ...]


@dataclass(frozen=True, slots=True)
class Value:
    """A value and the line it begins on; a quoted string is a `str` with its escapes decoded."""

    line: int
    content: Content


Content: TypeAlias = str | int | float | bool | tuple[Value, ...] | Object | Expression | None


@dataclass(frozen=True, slots=True)
class Attribute:
    """`name = value`."""

    name: str
    line: int
    value: Value


@dataclass(frozen=True, slots=True)
class Block:
    """`kind "label" { ... }`."""

    kind: str
    labels: tuple[str, ...]
    line: int
    body: Body


@dataclass(frozen=True, slots=True)
class Body:
    """What stands in a file or between the braces of a block, in order."""

    attributes: tuple[Attribute, ...] = ()
    blocks: tuple[Block, ...] = ()


class NotHcl(Exception):
    """The text is not HCL: `line` and `column` count from 1, `reason` says what stands there."""

    def __init__(self, line: int, column: int, reason: str, right: str) -> None:
        super().__init__(reason)
        self.line = line
        self.column = column
        self.reason = reason
        self.right = right


_Node: TypeAlias = "Tree[Token] | Token"

_ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|.)", re.DOTALL)
_LAST_CHARACTER = 0x10FFFF
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
_INTERPOLATION = r"\$\{[^{}\"]*\}"  # one with quotes or braces inside is for Packer alone
_TEXT = r"\$\$\{|%%\{|[^\"\\$%]|\\.|[$%](?!\{)"
_QUOTED = re.compile(rf"\"((?:{_TEXT}|{_INTERPOLATION})*)\"")
_PIECE = re.compile(rf"(?P<text>(?:{_TEXT})+)|{_INTERPOLATION}")
_HEREDOC = re.compile(r"<<(?P<trim>-?)[\w.-]+\r?\n(?P<body>.*?)[ \t]*[\w.-]+\s*\Z", re.DOTALL)


def parse(text: str) -> Body:
    """Read HCL text; raises NotHcl."""
    try:
        tree = hcl2.parses_to_tree(text)
    except UnexpectedInput as error:
        raise _not_hcl(error, text) from error
    return _Reader(text).body(_trees(tree)[0])


def _not_hcl(error: UnexpectedInput, text: str) -> NotHcl:
    right = "a bracket, quote or value is missing there or before"
    if isinstance(error, UnexpectedToken):
        for token in _read_before(error):
            if _is_torn(token):
                return _torn(token)
        if error.token.type == "$END":
            lines = text.splitlines() or [""]
            return NotHcl(len(lines), len(lines[-1]) + 1, "the file ends too early", right)
    seen = ""
    if isinstance(error, UnexpectedToken):
        seen = error.token.partition("\n")[0].strip()
    elif isinstance(error, UnexpectedCharacters):
        seen = error.char
    what = "end of line" if not seen or seen.startswith(("#", "//")) else f"`{seen}`"
    return NotHcl(error.line, error.column, f"unexpected {what}", right)


def _read_before(error: UnexpectedToken) -> Iterator[Token]:
    """What the parser had read and not yet put together when it gave up."""
    for node in error.interactive_parser.parser_state.value_stack:
        yield from _tokens(node)


def _is_torn(token: Token) -> bool:
    return token.type == "STRING_CHARS" and "\n" in token


def _torn(token: Token) -> NotHcl:
    reason = "a quoted string continues on the next line"
    return NotHcl(token.line or 1, token.column or 1, reason, "close the quotes")


def _trees(node: Tree[Token]) -> list[Tree[Token]]:
    return [child for child in node.children if isinstance(child, Tree)]


def _tokens(node: _Node) -> Iterator[Token]:
    if isinstance(node, Token):
        yield node
    else:
        for child in node.children:
            yield from _tokens(child)


def _line(node: _Node) -> int:
    return next((token.line or 1 for token in _tokens(node)), 1)


class _Reader:
    """Turns the parse tree of one text into our values."""

    def __init__(self, text: str) -> None:
        self._text = text

    def body(self, tree: Tree[Token]) -> Body:
        children = _trees(tree)
        return Body(
            tuple(self._attribute(child) for child in children if child.data == "attribute"),
            tuple(self._block(child) for child in children if child.data == "block"),
        )

    def _attribute(self, tree: Tree[Token]) -> Attribute:
        name, expression = _trees(tree)
        return Attribute(self._name(name), _line(tree), self._value(expression))

    def _block(self, tree: Tree[Token]) -> Block:
        kind, *rest = _trees(tree)
        labels = (self._name(child) for child in rest if child.data in _NAMES)
        body = next(child for child in rest if child.data == "body")
        return Block(self._name(kind), tuple(labels), _line(tree), self.body(body))

    def _name(self, tree: Tree[Token]) -> str:
        if tree.data == "string":
            content = self.string(tree)
            return content if isinstance(content, str) else content.text
        return "".join(_tokens(tree))

    def _value(self, tree: _Node) -> Value:
        return Value(_line(tree), self._content(tree))

    def _content(self, node: _Node) -> Content:
        while isinstance(node, Tree) and node.data == "expr_term" and len(node.children) == 1:
            node = node.children[0]
        if isinstance(node, Tree) and node.data in _CONTENTS:
            return _CONTENTS[node.data](self, node)
        return self._expression(node)

    def elements(self, tree: Tree[Token]) -> Content:
        elements = (child for child in _trees(tree) if child.data != "new_line_or_comment")
        return tuple(self._value(element) for element in elements)

    def pairs(self, tree: Tree[Token]) -> Content:
        return Object(tuple(self._pairs(tree)))

    def _pairs(self, tree: Tree[Token]) -> Iterator[tuple[str, Value]]:
        for element in _trees(tree):
            if element.data == "object_elem":
                key, value = _trees(element)
                content = self._content(_trees(key)[0])
                # A bare word as a key is the key itself, not something to evaluate.
                name = content.text if isinstance(content, Expression) else str(content)
                yield name, self._value(value)

    def literal(self, tree: Tree[Token]) -> Content:
        text = "".join(token.strip() for token in _tokens(tree))
        if text in _LITERALS:
            return _LITERALS[text]
        for number in (int, float):
            try:
                return number(text)
            except ValueError:
                continue
        return self._expression(tree)

    def string(self, tree: Tree[Token]) -> str | Expression:
        parts = []
        for part in _trees(tree):
            if not isinstance(token := part.children[0], Token):
                return self._expression(tree)
            parts.append(_decoded(token))
        return "".join(parts)

    def heredoc(self, tree: Tree[Token]) -> str | Expression:
        match = _HEREDOC.match("".join(_tokens(tree)))
        if match is None or re.search(r"(?<![$%])[$%]\{", match["body"]):
            return self._expression(tree)
        body = match["body"].replace("$${", "${").replace("%%{", "%{")
        return _without_indentation(body) if match["trim"] else body

    def _expression(self, node: _Node) -> Expression:
        tokens = list(_tokens(node))
        start, end = tokens[0].start_pos or 0, tokens[-1].end_pos or 0
        return Expression(self._text[start:end].strip())


def pieces(expression: Expression) -> tuple[str | Expression, ...] | None:
    """The texts and expressions of a quoted template, `"${path.root}/x"`; None for others."""
    match = _QUOTED.fullmatch(expression.text)
    if match is None:
        return None
    return tuple(
        _plain_text(piece["text"]) if piece["text"] else Expression(piece[0][2:-1].strip())
        for piece in _PIECE.finditer(match[1])
    )


def _plain_text(text: str) -> str:
    whole = _ESCAPE.sub(lambda code: _ESCAPED.get(code[1], code[0]), text)
    return whole.replace("$${", "${").replace("%%{", "%{")


_CONTENTS: dict[str, Callable[[_Reader, Tree[Token]], Content]] = {
    "string": _Reader.string,
    "heredoc_template": _Reader.heredoc,
    "heredoc_template_trim": _Reader.heredoc,
    "int_lit": _Reader.literal,
    "float_lit": _Reader.literal,
    "unary_op": _Reader.literal,
    "literal_value": _Reader.literal,
    "tuple": _Reader.elements,
    "object": _Reader.pairs,
}
_NAMES = ("identifier", "keyword", "literal_value", "string")
_LITERALS: dict[str, bool | None] = {"true": True, "false": False, "null": None}


def _decoded(token: Token) -> str:
    if token.type != "STRING_CHARS":
        return str(token)[1:]  # `$${` and `%%{` stand for `${` and `%{`
    if _is_torn(token):
        raise _torn(token)
    return _ESCAPE.sub(lambda match: _escape(match[1], token), token)


def _escape(code: str, token: Token) -> str:
    if code in _ESCAPED:
        return _ESCAPED[code]
    if code[1:] and int(code[1:], 16) <= _LAST_CHARACTER:
        return chr(int(code[1:], 16))
    reason = rf"`\{code}` is no escape"
    raise NotHcl(token.line or 1, token.column or 1, reason, r"a backslash is written `\\`")


def _without_indentation(text: str) -> str:
    lines = text.splitlines(keepends=True)
    margin = min((len(line) - len(line.lstrip(" \t")) for line in lines if line.strip()), default=0)
    return "".join(line[margin:] if line.strip() else "\n" for line in lines)
