"""rpm's order of versions, judged by libsolv's where it is installed."""

from __future__ import annotations

import itertools
import random

import pytest

from pipeline.planning.evidence.inventory import Package
from pipeline.planning.packages import dpkg
from pipeline.planning.packages.orders import ORDERS, newest_by_place
from pipeline.planning.packages.rpm_version import Version

ORDERED = (
    *("0.9-1", "1.0~~-1", "1.0~rc1-1", "1.0~rc1^git1-1", "1.0-1", "1.0-1.el9", "1.0-1.el9_2"),
    *("1.0-2", "1.0-10", "1.0^git1~pre-1", "1.0^git1-1", "1.0^git2-1", "1.0a-1", "1.0.a-1"),
    *("1.0.1-1", "1.0.010-1", "1.1-1", "2-1", "20230101-1", "1:0.5-1", "2:0-1"),
)
LETTERS = "01290abzAZ.-_+~^"


@pytest.mark.parametrize(("older", "newer"), list(itertools.pairwise(ORDERED)))
def test_versions_have_an_order(older: str, newer: str) -> None:
    if older == "1.0a-1":
        assert Version(older) == Version(newer)
    else:
        assert Version(older) < Version(newer)
        assert Version(newer) > Version(older)


def test_some_versions_are_the_same() -> None:
    assert Version("1.0-1") == Version("0:1.00-01")
    assert len({Version("1.0-1"), Version("1_0-1"), Version("1.1-1")}) == 2
    assert Version("1.0-1") != "1.0-1"
    assert Version("x:1.0-1") == Version("0:1.0-1")
    assert Version("1.0") < Version("1.0-1")


def test_numbers_are_of_any_length() -> None:
    assert Version(f"1{'0' * 5000}-1") < Version(f"2{'0' * 5000}-1")


def test_each_manager_has_an_order_of_its_own() -> None:
    assert ORDERS["rpm"]("1.0^git1-1") < ORDERS["rpm"]("1.0.1-1")
    assert ORDERS["dpkg"] is dpkg.Version
    kernels = tuple(Package("kernel", f"5.14.0-{n}.el9", "x86_64") for n in ("427.9", "427.13"))
    (kept,) = newest_by_place(kernels, ORDERS["rpm"]).values()
    assert kept == kernels[1]
    assert newest_by_place(kernels[::-1], ORDERS["rpm"])["kernel", "x86_64"] == kernels[1]


def test_the_order_is_libsolvs() -> None:
    solv = pytest.importorskip("solv")
    pool = solv.Pool()
    pool.setdisttype(solv.Pool.DISTTYPE_RPM)
    repo = pool.add_repo("both")
    one, other = repo.add_solvable(), repo.add_solvable()
    drawn = random.Random(7)  # noqa: S311 - no secret

    def version() -> str:
        text = "".join(drawn.choices(LETTERS, k=drawn.randint(1, 6))).replace("-", "")
        return f"{drawn.choice(('', '0:', '1:'))}{text or '0'}-{drawn.choice('12')}"

    pairs = [*itertools.product(ORDERED, repeat=2)]
    pairs += [(version(), version()) for _ in range(20_000)]
    for one.evr, other.evr in pairs:
        told = one.evrcmp(other)
        mine = (Version(one.evr) > Version(other.evr)) - (Version(one.evr) < Version(other.evr))
        assert (one.evr, other.evr, mine) == (one.evr, other.evr, told)
