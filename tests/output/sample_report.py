"""A report with everything in it: a promotion that lost a request and was led back."""

from __future__ import annotations

from dataclasses import replace

from pipeline.planning.report.report import (
    Check,
    End,
    Package,
    PackageDiff,
    Phase,
    Planned,
    Proof,
    Report,
    Step,
    Subject,
)
from pipeline.planning.report.topology import Led, Member, Pool, Topology
from pipeline.planning.report.traffic import Bucket, Lost, Traffic, Write

BEGAN = 1_795_000_000.0
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'&{{7*7}}</style>"
"""What must stay text, wherever it comes from."""


def report(mark: str = "") -> Report:
    """The report; `mark` is put into every text that others write."""
    return Report(
        Subject(
            *("20261123T181500Z-runner-7-1a2b", "promote", "shop", "web"),
            by=f"by ann on runner-7{mark}",
            typed=f"invoke promote web --why 'new heading{mark}'",
        ),
        BEGAN,
        BEGAN + 752.4,
        End(
            "failed",
            "WatchFailed",
            f"web: 1 request lost of 30112 since the swap, 0 allowed{mark}",
            (f"Now: web 1.0.0 serves, 2 of 2 healthy; 1.0.1 (rolled back) on staging.{mark}",),
            advice=(("show the state", "invoke status --env shop"), (f"look{mark}", "less x.log")),
        ),
        _plans(mark),
        ((BEGAN + 740.1, f"Swapping back: web: 1 request lost{mark}"),),
        _traffic(mark),
        _topology(1, mark),
        _topology(0, mark),
        (
            Check("test_web::test_nginx_is_running", "passed", 0.41),
            Check(f"test_web::test_page{mark}", "failed", 1.2, f"assert 'a' == 'b'{mark}"),
            Check("test_web::test_tls", "skipped", 0.0, "no TLS here"),
        ),
        PackageDiff(
            *("1.0.0", "1.0.1"),
            (
                Package("openssl", "3.0.15-1~deb12u1", "3.0.16-1~deb12u1", "security"),
                Package(f"libfoo{mark}", "", "1.2"),
            ),
        ),
        (Proof("SBOM", f"412 packages{mark}", "sbom.json"), Proof("signature", "valid")),
        ("packer.log", "junit.xml"),
    )


def _plans(mark: str) -> tuple[Planned, ...]:
    bake = Step(
        number=1,
        words=f"bake web 1.0.1 with packer/linux{mark}",
        state="done",
        began=BEGAN + 2,
        ended=BEGAN + 96.2,
        phases=tuple(
            Phase(words, BEGAN + began, BEGAN + ended)
            for words, began, ended in (
                ("Creating resource group", 4.1, 6.0),
                ("Deploying deployment template", 6.0, 29.3),
                ("Waiting for SSH to become available", 29.3, 51.0),
                (f"Provisioning with shell script: scripts/install.sh{mark}", 51.0, 74.2),
                ("Publishing to Shared Image Gallery", 74.2, 96.2),
            )
        ),
    )
    forward = (
        bake,
        Step(2, "start watching http: 50 requests per second", "done", BEGAN + 97, BEGAN + 97.2),
        Step(
            number=3,
            words="lead http from web-1-0-0 to web-1-0-1 in one write of shop-lb",
            state="done",
            began=BEGAN + 110,
            ended=BEGAN + 112.4,
        ),
        Step(
            number=4,
            words="verify production: 10 consecutive responses at http://127.81.0.2:8080",
            state="done",
            began=BEGAN + 112.4,
            ended=BEGAN + 112.9,
            seen=f"10 consecutive responses from 1.0.1{mark}",
        ),
        Step(5, "watch for 10 min: at most 0 lost requests", "failed", BEGAN + 113, BEGAN + 740),
        Step(6, "record the promotion on web-1-0-0, web-1-0-1 and in the history"),
    )
    back = (
        Step(1, "lead http back to web-1-0-0 in one write", "done", BEGAN + 741, BEGAN + 743),
        Step(2, "stop watching", "done", BEGAN + 743, BEGAN + 743.4),
    )
    return (
        Planned("promote web 1.0.0 -> 1.0.1", forward, notes=(f"rule ssh stays{mark}",)),
        Planned("rollback web 1.0.1 -> 1.0.0", back),
    )


def _traffic(mark: str) -> Traffic:
    whole: list[Bucket] = [
        (second, "http", "1.0.0" if second < 14 or second > 645 else "1.0.1", 60)
        for second in range(650)
    ]
    whole.append((638, "http", "", 1))
    close: list[Bucket] = [
        (tenth, "http", "1.0.0" if tenth < 4 else "1.0.1", 5 + tenth % 2)
        for tenth in range(-100, 100)
    ]
    old: list[Bucket] = [
        (tenth, "http", "1.0.1" if tenth < 3 else "1.0.0", 6) for tenth in range(-100, 60)
    ]
    counts = {"sent": 39000, "answered": 38999, "lost": 1}
    figures = {"p50_ms": 2.1, "p99_ms": 14.2, "longest_gap_ms": 84.0, **counts}
    return Traffic(
        BEGAN + 97,
        650.0,
        1.25,
        tuple((second * 4 // 5, rule, who, count) for second, rule, who, count in whole),
        (
            Write(14.0, "1.0.1", 16.3, 14.42, tuple(close)),
            Write(645.1, "1.0.0", 646.0, 645.4, tuple(old)),
        ),
        (Lost(638.2, 638.21, "http", f"connection refused{mark}"),),
        0,
        {
            "total": figures,
            "first_answer_ms": 300.0,
            "rules": [{"rule": "http", **figures}, {"rule": f"metrics{mark}", **figures}],
        },
    )


def _topology(serving: int, mark: str) -> Topology:
    pools = [
        Pool(
            *(f"web-1-0-{number}", role, f"1.0.{number}"),
            (Led("http", "production" if role == "serving" else "staging", "127.81.0.2:8080"),)
            if role == "serving"
            else (Led("http-staging", "staging", "127.81.0.3:8080"),),
            (f"web-1-0-{number}",),
            (Member(f"web-1-0-{number}_0{mark}", "healthy"), Member(f"web-1-0-{number}_1", "")),
        )
        for number, role in ((serving, "serving"), (1 - serving, "staged"))
    ]
    return Topology(tuple(pools))


def small() -> Report:
    """A report of a run with nothing to do."""
    full = report()
    plan = Planned("build web", (), "1.0.1 has these inputs")
    return Report(full.subject, BEGAN, BEGAN + 1.2, End("done", truth="1.0.1"), (plan,))


def interrupted() -> Report:
    """A report of a run that was interrupted."""
    return replace(report(), end=End("interrupted"))
