"""Plans end in drafts; hours are said and move nobody; no outcomes, no costs."""

from __future__ import annotations

import json
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest

from riskengine.errors import UseError
from riskengine.planning.compare import compare, comparison_data, comparison_report
from riskengine.planning.document import plan_data, plan_draft
from riskengine.planning.guarantee import Promise
from riskengine.planning.hours import OfficeHours
from riskengine.planning.people import caseload
from riskengine.planning.plan import Ask, make_plan
from riskengine.planning.reading import read_people
from riskengine.planning.report import plan_figures, plan_report
from riskengine.planning.search import ranks
from riskengine.policy.bands import CutOffs
from riskengine.policy.tiers import Tier
from tests.planning.conftest import TODAY

COSTS = {"miss": 10.0, "needless": 1.0}


def names(plan):
    return {one.id for one in plan.remarks}


@pytest.fixture(scope="module")
def full(engine, people, hours, past):
    ask = Ask(promise=Promise(), seed=1, **COSTS)
    return make_plan(engine, people, on=TODAY, hours=hours, past=past, ask=ask)


@pytest.fixture(scope="module")
def bare(engine, people, hours):
    ask = Ask(promise=Promise(), **COSTS)
    return make_plan(engine, people, on=TODAY, hours=hours, ask=ask)


class TestWithoutOutcomes:
    def test_there_is_workload_and_nothing_else(self, bare):
        assert "no_outcomes" in names(bare)
        assert (bare.found, bare.costs, bare.expected) == (None, None, None)
        assert (bare.how, bare.chosen) == ("kept", bare.base)
        data = plan_data(bare)
        assert data["guarantee"] is data["costs"] is data["expected_cost"] is None
        assert all(point["caught"] is None for point in data["curve"])
        assert sum(load["needed"] for load in data["hours"]["draft"]) > 0
        assert "Net benefit" not in plan_report(bare, "en").replace("no net benefit", "")

    def test_hours_alone_never_choose_cut_offs(self, engine, people, bare):
        none = {"D01 office": OfficeHours("D01 office", 1, 0.5)}
        found = make_plan(engine, people, on=TODAY, hours=none, ask=Ask(within_hours=True))
        assert found.chosen == bare.chosen
        assert {"kept", "nothing_fits", "shortage"} <= names(found)


class TestWithOutcomes:
    def test_the_draft_keeps_the_guarantee_and_is_the_cheapest_that_does(self, full, past):
        assert full.found.verdict == "given"
        assert full.chosen.relaxed_below in full.found.accepted
        assert full.how == "cost"
        scored, event = full.evidence.scored, full.evidence.event
        here = event != -1
        cuts = sorted({point.cut for point in full.curve})

        def cost(one):
            at = ranks(scored.scores, scored.steady, one)[here]
            each = full.costs.table[event[here], at]
            return float(np.average(each, weights=full.evidence.weight[here]))

        best = min(
            cost(CutOffs(low, high)) for low in full.found.accepted for high in cuts if low < high
        )
        assert cost(full.chosen) == pytest.approx(best)
        assert full.expected.cost == pytest.approx(best)

    def test_stated_cut_offs_outside_the_guarantee_are_said_to_be(
        self, engine, people, hours, past, full
    ):
        ask = Ask(promise=Promise(), cut_offs=CutOffs(full.found.highest + 3, 40))
        found = make_plan(engine, people, on=TODAY, hours=hours, past=past, ask=ask)
        assert found.how == "stated"
        assert "guarantee_not_kept" in names(found)
        assert "guarantee_not_kept" not in names(full)

    def test_the_guarantee_alone_gives_the_highest_cut_off_that_keeps_it(
        self, engine, people, hours, past, full
    ):
        ask = Ask(promise=Promise())
        found = make_plan(engine, people, on=TODAY, hours=hours, past=past, ask=ask)
        assert (found.how, found.chosen.relaxed_below) == ("guarantee", full.found.highest)

    def test_too_few_events_choose_nothing(self, engine, people, hours, past):
        events = np.flatnonzero(past.event == 1)
        few = past.event.copy()
        few[events[5:]] = 0
        small = replace(past, event=few)
        ask = Ask(promise=Promise(), **COSTS)
        found = make_plan(engine, people, on=TODAY, hours=hours, past=small, ask=ask)
        assert {"too_few_events", "guarantee", "kept"} <= names(found)
        assert found.found.verdict == "too_few_events"
        assert found.chosen == found.base

    def test_people_whom_the_scorecard_learned_from_are_refused(self, engine, people, hours, past):
        own = replace(past, sha256=engine.scorecard.document.training.data_sha256)
        ask = Ask(promise=Promise(), **COSTS)
        found = make_plan(engine, people, on=TODAY, hours=hours, past=own, ask=ask)
        assert "learned_from" in names(found)
        assert (found.found, found.costs, found.chosen) == (None, None, found.base)

    def test_another_outcome_is_refused(self, engine, people, hours, past):
        other = replace(past, outcome="reoffence")
        with pytest.raises(UseError, match="reoffence"):
            make_plan(engine, people, on=TODAY, hours=hours, past=other)

    def test_within_hours_is_a_line_of_the_draft(self, engine, people, hours, past, full):
        there = sum(load.steady for load in full.loads_before) * 0.8
        tight = {"D01 office": OfficeHours("D01 office", 1, there)}
        ask = Ask(within_hours=True, seed=1, **COSTS)
        found = make_plan(engine, people, on=TODAY, hours=tight, past=past, ask=ask)
        assert "nothing_fits" not in names(found)
        assert sum(load.steady for load in found.loads_after) <= there + 1e-9


