from __future__ import annotations

from typing import Any

import pytest

from pipeline.emulator.resources.expressions import TemplateError, resolve
from pipeline.emulator.resources.functions import FUNCTIONS

KNOWN: dict[str, Any] = {
    **FUNCTIONS,
    "parameters": {"name": "web", "count": 3, "empty": ""}.__getitem__,
    "resourcegroup": lambda: {"location": "westeurope", "tags": {"run": "7"}},
}


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("plain", "plain"),
        ("[[not an expression]", "[not an expression]"),
        ("[parameters('name')]", "web"),
        ("[concat('/home/',parameters('name'),'/.ssh')]", "/home/web/.ssh"),
        ("[concat(createArray(1), createArray(2))]", [1, 2]),
        ("[resourceGroup().location]", "westeurope"),
        ("[RESOURCEGROUP().tags['run']]", "7"),
        ("[not(empty(parameters('empty')))]", False),
        ("['it''s']", "it's"),
        ("[format('{0}/{1}', 'a', parameters('count'))]", "a/3"),
        ("[if(equals(parameters('name'), 'web'), 'yes', parameters('nothing'))]", "yes"),
        ("[createArray('a', 'b')[1]]", "b"),
        ("[string(true())]", "True"),
        ("[int('12')]", 12),
        ("[split('a,b', ',')]", ["a", "b"]),
        ("[union(createArray(1, 2), createArray(2, 3))]", [1, 2, 3]),
        ("[createObject('a', 1).A]", 1),
    ],
)
def test_an_expression_has_the_value_that_azure_gives_it(source: str, value: Any) -> None:
    assert resolve(source, KNOWN) == value


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("[uniqueString('x')]", "'uniquestring' is not valid or not served"),
        ("[concat('a']", "ends too early"),
        ("[concat('a' 'b')]", "',' is expected"),
        ("[concat('a') 'b']", "unexpected ''b''"),
        ("[?]", r"unexpected '\?'"),
        ("[]", "ends too early"),
        ("[resourceGroup().nothing]", "property 'nothing' doesn't exist"),
        ("[createArray(1)[5]]", "'5' can't be evaluated"),
        ("[int('many')]", "'int' does not take these arguments"),
        ("[length()]", "'length' does not take these arguments"),
    ],
)
def test_an_expression_that_has_no_value_is_refused_with_the_reason(
    source: str, reason: str
) -> None:
    with pytest.raises(TemplateError, match=reason):
        resolve(source, KNOWN)


def test_expressions_are_resolved_wherever_they_stand() -> None:
    body = {"a": ["[parameters('name')]", 1, None], "b": {"c": "[parameters('count')]"}}
    assert resolve(body, KNOWN) == {"a": ["web", 1, None], "b": {"c": 3}}
