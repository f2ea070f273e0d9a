"""The cross-field rules, read from the JSON Schema by other eyes than the engine's.

An evaluator that shares no code with the engine takes ``x-rules``, ``x-applicable`` and
``x-derived`` of the schema, as another system would, and must find exactly what `parse_answers`
finds. Two rules are written once more in pydantic.
"""

import json
import math
from datetime import date, timedelta
from random import Random
from typing import Literal

import pydantic
import pytest
from pydantic import model_validator

from riskengine.instrument.answers import parse_answers
from riskengine.instrument.conditions import NOT_KNOWN
from riskengine.instrument.schema import assessment_schema

DRAWS = 250
DAYS = [date(1990, 2, 28), date(1996, 2, 29), date(2008, 3, 1), date(2014, 2, 28),
        date(2026, 2, 28), date(2026, 3, 31), date(2026, 9, 30), date(2031, 3, 31)]  # fmt: skip


class Reader:
    """Three-valued logic as arithmetic: true 1, not known 0, false -1."""

    def __init__(self, schema: dict, answers: dict) -> None:
        self.items = schema["properties"]["answers"]["properties"]
        self.known = {
            item: answer
            for item, answer in answers.items()
            if not (isinstance(answer, str) and answer in NOT_KNOWN)
        }
        for derived in schema["x-derived"]:
            value = self.derive(derived)
            if value is not None:
                self.known[derived["id"]] = value

    def derive(self, derived: dict) -> float | None:
        given = {}
        for name, source in derived["arguments"].items():
            if isinstance(source, str):
                if source not in self.known:
                    return None
                given[name] = self.known[source]
            else:
                given[name] = source
        match derived["function"]:
            case "months_between":
                first, last = given["start"].split("-"), given["end"].split("-")
                months = 12 * (int(last[0]) - int(first[0])) + int(last[1]) - int(first[1])
                return months if last[2] >= first[2] else months - 1
            case "age_at":
                born, on = given["birth"], given["on"]
                return int(on[:4]) - int(born[:4]) - (on[5:] < born[5:])
            case "copas_rate":
                years = 10 + given["age_at_conviction"] - given["age_at_first"]
                return math.log((given["n"] + 1) / years) if years > 0 else None
            case other:
                raise AssertionError(f"no shipped instrument used {other} so far")

    def rank(self, item: str, answer: object) -> object:
        """Ordinal levels by their place, dates and numbers as they are."""
        options = self.items.get(item, {}).get("anyOf", [{}])[0].get("enum")
        return options.index(answer) if options else answer

    def truth(self, when: dict) -> int:
        if "all" in when:
            return min(map(self.truth, when["all"]))
        if "any" in when:
            return max(map(self.truth, when["any"]))
        if "not" in when:
            return -self.truth(when["not"])
        item, (operator, value) = when["item"], next(p for p in when.items() if p[0] != "item")
        if operator == "known":
            return 1 if (item in self.known) == value else -1
        if item not in self.known:
            return 0
        answer = self.known[item]
        match operator:
            case "is":
                met = answer == value
            case "in":
                met = answer in value
            case "contains":
                met = value in answer
            case "at_least":
                met = self.rank(item, answer) >= self.rank(item, value)
            case "at_most":
                met = self.rank(item, answer) <= self.rank(item, value)
            case "more_than_item":
                if value not in self.known:
                    return 0
                met = answer > self.known[value]
        return 1 if met else -1


def items_in(when: dict, schema: dict) -> set[str]:
    """The items a condition speaks of, with the sources of those that are derived."""
    parts = when.get("all") or when.get("any") or ([when["not"]] if "not" in when else [])
    if parts:
        return set().union(*(items_in(part, schema) for part in parts))
    named = {when["item"], when.get("more_than_item", when["item"])}
    for derived in schema["x-derived"]:
        if derived["id"] in named:
            named.remove(derived["id"])
            named |= {s for s in derived["arguments"].values() if isinstance(s, str)}
    return named


def bounds_of(when: object) -> set[float]:
    if isinstance(when, list):
        return set().union(*map(bounds_of, when))
    if not isinstance(when, dict):
        return set()
    here = {
        value
        for key, value in when.items()
        if key in {"at_least", "at_most", "is"} and type(value) in (int, float)
    }
    return here | bounds_of([*when.values()])


