"""What stands in a definition, in words."""

from __future__ import annotations

from pipeline.definition.hcl import Content, Expression


def in_words(content: Content) -> str:
    """What stands there, to complete a sentence that begins with "it is"."""
    match content:
        case Expression(text):
            first, *more = text.splitlines()
            words = f"an expression ({first} ...)" if more else f"an expression ({first})"
        case bool() | None:
            words = {True: "true", False: "false", None: "null"}[content]
        case int() | float():
            words = f"the number {content}"
        case str():
            words = f'the string "{content}"'
        case tuple():
            words = "a list"
        case _:
            words = "an object"
    return words
