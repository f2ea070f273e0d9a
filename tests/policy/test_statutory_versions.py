"""A released constraint is never edited; a later one changes nothing about an earlier day."""

from __future__ import annotations

import inspect
import json
import re
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from riskengine import Engine
from riskengine.canonical import content_hash
from riskengine.policy.jurisdictions import statutory_set
from riskengine.policy.statutory import Case, Constraint, Found
from riskengine.store.law import find_law
from riskengine.text import Text
from tests.support.cases import FILE_BLOCK, case

GOLDEN = Path(__file__).parents[1] / "golden" / "law_1" / "cn.json"
JUNE, JULY = date(2026, 6, 15), date(2026, 7, 1)


def assessment(engine: Engine, day: date, **change):
    raw = {"person": "T-1", "kind": "reassessment", "assessed_on": day.isoformat()}
    return engine.assessment({**raw, "answers": {**FILE_BLOCK, **change}})


def stricter_group(case: Case) -> Found | None:
    """A made-up later version: no tier until a woman in the group is recorded."""
    if case.known.get("sex") != "2":
        return None
    return Found(Text(zh="（虚构）须先登记女性成员。", en="(made up) Record the woman first."))


@pytest.fixture
def engine() -> Engine:
    return Engine.load()


@pytest.fixture
def later(engine) -> Engine:
    """The same engine after a new version of H14 and a new constraint were released."""
    (old,) = [c for c in engine.law.constraints if c.id == "H14"]
    new = replace(old, valid_from=JULY, since="1.1.0", consequence="hold", check=stricter_group)
    added = Constraint(
        id="H20",
        title=Text(zh="虚构", en="made up"),
        says=Text(zh="虚构", en="made up"),
        citation=old.citation,
        valid_from=JULY,
        since="1.1.0",
        check=lambda case: Found(Text(zh="虚构的新规定", en="a made-up new rule")),
    )
    return replace(
        engine, law=replace(engine.law, constraints=(*engine.law.constraints, new, added))
    )


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_an_assessment_of_june_replays_under_the_law_of_june(engine, later, lang):
    person = assessment(engine, JUNE, sex="2")
    first = engine.recommend(person, on=JUNE, lang=lang)
    assert first.tiers
    assert first.provenance.statutory_set == "cn@1.0.0"
    assert later.law.version == "1.1.0"
    for day in (JUNE, JUNE + timedelta(days=60)):
        before, after = (e.recommend(person, on=day, lang=lang) for e in (engine, later))
        assert after.model_dump_json() == before.model_dump_json()


def test_the_last_day_of_the_old_law_and_the_first_of_the_new(engine, later):
    old_day = JULY - timedelta(days=1)
    old = later.recommend(assessment(later, old_day, sex="2"), on=old_day)
    assert old.tiers
    assert "H20" not in old.caution_ids
    new = later.recommend(assessment(later, JULY, sex="2"), on=JULY)
    assert (new.status, new.binding_rule.id) == ("incomplete", "H14")
    assert "H20" in new.caution_ids
    assert new.provenance.statutory_set == "cn@1.1.0"
    man = later.recommend(assessment(later, JULY, sex="1"), on=JULY)
    assert man.tiers


def test_a_later_version_that_ends_does_not_bring_the_old_one_back(later, cn):
    (old, new) = [c for c in later.law.constraints if c.id == "H14"]
    ended = replace(new, valid_to=date(2026, 12, 31))
    rest = tuple(c for c in later.law.constraints if c is not new)
    law = replace(later.law, constraints=(*rest, ended))
    assert old in law.in_force(JUNE)
    assert ended in law.in_force(date(2026, 12, 31))
    assert "H14" not in {c.id for c in law.in_force(date(2027, 1, 1))}


def test_a_later_provision_holds_from_its_own_day(engine):
    (old,) = [p for p in engine.law.provisions.all if p.id == "leave_lengths"]
    new = old.model_copy(
        update={"valid_from": JULY, "numbers": {**old.numbers, "office_days": 10}}
    )
    provisions = replace(engine.law.provisions, all=(*engine.law.provisions.all, new))
    later = replace(engine, law=replace(engine.law, provisions=provisions))
    for day, days in ((JULY - timedelta(days=1), "7日"), (JULY, "10日")):
        found = later.recommend(assessment(later, day, work_season="seasonal"), on=day)
        (told,) = [c for c in found.cautions if c.id == "H06.leave_lengths"]
        assert f"不超过{days}的" in told.text


def test_one_id_has_one_version_on_any_day():
    law = statutory_set("cn")
    for day in (date(2020, 7, 1), date(2021, 11, 1), JUNE, date(2030, 1, 1)):
        ids = [constraint.id for constraint in law.in_force(day)]
        assert len(ids) == len(set(ids))
    assert law.in_force(date(2020, 6, 30)) == ()
    assert law.version_on(date(2020, 6, 30)) == "0.0.0"


def test_the_set_is_applied_by_the_day_of_the_assessment(cn):
    law = find_law("cn")
    woman = case(cn, sex="2")
    assert "H14" in {f.constraint for f in law.findings(Case(woman, date(2030, 1, 1)))}
    early = replace(woman, assessed_on=date(2020, 6, 30))
    assert law.findings(Case(early, JUNE)) == ()


# ---------------------------------------------------------------- released versions


def _code(function) -> str | None:
    """What a function does, without its remarks and its layout, and the plain values it uses."""
    if function is None:
        return None
    lines = inspect.getsource(function).splitlines()
    text = "".join(line.split("  #")[0] for line in lines if not line.strip().startswith("#"))
    text = text.replace(function.__doc__ or "\0", "")
    held = {}
    for name in function.__code__.co_names:
        value = function.__globals__.get(name)
        if isinstance(value, re.Pattern):
            held[name] = value.pattern
        elif value is not None and not callable(value) and not inspect.ismodule(value):
            held[name] = repr(value)
    return content_hash([re.sub(r"[\s,()]", "", text), held])


def fingerprint(constraint: Constraint) -> str:
    """Hash of everything that one released version says and does."""
    functions = ("check", "beside", "refuses_policy", "refuses_instrument", "refuses_output")
    return content_hash(
        {
            "texts": [
                t.model_dump() for t in (constraint.title, constraint.says)
            ] + [constraint.citation.model_dump(exclude_defaults=True)],
            "dates": [str(constraint.valid_from), str(constraint.valid_to)],
            "consequence": constraint.consequence,
            "code": [_code(getattr(constraint, name)) for name in functions],
            "sealed": [
                [c.id, c.item, str(c.valid_from), str(c.valid_to), c.provision, _code(c.reveals)]
                for c in constraint.sealed
                if c.reveals.__name__ != "<lambda>"
            ],
        }
    )  # fmt: skip


def test_a_released_constraint_or_provision_was_not_edited():
    """Should this fail: put the old version back, and add yours beside it with a later day."""
    law = find_law("cn")
    now = {
        "constraints": {f"{c.id}@{c.since}": fingerprint(c) for c in law.constraints},
        "provisions": {f"{p.id}@{p.valid_from}": p.sha256 for p in law.provisions.all},
    }
    released = json.loads(GOLDEN.read_text(encoding="utf-8"))
    for kind in ("constraints", "provisions"):
        for name, stated in released[kind].items():
            assert now[kind].get(name) == stated, f"{kind} {name} was edited or removed"
        assert set(released[kind]) == set(now[kind]), f"add the new {kind} to {GOLDEN.name}"
