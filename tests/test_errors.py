"""The hierarchy of errors and its drawing."""

from __future__ import annotations

import re

from pipeline import errors
from pipeline.errors import DefinitionError, Mistake, PipelineError


def test_the_tree_in_the_docstring_names_every_error() -> None:
    listed = set(re.findall(r"[├└]── (\w+)", errors.__doc__ or ""))
    found = {
        name
        for name, value in vars(errors).items()
        if isinstance(value, type) and issubclass(value, PipelineError)
    }
    assert listed == found - {"PipelineError"}


def test_mistakes_are_told_in_order_one_line_each() -> None:
    error = DefinitionError((Mistake("b.hcl", 2, "bad", "good"), Mistake("a.hcl", 9, "wrong")))
    assert str(error) == "a.hcl:9: wrong\nb.hcl:2: bad; good"
