"""Paper equals program for every score: every cell, every sum, every band, not a sample.

A score is a sum over questions (and pairs of them). So paper and program agree on all scores if
they agree on every cell of every question and every pair, and if the program does add. The first
is checked for every answer, the second for the whole space of states of the shipped model.
"""

from __future__ import annotations

import itertools
import json
import math

import numpy as np
import pytest

from riskengine.errors import UseError
from riskengine.explanation.missing import open_range
from riskengine.instrument.items import DerivedItem, Item
from riskengine.policy.tiers import Tier
from riskengine.reports.paper.by_hand import Ticks, add_up, band_of
from riskengine.reports.paper.items import item_rows
from riskengine.reports.paper.words import paper_texts
from riskengine.scorecard.compiled import Encoded, Scorecard
from tests.support import naive
from tests.support.officer import NOT_KNOWN, box_for, read_pairs, tick_boxes
from tests.support.paper_forms import ON, made_up, shipped
from tests.support.policies import person
from tests.support.scorecards import make_document

CASES = {
    "shipped zh": lambda: shipped(lang="zh"),
    "shipped en": lambda: shipped(lang="en"),
    "pairs 1": lambda: made_up(1),
    "pairs 2": lambda: made_up(2),
    "pairs 3": lambda: made_up(3, pairs=5),
}


def every_answer(item: Item | DerivedItem, cuts: tuple[float, ...]) -> list[object]:
    """Every level, every whole number; both sides of every edge where numbers are not whole."""
    if isinstance(item, Item) and item.type == "boolean":
        known: list[object] = [False, True]
    elif isinstance(item, Item) and item.levels:
        known = [level.id for level in item.levels]
    elif isinstance(item, Item) and item.type == "integer":
        known = list(range(int(item.minimum), int(item.maximum) + 1))
    else:
        edges = {item.minimum, item.maximum, *cuts}
        known = sorted(
            edges
            | {math.nextafter(cut, -math.inf) for cut in cuts}
            | {math.nextafter(cut, math.inf) for cut in cuts}
        )
    return [*known, *NOT_KNOWN]


def answers_of(card: Scorecard, name: str) -> list[object]:
    cuts = tuple(c for axis in card.document.axes if axis.item == name for c in axis.cuts)
    return every_answer(card.instrument.every_item[name], cuts)


def program(card: Scorecard, answers: dict[str, object]) -> int:
    return int(card.scores(card.term_parts(card.encode([answers])))[0])


def paper(form, answers: dict[str, object]) -> tuple[int, int, int]:
    ticks = Ticks(
        boxes=tick_boxes(form, answers), cells=read_pairs(form, answers), on=ON, start=None,
        end=None,
    )  # fmt: skip
    return add_up(form, ticks)


@pytest.mark.parametrize("case", CASES)
def test_every_cell_of_every_question_is_the_programs(case):
    engine, form = CASES[case]()
    card = engine.scorecard
    model = json.loads(card.document.model_dump_json())
    assert [row.item for row in form.items] == list(card.document.items)
    for row in form.items:
        for answer in answers_of(card, row.item):
            answers = {row.item: answer}
            expected = program(card, answers)
            assert paper(form, answers)[0] == expected, (row.item, answer)
            assert naive.score(model, answers) == expected


@pytest.mark.parametrize("case", [name for name in CASES if "pairs" in name])
def test_every_cell_of_every_pair_is_the_programs(case):
    engine, form = CASES[case]()
    card = engine.scorecard
    model = json.loads(card.document.model_dump_json())
    assert form.pairs
    for pair in form.pairs:
        for one, two in itertools.product(
            answers_of(card, pair.row_item), answers_of(card, pair.column_item)
        ):
            answers = {pair.row_item: one, pair.column_item: two}
            expected = program(card, answers)
            assert paper(form, answers)[0] == expected, (pair.letter, one, two)
            assert naive.score(model, answers) == expected


def test_the_program_adds_over_the_whole_space_of_the_shipped_model():
    """12.6 million forms: every combination of states, by the engine's own tables."""
    engine, form = shipped()
    card = engine.scorecard
    axes = card.document.axes
    assert not card.linears
    by_state = []
    for row, (item, encode) in zip(form.items, card.encoders, strict=True):
        assert row.item == item
        points: dict[int, set[int]] = {}
        boxes = {box.id: box.points for box in (*row.boxes, *row.unanswered)}
        for answer in answers_of(card, item):
            points.setdefault(encode(answer), set()).add(boxes[box_for(row, answer)])
        # every state was met, and all answers in one state have the same printed points
        assert sorted(points) == list(range(len(points)))
        assert all(len(found) == 1 for found in points.values())
        by_state.append([next(iter(points[state])) for state in sorted(points)])
    assert [len(points) for points in by_state] == [axis.states for axis in axes]
    rest = [range(len(points)) for points in by_state[1:]]
    grid = np.stack([g.ravel() for g in np.meshgrid(*rest, indexing="ij")], axis=1)
    by_hand = np.full(len(grid), form.start, dtype=np.int64)
    for column, points in enumerate(by_state[1:]):
        by_hand += np.array(points)[grid[:, column]]
    seen: set[int] = set()
    checked = 0
    for first, points in enumerate(by_state[0]):
        for chunk in np.array_split(np.arange(len(grid)), 8):
            states = np.concatenate(
                [np.full((len(chunk), 1), first), grid[chunk]], axis=1, dtype=np.int64
            )
            numbers = np.empty((len(chunk), 0))
            scores = card.scores(card.term_parts(Encoded(states, numbers)))
            assert np.array_equal(scores, by_hand[chunk] + points)
            seen |= set(np.unique(scores).tolist())
            checked += len(chunk)
    assert checked == math.prod(axis.states for axis in axes) == 12_600_000
    assert (min(seen), max(seen)) == (form.lowest, form.highest)
    assert seen == reachable(form)


