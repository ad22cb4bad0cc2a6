"""VM sizes: a small table of the usual ones, as Microsoft's size pages give them."""

from __future__ import annotations

from pipeline.emulator.arm.errors import invalid_parameter

_GIB = 1024

# Size → (virtual CPUs, memory in GiB).
_SIZES: dict[str, tuple[int, float]] = {
    "Standard_A1_v2": (1, 2),
    "Standard_A2_v2": (2, 4),
    "Standard_B1ls": (1, 0.5),
    "Standard_B1s": (1, 1),
    "Standard_B1ms": (1, 2),
    "Standard_B2s": (2, 4),
    "Standard_B2ms": (2, 8),
    "Standard_B4ms": (4, 16),
    "Standard_B2ts_v2": (2, 1),
    "Standard_B2ls_v2": (2, 4),
    "Standard_B2s_v2": (2, 8),
    "Standard_B4ls_v2": (4, 8),
    "Standard_B4s_v2": (4, 16),
    "Standard_B2ats_v2": (2, 1),
    "Standard_B2als_v2": (2, 4),
    "Standard_B2as_v2": (2, 8),
    "Standard_D1_v2": (1, 3.5),
    "Standard_D2_v2": (2, 7),
    "Standard_DS1_v2": (1, 3.5),
    "Standard_DS2_v2": (2, 7),
    "Standard_DS3_v2": (4, 14),
    "Standard_F1s": (1, 2),
    "Standard_F2s": (2, 4),
    **{
        f"Standard_{family}{cores}{suffix}": (cores, cores * gib_per_core)
        for family, gib_per_core in (("D", 4), ("E", 8))
        for cores in (2, 4, 8, 16)
        for suffix in (
            *("_v3", "s_v3", "_v4", "s_v4", "as_v4", "ds_v4", "_v5", "s_v5", "as_v5", "ads_v5"),
            *("ds_v5", "s_v6", "as_v6", "ads_v6", "ds_v6", "s_v7", "ds_v7", "as_v7", "ads_v7"),
            *("ps_v5", "pds_v5", "ps_v6", "pds_v6"),
        )
    },
    **{f"Standard_D{cores}ls_v5": (cores, cores * 2) for cores in (2, 4, 8)},
    **{
        f"Standard_D{cores}{suffix}": (cores, cores * 2)
        for cores in (2, 4, 8)
        for suffix in ("pls_v5", "pls_v6")
    },
    **{f"Standard_F{cores}s_v2": (cores, cores * 2) for cores in (2, 4, 8, 16)},
}
_BY_LOWER_CASE = {name.lower(): shape for name, shape in _SIZES.items()}


def names() -> tuple[str, ...]:
    """Every size."""
    return tuple(_SIZES)


def spelled(size: str) -> str:
    """A size as Azure spells it; unknown ones as they are."""
    return next((name for name in _SIZES if name.lower() == size.lower()), size)


def cores_and_memory(size: str) -> tuple[int, int]:
    """Virtual CPUs and memory in MiB of a size; raises ArmError as Azure refuses unknown ones."""
    shape = _BY_LOWER_CASE.get(size.lower())
    if shape is None:
        raise invalid_parameter(
            "vmSize",
            f"The value {size} provided for the VM size is not valid. The valid sizes in the "
            f"current region are: {', '.join(_SIZES)}.",
        )
    cores, gib = shape
    return cores, int(gib * _GIB)