class TestNobodyMoves:
    def test_a_shortage_changes_no_tier(self, engine, people, past):
        plans = [
            make_plan(
                engine, people, on=TODAY, past=past, ask=Ask(seed=1, **COSTS),
                hours={"D01 office": OfficeHours("D01 office", 1, there)},
            )
            for there in (1.0, 1e5)
        ]  # fmt: skip
        short, plenty = plans
        needed = [sum(load.short for load in plan.loads_after) for plan in plans]
        assert needed[0] > 0 == needed[1]
        assert "shortage" in names(short) and "shortage" not in names(plenty)
        assert short.rows == plenty.rows
        assert short.tasks == plenty.tasks
        assert short.chosen == plenty.chosen

    def test_one_persons_row_does_not_depend_on_who_else_is_there(
        self, engine, people, hours, full
    ):
        some = people[:40]
        ask = Ask(cut_offs=full.chosen)
        found = make_plan(engine, some, on=TODAY, hours=hours, ask=ask)
        assert found.rows == full.rows[:40]

    def test_hours_add_up(self, full):
        minutes = {tier: full.draft.tiers[tier].officer_minutes_per_month for tier in Tier}
        for loads, load in ((full.loads_after, full.after), (full.loads_before, full.before)):
            total = sum(
                minutes[one.ruled]
                for one in load.people
                if one.ruled is not None and one.open_to(TODAY)
            )
            assert sum(each.needed for each in loads) == pytest.approx(total / 60)
            assert all(each.low <= each.needed <= each.high for each in loads)
        assert sum(each.people for each in full.loads_after) == len(full.after.people)

    def test_the_moves_are_those_of_the_rows(self, full):
        old = [one.ruled for one in full.before.people if one.open_to(TODAY) and one.ruled]
        assert full.moves.sum() <= len(old)
        assert full.moves.sum() == len(full.after.placed) == len(full.before.placed)


