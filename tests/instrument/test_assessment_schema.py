"""The JSON Schema of an instrument accepts exactly what `Assessment.from_dict` accepts.

What concerns several answers at once (codes ``contradiction`` and ``not_applicable``) stands
beside the schema and is tested in ``test_cross_rules``.
"""

import copy
import json
from functools import lru_cache

import hypothesis
import jsonschema
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from riskengine.canonical import canonical_json
from riskengine.errors import AssessmentError
from riskengine.instrument.assessment import Assessment
from riskengine.instrument.conditions import NOT_KNOWN
from riskengine.instrument.schema import assessment_schema

CROSS_FIELD = {"contradiction", "not_applicable"}
IDENTITY_NUMBER = "11010119900307123X"

relaxed = settings(
    deadline=None,
    max_examples=200,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)

# Strings in which programs disagree: line ends, digits of other scripts, ISO weeks, half a
# character.
TRICKY = [
    *NOT_KNOWN, "", "01", "1", "true", "2026-03-31", "2026-02-30", "2026-W13-2", "2026-03-31\n",
    "２０２６-03-31", "٢٠٢٦-03-31", "0000-01-01", "9999-12-31", "2024-02-29", "2023-02-29",
    "20260331", "+026-03-31", "2026-03-31T00:00", "A-17", "A-17\n", "-A", "a" * 64, "a" * 65, "é",
    "\ud800", "\udfffx", "\U0001f600", "\x00", IDENTITY_NUMBER, IDENTITY_NUMBER.lower(),
    "11010119900307123", "110101199003071234\n", "intake", "reassessment", "full", "quick",
    "file", "open", "third_party", "riskengine/assessment/1", "riskengine/assessment/2",
]  # fmt: skip
NUMBERS = [0, 1, -1, 0.0, -0.0, 1.0, 3.0, 0.5, 2**53, 10**19, 10**400, 1e308, 5e-324, True, False]

strings = st.sampled_from(TRICKY) | st.text(st.characters(exclude_categories=()), max_size=5)
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False,
    allow_infinity=False) | st.sampled_from(NUMBERS) | strings  # fmt: skip
junk = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(strings, inner, max_size=3),
    max_leaves=6,
)
days = st.dates().map(str)
ids = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,5}", fullmatch=True)


def answers_of(item) -> st.SearchStrategy:
    codes = st.sampled_from(NOT_KNOWN)
    match item.type:
        case "nominal" | "ordinal":
            known = st.sampled_from(item.level_ids)
        case "boolean":
            known = st.booleans()
        case "integer":
            known = st.integers(int(item.minimum), int(item.maximum))
            known |= known.map(float)
        case "number":
            known = st.floats(item.minimum, item.maximum)
        case "date":
            known = days
        case "text":
            known = st.text(max_size=min(item.max_length, 12))
        case "multiple":
            known = st.lists(st.sampled_from(item.level_ids), unique=True)
        case "dates":
            known = st.lists(days, unique=True, max_size=3)
    return codes | known


@lru_cache
def documents(instrument) -> st.SearchStrategy:
    """Assessments that are right one field at a time."""
    source = st.fixed_dictionaries(
        {"source": st.sampled_from(["file", "victim"])},
        optional={"on": days, "by": ids, "disclosure": st.sampled_from(["open", "confidential"])},
    )
    items = st.lists(st.sampled_from(instrument.items), unique_by=lambda i: i.id, max_size=6)
    answers = items.flatmap(
        lambda some: st.fixed_dictionaries({i.id: answers_of(i) for i in some})
    )
    return st.fixed_dictionaries(
        {"person": ids, "assessed_on": days, "answers": answers},
        optional={
            "format": st.just("riskengine/assessment/1"),
            "instrument": st.sampled_from(
                [instrument.id, f"{instrument.id}@{instrument.version}"]
            ),
            "id": st.none() | ids,
            "kind": st.sampled_from(["intake", "reassessment"]),
            "form": st.sampled_from(["full", "quick"]),
            "sources": st.dictionaries(
                st.sampled_from([i.id for i in instrument.items]), source, max_size=2
            ),
        },
    )


