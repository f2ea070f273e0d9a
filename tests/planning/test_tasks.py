"""A batch writes a simulation and tasks; what is too old says nothing but that."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta

import pytest

from riskengine.errors import IntakeError
from riskengine.planning.hours import read_hours
from riskengine.planning.people import caseload
from riskengine.planning.register import Registered, read_register
from riskengine.planning.tasks import SimulatedRow, Task, as_csv, simulate, tasks
from riskengine.policy.history import PastTier
from riskengine.policy.tiers import Tier
from tests.support.cases import ON

STRICT, ORDINARY, RELAXED = Tier.STRICT, Tier.ORDINARY, Tier.RELAXED
LONG_AGO = date(2026, 1, 2)


def line(tier, since=LONG_AGO, reviewed=None, office="A"):
    return Registered(office, PastTier(tier, since), reviewed or ON)


def rows_of(engine, people, register=None, on=ON):
    load = caseload(engine, people, on=on, register=register)
    return {row.person: row for row in simulate(load)}, tasks(load)


class TestStale:
    def test_an_assessment_older_than_a_review_is_stale_and_says_nothing(self, engine, somebody):
        person = somebody("a", warnings_n=1)  # strict: a review in 30 days
        for days, state in ((30, "simulated"), (31, "stale")):
            rows, found = rows_of(
                engine, [person], {"a": line(STRICT)}, on=ON + timedelta(days=days)
            )
            assert rows["a"].state == state
            assert bool(rows["a"].would_be) == (state == "simulated")
            assert ("reassess" in [t.kind for t in found]) == (state == "stale")
        assert (rows["a"].binding_rule, rows["a"].status) == ("", "")
        assert rows["a"].in_force == "strict"

    def test_the_tier_in_force_decides_how_long_it_is_fresh(self, engine, somebody):
        person = somebody("a")
        for tier, state in ((STRICT, "stale"), (RELAXED, "simulated")):
            rows, _ = rows_of(engine, [person], {"a": line(tier)}, on=ON + timedelta(days=45))
            assert (rows["a"].state == "stale") == (state == "stale")

    def test_a_term_that_is_over_is_said_and_nothing_is_simulated(self, engine, somebody):
        person = somebody("a", end_date="2026-06-10", warnings_n=1)
        for day, state in ((date(2026, 6, 10), "simulated"), (date(2026, 6, 11), "term_over")):
            rows, found = rows_of(engine, [person], {"a": line(RELAXED)}, on=day)
            assert rows["a"].state == state
            assert bool(found) == bool(rows["a"].would_be) == (state == "simulated")


class TestTasks:
    def test_a_difference_asks_for_a_review_and_changes_nothing(self, engine, somebody):
        rows, found = rows_of(engine, [somebody("a", warnings_n=1)], {"a": line(RELAXED)})
        assert (rows["a"].in_force, rows["a"].would_be) == ("relaxed", "strict")
        (task,) = found
        assert (task.kind, task.detail) == ("review_due", "relaxed->strict")
        assert not {"tier", "decision"} & set(SimulatedRow.__dataclass_fields__)

    def test_no_difference_no_task(self, engine, somebody):
        _, found = rows_of(engine, [somebody("a", warnings_n=1)], {"a": line(STRICT)})
        assert found == ()

    def test_overdue_reviews_are_visible_and_move_nobody(self, engine, somebody):
        overdue = {"a": line(STRICT, reviewed=ON - timedelta(days=31))}
        rows, found = rows_of(engine, [somebody("a", warnings_n=1)], overdue)
        assert [t.kind for t in found] == ["overdue_review"]
        assert rows["a"].would_be == "strict"
        on_time = {"a": line(STRICT, reviewed=ON - timedelta(days=30))}
        assert rows_of(engine, [somebody("a", warnings_n=1)], on_time)[1] == ()

    def test_safety_comes_first_then_what_is_overdue(self, engine, somebody):
        people = [
            somebody("a", warnings_n=1),
            somebody("b", warnings_n=1, self_harm_flag="3"),
            somebody("c", without=("last_appraisal",)),
            somebody("d", warnings_n=1),
        ]
        register = {
            "a": line(RELAXED),
            "b": line(STRICT),
            "c": line(STRICT),
            "d": line(STRICT, reviewed=ON - timedelta(days=40)),
        }
        _, found = rows_of(engine, people, register)
        assert [(t.place, t.kind, t.person) for t in found] == [
            (1, "alert", "b"),
            (2, "overdue_review", "d"),
            (3, "complete", "c"),
            (4, "review_due", "a"),
        ]

    def test_each_office_has_its_own_order(self, engine, somebody):
        people = [somebody(name, warnings_n=1) for name in "ab"]
        register = {"a": line(RELAXED), "b": line(RELAXED, office="B")}
        _, found = rows_of(engine, people, register)
        assert [(t.office, t.place) for t in found] == [("A", 1), ("B", 1)]

    def test_no_tier_is_said(self, engine, somebody):
        rows, _ = rows_of(engine, [somebody("a", without=("last_appraisal",))])
        assert (rows["a"].state, rows["a"].would_be) == ("no_tier", "")

    def test_formulas_in_names_are_made_harmless(self):
        row = Task("=cmd()", 1, "alert", "a", "2026-01-01", "")
        (cells,) = list(csv.reader(io.StringIO(as_csv([row], Task))))[1:]
        assert cells[0] == "'=cmd()"


class TestFiles:
    def test_hours_in_gb18030(self, tmp_path):
        path = tmp_path / "h.csv"
        path.write_bytes("office,officers,hours_per_month\n甲乡,2,120.5\n".encode("gb18030"))
        assert read_hours(path)["甲乡"].hours_per_month == 120.5

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("office,officers\nA,1\n", "columns .*hours_per_month"),
            ("office,officers,hours_per_month\nA,one,3\n", r"row 1: \[officers\] \[one\]"),
            ("office,officers,hours_per_month\nA,1,-3\n", r"\[hours_per_month\] \[-3\]"),
            ("office,officers,hours_per_month\nA,1,nan\n", r"\[nan\]"),
            ("office,officers,hours_per_month\nA,1,3\nA,1,3\n", "row 2: .*named twice"),
            ("office,officers,hours_per_month\nA,1\n", "row 1: not 3 cells"),
            ("office,officers,hours_per_month\n", "no office"),
        ],
    )
    def test_mistakes_in_the_hours(self, tmp_path, text, words):
        path = tmp_path / "h.csv"
        path.write_text(text)
        with pytest.raises(IntakeError, match=words):
            read_hours(path)

    @pytest.mark.parametrize(
        ("row", "words"),
        [
            ("a,A,high,2026-01-01,", r"\[tier\] \[high\]; accepted: relaxed, ordinary, strict"),
            ("a,A,strict,yesterday,", r"\[since\] \[yesterday\]"),
            ("a,A,strict,,", r"\[since\] \[\]"),
            ("a,A,strict,2026-01-02,2026-01-01", r"\[reviewed\]"),
            ("a,A,,,2026-01-01", r"\[reviewed\]"),
            ("a,,strict,2026-01-01,", r"\[office\]"),
            (",A,strict,2026-01-01,", r"\[person\]"),
        ],
    )
    def test_mistakes_in_the_register(self, tmp_path, row, words):
        path = tmp_path / "r.csv"
        path.write_text(f"person,office,tier,since,reviewed\n{row}\n")
        with pytest.raises(IntakeError, match=f"r.csv: row 1: .*{words}"):
            read_register(path)

    def test_a_register(self, tmp_path):
        path = tmp_path / "r.csv"
        path.write_text(
            "person,office,tier,since,reviewed\na,A,strict,2026-01-01,2026-02-01\nb,A,,,\n"
        )
        found = read_register(path)
        assert found["a"].past == PastTier(STRICT, date(2026, 1, 1))
        assert found["a"].reviewed == date(2026, 2, 1)
        assert found["b"] == Registered("A", None, None)