class TestOutput:
    def test_the_same_input_gives_the_same_bytes(self, engine, people, hours, past, full):
        ask = Ask(promise=Promise(), seed=1, **COSTS)
        again = make_plan(engine, people, on=TODAY, hours=hours, past=past, ask=ask)
        assert json.dumps(plan_data(again)) == json.dumps(plan_data(full))
        assert plan_draft(again) == plan_draft(full)

    def test_nothing_in_it_names_a_person(self, full, past, people):
        text = json.dumps(plan_data(full)) + plan_report(full, "zh") + plan_report(full, "en")
        text += "".join(plan_figures(full, "zh").values())
        text += plan_draft(full).model_dump_json()
        assert not [one.person for one in people if one.person in text]

    def test_both_languages_say_the_same_figures(self, full):
        import re

        figures = [
            sorted(re.findall(r"\d+\.\d{4}", plan_report(full, lang))) for lang in ("zh", "en")
        ]
        assert figures[0] == figures[1] != []

    def test_plots_are_well_formed_whatever_an_office_is_called(self, engine, people):
        bad = "<script>&\"'|*\x07\u202e"
        hours = {bad: OfficeHours(bad, 1, 10.0)}
        found = make_plan(engine, people[:30], on=TODAY, hours=hours)
        for lang in ("zh", "en"):
            for svg in plan_figures(found, lang).values():
                root = ElementTree.fromstring(svg)
                assert {e.tag.split("}")[1] for e in root.iter()} <= {
                    "svg", "title", "desc", "rect", "text", "line", "g", "polyline"
                }  # fmt: skip
            report = plan_report(found, lang)
            assert "<script" not in report
            rows = [line for line in report.splitlines() if "script" in line and "---" not in line]
            assert any(line.startswith("| &lt;script&gt;") for line in rows)

    def test_the_plots_say_their_numbers(self, full):
        figures = plan_figures(full, "en")
        assert set(figures) == {"hours", "caught", "net_benefit"}
        assert f"{full.loads_after[0].needed:.0f}" in figures["hours"]


class TestCompare:
    def test_dropping_the_strict_start_needs_fewer_hours(self, engine, somebody, hours):
        document = engine.policy.document
        other = document.model_copy(update={"initial_period": None, "version": "1.0.1"})
        people = [
            somebody(f"p{n}", start_date="2026-05-20", prior_convictions_n=0, drug_use="none")
            for n in range(30)
        ]
        from tests.support.cases import ON

        found = compare(engine, document, other, people, on=ON, hours=hours)
        (first,) = [one for one in found.loads_first if one.people]
        (second,) = [one for one in found.loads_second if one.people]
        assert first.needed > second.needed
        assert first.steady == second.needed
        assert found.moves[2].sum() == 30 > found.moves[2, 2]
        data = comparison_data(found)
        assert (data["first"], data["second"]) == ("cn_default@1.0.0", "cn_default@1.0.1")
        for lang in ("zh", "en"):
            assert "cn\\_default@1.0.1" in comparison_report(found, lang)

    def test_a_policy_against_itself_moves_nobody(self, engine, people, hours):
        document = engine.policy.document
        found = compare(engine, document, document, people, on=TODAY, hours=hours)
        assert found.moves.sum() == np.trace(found.moves) > 0


class TestCaseload:
    def test_a_frame_is_read_like_a_file(self, province, engine, people, tmp_path):
        frame = province.people[
            province.people["person"].isin([one.person for one in people])
        ].drop(columns=["harm_to_others_now", "prohibition_types"])
        frame = frame.assign(assessed_on=frame["assessed_on"].dt.strftime("%Y-%m-%d"))
        path = tmp_path / "people.csv"
        frame.to_csv(path, index=False)
        (one, no_row), (two, _) = (
            read_people(source, engine.instrument, on=TODAY) for source in (frame, path)
        )
        assert [a.to_dict() for a in one] == [a.to_dict() for a in two]
        assert len(one) == len(people) and no_row == []
        early = TODAY.replace(year=2021)
        assert [len(found) for found in read_people(frame, engine.instrument, on=early)] == [
            0, len(people)
        ]  # fmt: skip

    def test_a_person_stands_there_once(self, engine, people):
        with pytest.raises(UseError, match="two assessments"):
            caseload(engine, [people[0], people[0]], on=TODAY)

    def test_no_office_is_an_office_of_its_own(self, engine, somebody):
        from tests.support.cases import ON

        found = caseload(engine, [somebody("a")], on=ON)
        assert found.people[0].office == "?"