def places(value, found=()):
    yield found
    if isinstance(value, dict):
        for key in value:
            yield from places(value[key], (*found, key))
    elif isinstance(value, list):
        for index, one in enumerate(value):
            yield from places(one, (*found, index))


@st.composite
def mutated(draw, instrument):
    """A right document with up to two changes that may or may not break it."""
    document = copy.deepcopy(draw(documents(instrument)))
    for _ in range(draw(st.integers(0, 2))):
        place = draw(st.sampled_from([*places(document)]))
        within = document
        for step in place[:-1]:
            within = within[step]
        if not place:
            if draw(st.booleans()):
                return draw(junk)
            document[draw(strings | ids)] = draw(junk)
            continue
        target = within[place[-1]]
        match draw(st.sampled_from(["replace", "delete", "add"])):
            case "delete":
                del within[place[-1]]
            case "add" if isinstance(target, dict):
                names = strings | st.sampled_from([item.id for item in instrument.items])
                target[draw(names)] = draw(junk)
            case "add" if isinstance(target, list):
                again = st.sampled_from(target) if target else junk
                target += draw(st.lists(again | junk, max_size=2))
            case _:
                within[place[-1]] = draw(junk)
    return document


@lru_cache
def validator(instrument):
    return jsonschema.Draft202012Validator(
        assessment_schema(instrument),
        format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER,
    )


def structural(document, instrument) -> set[tuple[str, str]]:
    try:
        Assessment.from_dict(document, instrument)
    except AssessmentError as error:
        return {(p.item, p.code) for p in error.problems if p.code not in CROSS_FIELD}
    return set()


def agree(document, instrument) -> bool:
    """Whether the document is accepted; both sides must say the same."""
    problems = structural(document, instrument)
    errors = [error.message for error in validator(instrument).iter_errors(document)]
    assert bool(problems) == bool(errors), (problems, errors)
    return not problems


def test_the_schema_is_one(instrument):
    schema = assessment_schema(instrument)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert json.loads(canonical_json(schema)) == schema, "plain JSON, in UTF-8"
    assert [*schema["properties"]["answers"]["properties"]] == [i.id for i in instrument.items]


@relaxed
@given(data=st.data())
def test_what_is_right_is_accepted_by_both(instrument, data):
    assert agree(data.draw(documents(instrument)), instrument)


@relaxed
@given(data=st.data())
def test_both_sides_agree_on_what_is_changed(instrument, data):
    agree(data.draw(mutated(instrument)), instrument)


@pytest.mark.parametrize("verdict", [True, False])
def test_the_changes_reach_both_verdicts(small_instrument, verdict):
    hypothesis.find(
        mutated(small_instrument),
        lambda document: agree(document, small_instrument) is verdict,
        settings=settings(deadline=None, database=None, phases=[Phase.generate]),
    )


BASE = {"person": "A1", "assessed_on": "2026-03-31", "answers": {}}


