"""What people are told of the emulator."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.errors import Refused
from pipeline.local import Local, in_words

FACTS: dict[str, Any] = {
    "resource_manager": "https://127.0.0.1:9443",
    "machines": "qemu",
    "accelerator": None,
}


def test_how_machines_run_is_told_once_it_is_known() -> None:
    known = {**FACTS, "accelerator": {"kind": "kvm", "sentence": "KVM"}}
    assert in_words(FACTS).endswith("with qemu machines.")
    assert in_words(known).endswith("with qemu machines (KVM).")


def test_what_is_in_it_is_counted() -> None:
    told = in_words({**FACTS, "resources": {"Microsoft.Compute/galleries": 1}})
    assert told.endswith("qemu machines: 1 Microsoft.Compute/galleries.")


def test_an_emulator_that_is_not_running_is_said_not_to() -> None:
    assert in_words({}) == "The emulator is not running."


@pytest.mark.parametrize("address", ["https://management.azure.com", "https://10.0.0.1:9443"])
def test_a_cloud_elsewhere_is_not_taken_for_an_emulator(address: str) -> None:
    with pytest.raises(Refused, match="not an emulator on this machine"):
        Local.of(address, None)
