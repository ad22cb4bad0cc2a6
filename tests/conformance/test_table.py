"""The committed table is what the locked packages say."""

from __future__ import annotations

from pipeline.emulator.models.exceptions import (
    ANSWERED,
    ENVELOPE,
    LOOKED_AT,
    OPEN_ENUMS,
    UNDOCUMENTED,
)
from pipeline.emulator.models.table import Shape, model_of, spellings_of, type_of
from tests.conformance.generate import COMMAND, TABLE, table, text_of


def test_the_committed_table_is_what_the_locked_packages_say() -> None:
    made = text_of(table())

    assert made == TABLE.read_text(), f"run `{COMMAND}`"


def test_the_table_says_what_a_scale_set_is() -> None:
    scale_sets = type_of("microsoft.compute/virtualmachinescalesets")
    assert scale_sets is not None
    put = scale_sets.operations["PUT"]
    properties = model_of("compute", "VirtualMachineScaleSetProperties").properties

    assert (put.codes, put.body, put.answer, put.long) == (
        (200, 201),
        "VirtualMachineScaleSet",
        "VirtualMachineScaleSet",
        True,
    )
    assert scale_sets.operations["GET *"].answer == "VirtualMachineScaleSet"
    assert scale_sets.operations["POST poweroff"].codes == (200, 202)
    assert properties["provisioningState"].read_only
    assert properties["orchestrationMode"].shape == Shape("enum", "compute", "OrchestrationMode")
    assert spellings_of("compute", "OrchestrationMode")["uniform"] == "Uniform"


def test_the_table_knows_what_is_compulsory_and_what_is_an_array_or_a_map() -> None:
    rule = model_of("network", "LoadBalancingRulePropertiesFormat").properties
    vault = model_of("compute", "VirtualMachineScaleSet").properties

    assert rule["frontendPort"].required and not rule["probe"].required
    assert str(rule["backendAddressPools"].shape) == "SubResource[]"
    assert str(vault["tags"].shape) == "{string: string}"


def test_a_type_that_no_package_knows_has_none() -> None:
    assert type_of("Microsoft.Nothing/things") is None


def test_every_exception_has_its_source_and_none_is_out_of_date() -> None:
    exceptions = {**UNDOCUMENTED, **ANSWERED, **LOOKED_AT, **OPEN_ENUMS, **ENVELOPE}
    known = {name for name in {**UNDOCUMENTED, **ANSWERED} if _has(*name.split("."))}

    assert [name for name, source in exceptions.items() if len(source) < 12] == []
    assert known == set()
    assert all(_has(*name.split(".")) for name in LOOKED_AT)


def _has(model: str, name: str) -> bool:
    """Whether a model of the table has a property by now."""
    package = "compute" if model.startswith("Gallery") else "network"
    return name in model_of(package, model).properties
