"""HCL is read with the line of everything, and expressions are never taken for texts."""

from __future__ import annotations

import pytest

from pipeline.definition.hcl import Content, Expression, NotHcl, Object, Value, parse


def content(expression: str) -> Content:
    """What one expression is read as."""
    return parse(f"key = {expression}\n").attributes[0].value.content


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('"plain"', "plain"),
        ('""', ""),
        (r'"a \"b\" \\ \n\t\r"', 'a "b" \\ \n\t\r'),
        (r'"\u00e4\U0001F600"', "ä😀"),
        ('"$${x} %%{y} $x 5%"', "${x} %{y} $x 5%"),
        ("12", 12),
        ("-5", -5),
        ("-12", -12),
        ("1.5", 1.5),
        ("-1.5", -1.5),
        ("1e3", 1000.0),
        ("true", True),
        ("false", False),
        ("null", None),
        ("<<EOT\n  a\n b\nEOT", "  a\n b\n"),
        ("<<-EOT\n    a\n\n      $${b}\n  EOT", "a\n\n  ${b}\n"),
        ("<<EOT\nEOT", ""),
    ],
)
def test_a_literal_is_read_as_what_it_stands_for(text: str, expected: Content) -> None:
    assert content(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "var.x",
        '"${var.x}"',
        '"web-${var.x}"',
        '"%{ if true }x%{ endif }"',
        "string",
        'upper("x")',
        "1 + 2",
        "!true",
        "-var.x",
        '("x")',
        'true ? "a" : "b"',
        "[for x in y : x]",
        "a[0]",
        "<<EOT\n${var.x}\nEOT",
    ],
)
def test_what_must_be_evaluated_stays_an_expression_with_its_source(text: str) -> None:
    assert content(text) == Expression(text)


def test_a_list_knows_the_line_of_each_element() -> None:
    assert content('[\n  "a",\n  # why\n  2, var.x,\n]') == (
        Value(2, "a"),
        Value(4, 2),
        Value(4, Expression("var.x")),
    )


def test_an_object_keeps_its_keys_in_order_also_repeated_ones() -> None:
    assert content('{\n  a = 1\n  "b c" : "x"\n  for = 2\n  a = 3\n}') == Object(
        (("a", Value(2, 1)), ("b c", Value(3, "x")), ("for", Value(4, 2)), ("a", Value(5, 3)))
    )


def test_blocks_and_attributes_know_where_they_begin() -> None:
    body = parse(
        '# first\n\na = 1\n\nouter "one" two {\n  inner {\n    b = [\n      1,\n    ]\n  }\n}\n'
    )

    outer = body.blocks[0]
    inner = outer.body.blocks[0]
    attribute = inner.body.attributes[0]
    assert (body.attributes[0].line, outer.line, inner.line, attribute.line) == (3, 5, 6, 7)
    assert (outer.kind, outer.labels, inner.labels) == ("outer", ("one", "two"), ())


def test_an_attribute_that_stands_there_twice_is_seen_twice() -> None:
    attributes = parse("a = 1\nb = 2\na = 3\n").attributes

    assert [(item.name, item.line) for item in attributes] == [("a", 1), ("b", 2), ("a", 3)]


def test_lines_are_right_after_a_heredoc_a_comment_and_windows_line_ends() -> None:
    text = "a = <<EOT\r\none\r\ntwo\r\nEOT\r\n/* three\r\nlines */\r\nb = 1\r\n"

    assert [item.line for item in parse(text).attributes] == [1, 7]


def test_a_text_without_anything_is_an_empty_body() -> None:
    assert parse("") == parse("# nothing\n")


@pytest.mark.parametrize(
    ("text", "line", "column", "reason"),
    [
        ("a =\n", 1, 4, "unexpected end of line"),
        ("a = 1\nb = # nothing\n", 2, 5, "unexpected end of line"),
        ("a = 1\n}\n", 2, 1, "unexpected `}`"),
        ("a = 1 €\n", 1, 7, "unexpected `€`"),
        ("a = \\\n", 1, 5, "unexpected `\\`"),
        ("a {\n", 1, 4, "the file ends too early"),
        ("a = [1,\n", 1, 8, "the file ends too early"),
        ('a = 1\nb = "x\n', 2, 6, "a quoted string continues on the next line"),
        ('b = "x\nc = "y"\n', 1, 6, "a quoted string continues on the next line"),
        ('b = "x\ny"\n', 1, 6, "a quoted string continues on the next line"),
        (r'a = "\d"', 1, 6, r"`\d` is no escape"),
        (r'a = "\UFFFFFFFF"', 1, 6, r"`\UFFFFFFFF` is no escape"),
    ],
)
def test_what_is_not_hcl_is_pointed_at(text: str, line: int, column: int, reason: str) -> None:
    with pytest.raises(NotHcl) as caught:
        parse(text)

    assert (caught.value.line, caught.value.column, caught.value.reason) == (line, column, reason)