def draw(item: dict, near: set[float], random: Random) -> object:
    """A random answer that is right by itself, often near what a rule asks for."""
    if random.random() < 0.12:
        return random.choice(NOT_KNOWN)
    answer = item["anyOf"][0]
    if "enum" in answer:
        return random.choice(answer["enum"])
    match answer.get("type", "date"):
        case "boolean":
            return random.random() < 0.5
        case "integer" | "number":
            low, high = answer["minimum"], answer["maximum"]
            some = [b + step for b in near for step in (-1, 0, 1) if low <= b + step <= high]
            return random.choice([*some, low, high, random.randint(math.ceil(low), int(high))])
        case "string":
            return "某事"
        case "array" if "enum" in answer["items"]:
            options = answer["items"]["enum"]
            return random.sample(options, random.randint(0, len(options)))
        case "array":
            return []
        case _:
            return (random.choice(DAYS) + timedelta(random.choice([-1, 0, 0, 1]))).isoformat()


def found(problems, code: str) -> list[tuple[str, str]]:
    return sorted((p.item, p.message["en"]) for p in problems if p.code == code)


def test_the_rules_of_the_schema_say_what_the_engine_says(instrument):
    schema = json.loads(json.dumps(assessment_schema(instrument)))
    items = schema["properties"]["answers"]["properties"]
    conditions = {rule["id"]: rule["when"] for rule in schema["x-rules"]} | {
        f"applicable:{name}": item["x-applicable"]
        for name, item in items.items()
        if "x-applicable" in item
    }
    random = Random(20260331)
    for name, when in conditions.items():
        seen = set()
        subjects = sorted(items_in(when, schema))
        asked = [*subjects, name.removeprefix("applicable:")] if ":" in name else subjects
        for _ in range(DRAWS):
            near = bounds_of(when)
            raw = {item: draw(items[item], near, random) for item in asked}
            if random.random() < 0.1:
                del raw[random.choice(subjects)]
            reader = Reader(schema, raw)
            seen.add(reader.truth(when))
            answers, problems = parse_answers(instrument, raw)
            assert found(problems, "contradiction") == sorted(
                (", ".join(rule["items"]), f"{', '.join(rule['items'])}: {rule['message']['en']}")
                for rule in schema["x-rules"]
                if reader.truth(rule["when"]) == 1
            ), raw
            ruled_out = {
                item
                for item, shape in items.items()
                if "x-applicable" in shape and reader.truth(shape["x-applicable"]) == -1
            }
            assert {p.item for p in problems if p.code == "not_applicable"} == {
                item for item in ruled_out if item in reader.known
            }, raw
            assert ruled_out - set(reader.known) <= {
                item for item, answer in answers.items() if answer == "not_applicable"
            }
        # a rule on `known` alone is never itself unknown
        assert {1, -1} <= seen, f"{name} was never seen true and false: {seen}"


Unless = Literal["not_asked", "refused", "not_applicable", "unknown"]


class Term(pydantic.BaseModel):
    """Two rules of the Chinese instrument once more, as a programmer would write them."""

    start_date: date | Unless = "not_asked"
    end_date: date | Unless = "not_asked"
    recidivist: bool | Unless = "not_asked"
    legal_status: Literal["01", "02", "03", "04"] | Unless = "not_asked"

    @model_validator(mode="after")
    def end_after_start(self):
        both = isinstance(self.start_date, date) and isinstance(self.end_date, date)
        if both and self.end_date < self.start_date:
            raise ValueError("end_before_start")
        return self

    @model_validator(mode="after")
    def no_recidivist_on_probation_or_parole(self):
        if self.recidivist is True and self.legal_status in ("02", "03"):
            raise ValueError("recidivist_with_probation_or_parole")
        return self


@pytest.mark.parametrize("seed", range(4))
def test_two_rules_against_pydantic(cn_instrument, seed):
    schema = assessment_schema(cn_instrument)
    items = schema["properties"]["answers"]["properties"]
    wanted = {"end_before_start", "recidivist_with_probation_or_parole"}
    rules = [rule for rule in schema["x-rules"] if rule["id"] in wanted]
    assert len(rules) == 2
    random, verdicts = Random(seed), set()
    for _ in range(200):
        raw = {name: draw(items[name], set(), random) for name in Term.model_fields}
        del raw[random.choice([*raw])]
        _, problems = parse_answers(cn_instrument, raw)
        said = {p.item for p in problems if p.code == "contradiction"}
        broken = any(", ".join(rule["items"]) in said for rule in rules)
        try:
            Term.model_validate(raw)
        except pydantic.ValidationError:
            refused = True
        else:
            refused = False
        assert broken == refused, raw
        verdicts.add(broken)
    assert verdicts == {True, False}
