"""What findings lead to: notes under a plan, one refusal with all lines, a table, a document."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.advice import Advice, build_image, preflight
from pipeline.errors import Refused
from pipeline.planning.names import scale_set_id
from pipeline.planning.preflight.facts import Space, Unknown
from pipeline.planning.preflight.preflight import approved, document, findings, table
from pipeline.planning.preflight.wanted import newest_eligible, wanted
from pipeline.planning.swap.staging import plan_stage
from tests.planning.preflight.examples import GOOD, PLAN, SERVING, WANTED
from tests.planning.swap.examples import ENVIRONMENT, IMAGE, VERSIONS, scale_set, surveyed


def test_what_is_wanted_is_read_from_the_steps() -> None:
    asked = wanted(ENVIRONMENT, IMAGE, "", PLAN.steps)
    made = (scale_set_id(ENVIRONMENT, "web-1-0-1"),)
    assert (asked.version, asked.added, asked.made) == ("1.0.1", 3, made)
    growing = surveyed(scale_set("1.0.0", size=5), scale_set("1.0.1"))
    grown = wanted(ENVIRONMENT, IMAGE, "1.0.1", plan_stage(growing, "1.0.1").steps)
    assert (grown.version, grown.added, grown.made) == ("1.0.1", 3, ())
    refused = wanted(ENVIRONMENT, IMAGE, "1.0.2", None)
    assert (refused.version, refused.added) == ("1.0.2", IMAGE.scale_set.capacity)
    idle = wanted(ENVIRONMENT, IMAGE, "", ())
    assert (idle.version, idle.added, idle.made) == ("", 0, ())
    assert newest_eligible(VERSIONS) == "1.0.1"
    assert newest_eligible(()) == ""


def test_a_plan_that_nothing_speaks_against_is_the_same_plan() -> None:
    assert approved(PLAN, WANTED, findings(GOOD)) == PLAN


def test_warnings_and_what_is_unknown_are_notes() -> None:
    upgrading = replace(SERVING, upgrades_itself=True, is_pinned=False)
    refused = Unknown("AuthorizationFailed: no")
    facts = replace(GOOD, scale_sets=(upgrading,), usages=refused)
    notes = approved(PLAN, WANTED, findings(facts)).notes
    assert [note.partition(";")[0] for note in notes] == [
        "unknown: quota: could not be known: AuthorizationFailed: no",
        "warning: upgrades: web-1-0-0 serves and has automatic OS upgrades: Azure reimages it to"
        " the newest version that passed its check, without a promotion",
    ]


def test_every_reason_is_in_one_refusal_with_its_fix() -> None:
    facts = replace(GOOD, size=None, space=Space(9, 11), version=None)
    with pytest.raises(Refused) as refusal:
        approved(PLAN, WANTED, findings(facts))
    lines = str(refusal.value).splitlines()
    assert lines[0] == "web 1.0.1 cannot be staged"
    assert [line.partition(":")[0] for line in lines[1:]] == ["version", "size", "addresses"]
    assert lines[3].endswith("; free 1, or give the subnet a larger or a second prefix")
    assert refusal.value.advice[0] == Advice("build a version", build_image("web"))
    assert refusal.value.advice[-1] == Advice("check again", preflight("web", "1.0.1"))


def test_a_plan_that_was_refused_keeps_its_words_and_gets_the_other_reasons() -> None:
    unplanned = Refused("web 1.0.2 cannot be promoted: it was not checked")
    facts = replace(GOOD, refusal=str(unplanned))
    with pytest.raises(Refused) as same:
        approved(unplanned, WANTED, findings(facts))
    assert same.value is unplanned
    with pytest.raises(Refused) as more:
        approved(unplanned, WANTED, findings(replace(facts, size=None)))
    first, second = str(more.value).splitlines()
    assert first == str(unplanned)
    assert second.startswith("size: Standard_D2s_v5 is not offered in westeurope; choose another")


def test_people_get_a_row_and_programs_an_object_for_each_check() -> None:
    found = findings(replace(GOOD, space=Space(9, 11)))
    rows = {row[0]: row for row in table(found).rows}
    assert rows["addresses"][1] == "FAILED"
    told = document(WANTED, found)
    assert (told["version"], told["instances"]) == ("1.0.1", 3)
    assert isinstance(told["checks"], list)
    (one,) = [line for line in told["checks"] if line["check"] == "addresses"]
    assert (one["result"], len(one["commands"])) == ("FAILED", 1)