def small_cases():
    def answer(item, value):
        return {**BASE, "answers": {item: value}}

    def source(**entry):
        return {**BASE, "sources": {"note": entry}}

    right = [
        BASE,
        {**BASE, "id": None},
        {**BASE, "person": "x" * 64},
        answer("warnings_n", 3.0),
        answer("warnings_n", -0.0),
        answer("share", 1),
        answer("note", "not_applicable"),  # a code may be longer than the text
        answer("note", "\U0001f600" * 10),
        answer("kinds", []),
        answer("warned_on", ["2024-02-29", "2026-03-31"]),
        source(source="file", on="2026-01-01", by="clerk.7", disclosure="confidential"),
        {**BASE, "sources": {}},
    ]
    wrong = [
        None, [], "x", {},
        {**BASE, "kind": None},
        {**BASE, "sources": None},
        {**BASE, "format": None},
        {**BASE, "answers": []},
        {**BASE, "extra": 1},
        {**BASE, "instrument": "small@2.0.0"},
        *({**BASE, "person": p} for p in ("", "A1\n", "张三", "-1", "x" * 65, 7, IDENTITY_NUMBER)),
        *({**BASE, "id": p} for p in ("", "A1\n", 7, IDENTITY_NUMBER)),
        *({**BASE, "assessed_on": d} for d in ("2026-W13-2", "2026-02-30", "2026-03-31\n",
                                              "２０２６-03-31", "20260331", 20260331, None)),
        answer("warnings_n", True),
        answer("warnings_n", 3.5),
        answer("warnings_n", "3"),
        answer("warnings_n", 6),
        answer("warnings_n", 10**400),
        answer("share", False),
        answer("share", 10**400),
        answer("employed", 1),
        answer("employed", 0.0),
        answer("employed", "true"),
        answer("status", 1),
        answer("status", "01\n"),
        answer("status", ["01"]),
        answer("status", None),
        answer("note", "x" * 11),
        answer("note", "\ud800"),
        answer("note", 3),
        answer("kinds", "places"),
        answer("kinds", ["places", "places"]),
        answer("kinds", ["unknown"]),
        answer("kinds", [["places"]]),
        answer("warned_on", ["2026-03-31", "2026-03-31"]),
        answer("warned_on", [f"2{n:03}-01-01" for n in range(201)]),
        answer("months", 3),  # derived: computed, never given
        answer("ethnicity", "x"),
        answer("start", {"nested": [[[]]]}),
        source(),
        source(source="gossip"),
        source(source="file", on=None),
        source(source="file", by=IDENTITY_NUMBER),
        source(source="file", disclosure=None),
        source(source="file", extra=1),
        {**BASE, "sources": {"nothing": {"source": "file"}}},
    ]  # fmt: skip
    return [(True, one) for one in right] + [(False, one) for one in wrong]


@pytest.mark.parametrize(("verdict", "document"), small_cases())
def test_known_cases(small_instrument, verdict, document):
    assert agree(document, small_instrument) is verdict


@pytest.mark.parametrize(
    "day", ["2026-03-31\n", "2026-03-31T00:00", "2026-W13-2", "31.03.2026", ""]
)
def test_a_validator_that_ignores_formats_still_refuses_other_forms(small_instrument, day):
    lax = jsonschema.Draft202012Validator(assessment_schema(small_instrument))
    assert lax.is_valid(BASE)
    assert not lax.is_valid({**BASE, "assessed_on": day})


def test_values_that_cannot_even_be_shown_are_a_problem_like_others(small_instrument):
    deep = []
    for _ in range(100_000):
        deep = [deep]
    for value in (deep, 10**5_000):
        document = {**BASE, "answers": {"status": value, "warnings_n": value, "share": value}}
        items = {item for item, _ in structural(document, small_instrument)}
        assert items == {"status", "warnings_n", "share"}


def test_what_people_need_stands_beside(small_instrument):
    schema = assessment_schema(small_instrument)
    kinds = schema["properties"]["answers"]["properties"]["kinds"]
    assert kinds["x-label"] == {"zh": "禁止内容", "en": "What is forbidden"}
    assert (kinds["x-domain"], kinds["x-use"]) == ("file", ["rule"])
    assert kinds["x-applicable"] == {"item": "order", "is": True}
    assert schema["x-rules"][0] == {
        "id": "end_before_start",
        "when": {"item": "start", "more_than_item": "end"},
        "items": ["start", "end"],
        "message": {"zh": "终止早于起始", "en": "The end lies before the start"},
        "legal_basis": ["某法1"],
    }
    assert {"item": "note", "known": False} in schema["x-rules"][3]["when"]["all"]
