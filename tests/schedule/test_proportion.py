"""Dates spare work and life: they move within their window, or a remark names the article."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from riskengine.errors import ArtefactError, UseError
from riskengine.policy.history import PastTier
from riskengine.policy.tiers import Tier
from riskengine.schedule import contact_schedule, read_calendar
from tests.schedule.conftest import JUNE, ids, remark
from tests.support.cases import case

HARVEST = {
    "declared": ["work", "season"],
    "busy": [{"id": "harvest", "kind": "harvest", "first": "2026-06-10", "last": "2026-06-20"}],
}


def of(schedule, kind):
    return [item for item in schedule.items if item.kind == kind]


class TestDates:
    def test_the_same_input_gives_the_same_dates(self, make):
        assert make(calendar=HARVEST) == make(calendar=HARVEST)

    def test_it_ends_with_the_review_or_the_term(self, make):
        found = make(tier=Tier.STRICT)
        assert (found.until, found.ends_with) == (date(2026, 7, 1), "review")
        found = make(tier=Tier.STRICT, end_date="2026-06-12")
        assert (found.until, found.ends_with) == (date(2026, 6, 12), "end_of_term")
        assert all(item.date <= date(2026, 6, 12) for item in found.items)
        assert found.later == ()
        assert "ends_before" in ids(found)

    def test_what_is_rarer_than_the_review_comes_later_and_is_said(self, make):
        found = make(tier=Tier.RELAXED)  # a visit in 180 days, a review in 60
        assert not of(found, "visit")
        (visit,) = [one for one in found.later if one.kind == "visit"]
        assert (visit.window_first, visit.window_last) == (JUNE, date(2026, 11, 27))

    def test_the_next_schedule_at_the_tier_goes_on_where_the_last_ended(self, make):
        first = make(tier=Tier.RELAXED)
        second = make(tier=Tier.RELAXED, since=JUNE, on=first.until)
        uids = [item.uid for item in (*first.items, *second.items)]
        assert len(set(uids)) == len(uids)
        assert of(second, "visit")

    def test_nothing_falls_on_a_day_on_which_the_office_is_closed(self, make):
        found = make(
            tier=Tier.STRICT, calendar={"closed": [{"first": "2026-06-08", "last": "2026-06-09"}]}
        )
        days = {item.date for item in found.items}
        assert all(day.weekday() < 5 for day in days)
        assert date(2026, 6, 8) not in days
        assert "closed_days_not_declared" not in ids(found)

    def test_a_closed_window_is_a_named_conflict(self, make):
        found = make(calendar={"closed": [{"first": "2026-05-01", "last": "2027-01-01"}]})
        assert {item.status for item in found.items} == {"conflict"}
        assert set(remark(found, "office_closed").items) == {item.uid for item in found.items}


class TestConflicts:
    def test_a_date_moves_within_its_window_and_says_why(self, make):
        (plain, *_), (moved, *_) = (of(make(calendar=c), "in_person") for c in ({}, HARVEST))
        assert plain.date == moved.planned_for == date(2026, 6, 15)
        assert moved.status == "moved"
        assert moved.window_first <= moved.date <= moved.window_last
        assert not date(2026, 6, 10) <= moved.date <= date(2026, 6, 20)
        note = remark(make(calendar=HARVEST), "moved_harvest")
        assert moved.uid in note.items
        assert "art. 34" in note.citation

    def test_a_call_and_a_visit_are_possible_at_harvest_time(self, make):
        found = make(calendar=HARVEST)
        assert {item.status for item in of(found, "phone_or_online")} == {"planned"}

    def test_where_no_day_is_free_the_date_stands_and_a_remark_names_the_article(self, make):
        every = {
            "busy": [{"id": "x", "kind": "work", "first": "2026-01-01", "last": "2027-01-01"}]
        }
        found = make(calendar=every)
        stuck = of(found, "in_person") + of(found, "talk")
        assert stuck
        assert {item.status for item in stuck} == {"conflict"}
        note = remark(found, "conflict_work")
        assert {item.uid for item in stuck} <= set(note.items)
        assert "art. 34" in note.citation
        assert all("conflict_work" in item.remarks for item in stuck)

    def test_being_away_names_the_article_on_leave(self, make):
        away = {"busy": [{"id": "x", "kind": "away", "first": "2026-06-01", "last": "2026-09-01"}]}
        found = make(calendar=away)
        assert "art. 27" in remark(found, "conflict_away").citation
        assert "away_without_permit" in ids(found)
        covered = {**away, "permits": [{"first": "2026-05-01", "last": "2026-10-01"}]}
        assert "away_without_permit" not in ids(make(calendar=covered))

    def test_only_on_declared_weekdays(self, make):
        school = {
            "busy": [
                {"id": "x", "kind": "school", "first": "2026-01-01", "last": "2027-01-01",
                 "weekdays": ["mon", "tue", "wed"]}
            ]
        }  # fmt: skip
        found = make(calendar=school)
        assert {item.date.weekday() for item in of(found, "in_person")} <= {3, 4}
        assert "conflict_school" not in ids(found)

    @settings(
        max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
    )
    @given(
        st.lists(
            st.tuples(
                st.sampled_from(["work", "school", "harvest", "away", "treatment", "care"]),
                st.integers(-20, 90),
                st.integers(0, 60),
            ),
            max_size=5,
        ),
        st.sampled_from(list(Tier)),
    )
    def test_no_calendar_drops_a_contact_or_leaves_a_clash_unsaid(self, make, spans, tier):
        busy = [
            {
                "id": f"b{n}",
                "kind": kind,
                "first": str(JUNE + timedelta(days=start)),
                "last": str(JUNE + timedelta(days=start + length)),
            }
            for n, (kind, start, length) in enumerate(spans)
        ]
        plain, found = make(tier=tier), make(tier=tier, calendar={"busy": busy})
        assert {i.uid for i in plain.items} == {i.uid for i in found.items}
        for item in found.items:
            assert item.window_first <= item.date <= item.window_last
            clash = item.place in ("office", "home") and any(
                date.fromisoformat(b["first"]) <= item.date <= date.fromisoformat(b["last"])
                and (item.place == "office" or b["kind"] in ("work", "school", "away"))
                for b in busy
            )
            assert clash == (item.status == "conflict")
            if item.status in ("conflict", "moved"):
                notes = [remark(found, name) for name in item.remarks]
                assert any("art. 34" in n.citation or "art. 27" in n.citation for n in notes)


class TestTheWay:
    def test_a_long_way_joins_contacts_on_one_day(self, make):
        talks = {"tier": Tier.RELAXED, "since": date(2026, 5, 1)}
        near, far = (make(**talks, travel_minutes_to_office=minutes) for minutes in (20, 120))
        assert len(far.office_days) < len(near.office_days)
        (joined,) = [item for item in far.items if item.status == "joined"]
        assert joined.window_first <= joined.date <= joined.window_last
        assert joined.uid in remark(far, "long_way").items
        assert "long_way" not in ids(near)

    def test_the_hours_of_travel_are_told(self, make):
        found = make(travel_minutes_to_office=90)
        hours = 3 * len(found.office_days)
        assert f"about {hours:.1f} hours of travel" in remark(found, "long_way").text


class TestNotKnown:
    def test_unknown_is_never_an_answer(self, make, cn):
        found = make()
        assert {"travel_minutes_to_office", "work_season", "employment_status"} <= set(
            remark(found, "not_known").fields
        )
        known = {
            "travel_minutes_to_office": 10,
            "work_season": "all_year",
            "employment_status": "stable",
            "schooling": "none",
            "cross_county_regular": False,
            "phone_access": "own_basic",
            "reading_ability": "reads",
        }
        assert "not_known" not in ids(make(**known))
        assert "work_not_declared" in ids(make(**known))
        assert "work_not_declared" not in ids(make(**known, calendar={"declared": ["work"]}))

    @pytest.mark.parametrize(
        ("answers", "name"),
        [
            ({"work_season": "seasonal"}, "season_not_declared"),
            ({"schooling": "senior_vocational"}, "school_not_declared"),
            ({"cross_county_regular": True}, "permit_missing"),
            (
                {"legal_status": "04", "temp_exec_ground": "pregnant", "sex": "2"},
                "health_not_declared",
            ),
            ({"legal_status": "04", "temp_exec_ground": "illness"}, "health"),
            ({"phone_access": "none"}, "telephone"),
            ({"reading_ability": "does_not_read"}, "written_report"),
        ],
    )
    def test_what_the_assessment_tells_becomes_a_remark(self, make, answers, name):
        for lang in ("zh", "en"):
            assert name in ids(make(**answers, lang=lang))
        assert name not in ids(make())

    def test_a_permit_that_ends_within_the_schedule(self, make):
        permits = [{"first": "2026-01-01", "last": "2026-06-15"}]
        found = make(cross_county_regular=True, calendar={"permits": permits})
        note = remark(found, "permit_ends")
        assert "2026-06-15" in note.text
        assert not note.verified


class TestTheTier:
    def test_without_a_decision_it_is_a_draft_for_the_recommended_tier(self, make, engine, cn):
        found = make(tier=None, warnings_n=1)
        assert (found.tier, found.decided) == (Tier.STRICT, False)

    def test_two_defensible_tiers_need_a_decision(self, engine, cn):
        from tests.support.cases import ON

        undecided = next(
            assessment
            for age in range(18, 60)
            if len(
                engine.recommend(
                    assessment := case(cn, age_at_start=age, birth_date="1960-01-01"), on=ON
                ).tiers
            )
            == 2
        )
        with pytest.raises(UseError, match="a named person decides"):
            contact_schedule(engine, undecided, on=ON)
        found = contact_schedule(engine, undecided, on=ON, decided=PastTier(Tier.STRICT, ON))
        assert found.decided

    def test_a_calendar_of_somebody_else(self, make):
        with pytest.raises(UseError, match="T-2"):
            make(calendar={}, person="T-2")

    def test_a_term_that_is_over(self, make):
        with pytest.raises(UseError, match="the term ended"):
            make(end_date="2026-05-01")

    def test_a_tier_from_later_on(self, make):
        with pytest.raises(UseError, match="after the first day"):
            make(since=date(2026, 6, 2))


class TestCalendarFile:
    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ('{"format": "riskengine/calendar/1"}', "person"),
            ('{"format": "riskengine/calendar/1", "person": "A", "declared_on": "2026-01-01", '
             '"busy": [{"id": "a", "kind": "holiday", "first": "2026-01-01", '
             '"last": "2026-01-02"}]}', "busy.0.kind"),
            ('{"format": "riskengine/calendar/1", "person": "A", "declared_on": "2026-01-01", '
             '"permits": [{"first": "2026-01-03", "last": "2026-01-02"}]}', "lies before"),
            ('{"format": "riskengine/calendar/1", "person": "A", "declared_on": "2026-01-01", '
             '"diagnosis": "x"}', "diagnosis"),
        ],
    )  # fmt: skip
    def test_mistakes_are_named(self, text, words):
        with pytest.raises(ArtefactError, match=words):
            read_calendar(text.encode(), source="c.json")
