"""Moving one known level of an enforced item never moves the score the wrong way."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from riskengine.scorecard.audit import smallest_step
from riskengine.scorecard.compiled import Scorecard
from riskengine.store.lookup import find_instrument, find_model, model_folders
from tests.support.scorecards import make_document, random_people


def enforced_steps(card: Scorecard, person: dict[str, object]):
    """Scores of a person over the rising answers to each enforced item, in its direction."""
    for name in card.document.items:
        item = card.instrument.every_item[name]
        if not item.enforce:
            continue
        if getattr(item, "level_ids", ()):
            answers = list(item.level_ids)
        elif getattr(item, "type", "") == "boolean":
            answers = [False, True]
        else:
            answers = [item.minimum, *item.bands]
        people = [{**person, name: answer} for answer in answers]
        scores = card.scores(card.term_parts(card.encode(people))).tolist()
        yield name, scores if item.direction == "risk" else scores[::-1]


SHIPPED = [
    find_model(f"{name}@{version}").scorecard
    for name, versions in model_folders().items()
    for version in versions
]


@given(seed=st.integers(0, 10**6), which=st.integers(0, max(0, len(SHIPPED) - 1)))
def test_shipped_models(seed, which):
    card = SHIPPED[which]
    person = random_people(card.instrument, 1, seed=seed)[0]
    for name, scores in enforced_steps(card, person):
        assert scores == sorted(scores), name


def test_the_worst_step_is_found_by_brute_force():
    """`smallest_step` against every answer of every partner, on a small instrument."""
    instrument = find_instrument("georgia_parole")
    items = ["prior_revocations_parole", "prison_years", "condition_cog_ed"]
    card = Scorecard(make_document(instrument, seed=8, pairs=3, items=items), instrument)
    worst = {}
    rng = random.Random(0)
    for prison in (*instrument.by_id["prison_years"].level_ids, "unknown"):
        for condition in (False, True, "unknown"):
            base = {"prison_years": prison, "condition_cog_ed": condition}
            people = [{**base, "prior_revocations_parole": value} for value in (False, True)]
            rng.shuffle(items)
            low, high = card.scores(card.term_parts(card.encode(people))).tolist()
            worst.setdefault("step", []).append(high - low)
    assert smallest_step(card.document, "prior_revocations_parole", 1) == min(worst["step"])