def reachable(form) -> set[int]:
    """Sums that can be reached, by adding one question at a time."""
    sums = {form.start}
    for row in form.items:
        sums = {s + b.points for s in sums for b in (*row.boxes, *row.unanswered)}
    return sums


@pytest.mark.parametrize("policy", ["cn_default", "cn_county_1m", "cn_province_2m"])
def test_every_score_lies_in_the_band_that_the_program_gives_it(policy):
    engine, form = shipped(policy)
    cuts = engine.policy.cut_offs
    sums = reachable(form)
    found = {tier: set() for tier in Tier}
    for score in range(form.lowest - 5, form.highest + 6):
        assert band_of(form, score) is cuts.band(score)
        found[band_of(form, score)].add(score)
    # no band of the form is empty, and the cut-offs lie where sums can fall
    assert all(found[tier] & sums for tier in Tier)


def conditional(card: Scorecard, name: str) -> bool:
    item = card.instrument.every_item[name]
    return isinstance(item, Item) and item.applicable is not None


@pytest.mark.parametrize("case", CASES)
def test_the_range_of_open_questions_is_the_programs(case):
    """For each question alone with each code; with pairs for each two of them as well."""
    engine, form = CASES[case]()
    card = engine.scorecard
    names = list(card.document.items)
    full = {name: answers_of(card, name)[0] for name in names}
    sets = [
        {n: c}
        for n in names
        for c in NOT_KNOWN
        # paper says when a question does not apply; here every one of them does
        if c != "not_applicable" or not conditional(card, n)
    ]
    sets += [{a: "not_asked", b: "unknown"} for a, b in itertools.combinations(names, 2)]
    sets.append(dict.fromkeys(names, "unknown"))
    for silent in sets:
        answers = {**full, **silent}
        assessment = person(card.instrument, answers)
        encoded = card.encode([answers])
        score = program(card, answers)
        found = open_range(card, assessment, encoded, score, on=ON)
        summed, low, high = paper(form, answers)
        assert summed == score, silent
        in_pairs = {item for pair in form.pairs for item in (pair.row_item, pair.column_item)}
        if in_pairs.isdisjoint(silent):
            assert (low, high) == (found.low, found.high), silent
        else:
            # the form says that what a table of a pair gives is an outer bound
            assert low <= found.low <= found.high <= high, silent


def test_labels_tell_the_boxes_of_a_question_apart():
    for lang in ("zh", "en"):
        _, form = shipped(lang=lang)
        for row in form.items:
            labels = [box.label for box in (*row.boxes, *row.unanswered)]
            assert len(set(labels)) == len(labels)
        ids = [b.id for row in form.items for b in (*row.boxes, *row.unanswered)]
        assert len(set(ids)) == len(ids)


def test_both_languages_print_the_same_numbers():
    (_, zh), (_, en) = shipped(lang="zh"), shipped(lang="en")
    for one, two in zip(zh.items, en.items, strict=True):
        assert [(b.id, b.codes, b.low, b.high, b.points) for b in one.boxes] == [
            (b.id, b.codes, b.low, b.high, b.points) for b in two.boxes
        ]
    assert [(b.tier, b.low, b.high) for b in zh.bands] == [
        (b.tier, b.low, b.high) for b in en.bands
    ]
    assert [(r.id, r.condition, r.effect, r.tier) for r in zh.rules] == [
        (r.id, r.condition, r.effect, r.tier) for r in en.rules
    ]


def test_a_question_without_a_tick_is_an_error_and_never_a_zero():
    _, form = shipped()
    ticks = tick_boxes(form, {})
    ticks.pop("drug_use")
    with pytest.raises(UseError, match=r"\[drug_use\].*7a"):
        add_up(form, Ticks(boxes=ticks, on=ON, start=None, end=None))


def linear_card(instrument, item: str, seed: int = 4) -> Scorecard:
    raw = json.loads(
        make_document(
            instrument, seed=seed, form="points", items=["alcohol_problem"]
        ).model_dump_json()
    )
    # 0.5 a year: every second product is a half, which is where roundings differ
    low, high = instrument.every_item[item].minimum, instrument.every_item[item].maximum
    raw["terms"].append(
        {"kind": "linear", "id": f"{item}_linear", "item": item, "slope": 3,
         "valid": [low + 2, high - 1], "reference_mean": low + 2.5}
    )  # fmt: skip
    from tests.support.scorecards import with_golden

    return Scorecard(with_golden(raw, instrument), instrument)


def test_a_linear_term_over_whole_numbers_is_printed_as_bands(cn):
    card = linear_card(cn, "prior_convictions_n")
    rows = item_rows(card, paper_texts("en"))
    row = next(row for row in rows if row.item == "prior_convictions_n")
    boxes = {box.id: box.points for box in (*row.boxes, *row.unanswered)}
    base = program(card, {}) - boxes[box_for(row, "not_asked")]
    for answer in answers_of(card, row.item):
        assert base + boxes[box_for(row, answer)] == program(card, {row.item: answer})
