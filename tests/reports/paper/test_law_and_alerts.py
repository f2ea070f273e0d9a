"""What stops the form, and what is dealt with today: on paper as in the program."""

from __future__ import annotations

import itertools
from datetime import date, timedelta

import pytest

from riskengine.explanation.judgement import legal_view
from riskengine.policy.statutory import Case
from riskengine.reports.paper.by_hand import score_on_paper
from tests.support.officer import NOT_KNOWN, fill_in, order_of
from tests.support.paper_forms import ON, shipped
from tests.support.policies import person

CONDUCT = ("last_appraisal", "admonitions_n", "warnings_n", "ps_penalties_n", "commendations_n")


def stops_as_read(answers: dict[str, object], kind: str, on: date) -> dict[str, bool]:
    """The provisions as an officer reads them off the form, written down a second time."""
    known = {
        item: answer
        for item, answer in answers.items()
        if not (isinstance(answer, str) and answer in NOT_KNOWN)
    }
    ages = []
    if "birth_date" in known and "start_date" in known:
        born, start = known["birth_date"], known["start_date"]
        ages.append(start.year - born.year - ((start.month, start.day) < (born.month, born.day)))
    if "age_at_start" in known:
        ages.append(known["age_at_start"])
    minor = known.get("is_minor_profile")
    on_file = ["legal_status", "offence_type", "correction_stage"]
    if kind == "reassessment":
        on_file += CONDUCT
    facts = ["admonitions_n", "warnings_n", "ps_penalties_n", "missed_reports_90d",
             "unapproved_leave_90d", "intake_lateness"]  # fmt: skip
    if kind == "intake":
        facts += ["prior_convictions_n", "prior_custody", "prior_supervision_failure"]
    notice = known.get("notice_given_date")
    return {
        "H01": "legal_status" in known and known["legal_status"] not in ("01", "02", "03", "04"),
        "H08": minor is True or any(age < 18 for age in ages),
        "H08.age": not ages and minor is None,
        "H18": notice is None or notice > on,
        "H03": any(item not in known for item in on_file),
        "H19": "legal_status" not in known
        or "offence_type" not in known
        or not any(item in known for item in facts),
    }


CHOICES: dict[str, tuple[object, ...]] = {
    "legal_status": ("02", "05", "unknown"),
    "is_minor_profile": (False, True, "not_asked"),
    "birth_date": (date(1985, 5, 5), date(2008, 6, 2), "not_asked"),
    "start_date": (date(2025, 12, 1), "not_asked"),
    "age_at_start": (17, 18, "not_asked"),
    "notice_given_date": (ON, ON + timedelta(days=1), "not_asked"),
    "offence_type": ("theft", "refused"),
    "correction_stage": ("middle", "not_asked"),
    "warnings_n": (0, "not_asked"),
    "last_appraisal": ("pass", "not_asked"),
}
REST = {"ps_penalties_n": 0, "admonitions_n": 0, "commendations_n": 0}
STATUS = {"refuse": "refuse", "separate_profile": "separate_profile", "hold": "hold"}


@pytest.mark.parametrize("kind", ["intake", "reassessment"])
@pytest.mark.parametrize("rest", [REST, {}])
def test_the_form_stops_where_the_law_stops_the_program(kind, rest):
    engine, form = shipped()
    assert [row.id for row in form.stops] == ["H01", "H08", "H08.age", "H18", "H03", "H19"]
    order = order_of(engine.instrument)
    seen = set()
    for values in itertools.product(*CHOICES.values()):
        answers = {**rest, **dict(zip(CHOICES, values, strict=True))}
        assessment = person(engine.instrument, answers, kind=kind, on=ON)
        stop = legal_view(engine.law, assessment, ON).stop
        stops = stops_as_read(answers, kind, ON)
        first = next((row for row in form.stops if stops[row.id]), None)
        assert (None if first is None else first.id) == (
            None if stop is None else stop.constraint
        ), answers  # fmt: skip
        seen.add(None if first is None else first.id)
        if first is not None:
            ticks = fill_in(form, answers, on=ON, order=order, kind=kind, stops=stops)
            found = score_on_paper(form, ticks)
            assert (found.stop, found.score, found.tier) == (first.stop, None, None)
            assert stop.consequence == first.stop
    assert {"H01", "H08", "H08.age", "H18", "H03"} <= seen


def test_the_signs_on_the_form_raise_the_alerts_of_the_program():
    engine, form = shipped()
    by_id = engine.instrument.by_id
    items = {sign[0] for row in form.alerts for sign in row.signs}
    choices = []
    for name in sorted(items):
        item = by_id[name]
        if item.type == "multiple":
            choices.append(
                [
                    tuple(chosen)
                    for n in range(len(item.levels) + 1)
                    for chosen in itertools.combinations(item.level_ids, n)
                ]
            )
        else:
            choices.append([*item.level_ids, "not_asked"])
    raised_somewhere = set()
    for values in itertools.product(*choices):
        answers = dict(zip(sorted(items), values, strict=True))
        case = Case(person(engine.instrument, answers), ON)
        by_hand = {
            row.id
            for row in form.alerts
            for item, code, _ in row.signs
            if answers[item] == code
            or (isinstance(answers[item], tuple) and code in answers[item])
        }
        assert by_hand == set(engine.law.raised(case)), answers
        raised_somewhere |= by_hand
    assert raised_somewhere == {alert.id for alert in engine.law.alerts}
    # no other question of the instrument raises one
    for item in engine.instrument.items:
        if item.id not in items and item.levels:
            for level in item.level_ids:
                answer = (level,) if item.type == "multiple" else level
                case = Case(person(engine.instrument, {item.id: answer}), ON)
                assert not engine.law.raised(case)
