"""Another rating, and the truth behind a rating: against arithmetic that shares no code."""

from __future__ import annotations

from itertools import product
from statistics import NormalDist

import numpy as np
import pytest

from riskengine.instrument.answers import complete
from riskengine.instrument.model import Instrument
from riskengine.scorecard.compiled import Scorecard
from riskengine.scorecard.document import LOG_ODDS_BITS, REFERENCE_TOTAL
from riskengine.scorecard.ratings import HABIT, Ratings, Rerating, leaning
from riskengine.scorecard.uncertainty import (
    LEAST_IN_A_TENTH,
    another_rating,
    interval_variance,
    truth_variance,
    widening,
)
from tests.support.scorecards import BOTH, make_document, random_people

RATED = ["antisocial_companions", "alcohol_problem", "gambling", "employment_status"]
NORMAL = NormalDist()
RECORDED = ["drug_use", "prior_convictions_n", "intake_lateness"]


def make_card(cn: Instrument, *, form: str = "points", kappa: float = 0.6, **more) -> Scorecard:
    uncertainty = {
        "method": "evidence",
        "replicates": 0,
        "rank": 0,
        "rater_kappa": kappa,
        "rated_items": RATED,
        "note": BOTH,
    }
    items = more.pop("items", [*RATED, *RECORDED])
    document = make_document(
        cn, form=form, items=items, change={"uncertainty": uncertainty}, **more
    )
    return Scorecard(document, cn)


def known_shares(card: Scorecard, item: str) -> np.ndarray:
    axis = next(axis for axis in card.document.axes if axis.item == item)
    weights = np.array(axis.reference[: axis.known_states]) / REFERENCE_TOTAL
    return weights / weights.sum()


def column(card: Scorecard, item: str) -> int:
    return [axis.item for axis in card.document.axes].index(item)


def score(card: Scorecard, states: np.ndarray) -> np.ndarray:
    return card.cells[card.table_index(np.atleast_2d(states))].sum(axis=1)


def unit(card: Scorecard) -> float:
    return card.document.log_odds.unit / 2**LOG_ODDS_BITS


def everyone(card: Scorecard, cn: Instrument, n: int = 40) -> np.ndarray:
    return card.encode(random_people(cn, n, seed=4, unknown=0.1)).states


def by_hand(card: Scorecard, row: np.ndarray, kappa: float) -> dict[float, float]:
    """Every combination of ratings with its chance, raters without a habit."""
    items = [i for i in RATED if row[column(card, i)] < len(known_shares(card, i))]
    found: dict[float, float] = {}
    for states in product(*(range(len(known_shares(card, item))) for item in items)):
        chance = 1.0
        changed = row.copy()
        for item, state in zip(items, states, strict=True):
            at = column(card, item)
            chance *= kappa * (state == row[at]) + (1 - kappa) * known_shares(card, item)[state]
            changed[at] = state
        change = round(float((score(card, changed) - score(card, row))[0] * unit(card)), 9)
        found[change] = found.get(change, 0.0) + chance
    return found


def as_dict(found: Rerating) -> dict[float, float]:
    return {
        round(float(c), 9): float(p)
        for c, p in zip(found.change, found.chance, strict=True)
        if p > 1e-12
    }


# --- Another rating -----------------------------------------------------------------------------


@pytest.mark.parametrize("pairs", [0, 6])
def test_points_equal_every_combination_counted(cn, monkeypatch, pairs) -> None:
    """With pairs between rated items, and between rated and recorded ones."""
    monkeypatch.setattr(
        "riskengine.scorecard.ratings.leaning",
        lambda shares, order: np.tile(shares, (5, 1)),
    )
    card = make_card(cn, pairs=pairs, seed=5)
    if pairs:
        rated_pairs = [t for t in card.tables if len(t.axes) == 2 and set(t.axes) <= set(RATED)]
        assert rated_pairs, "no pair of two rated items: the test would not see them"
    ratings = Ratings(card)
    for row in everyone(card, cn, 6):
        expected = by_hand(card, row, 0.6)
        found = as_dict(ratings.another(row.tolist()))
        assert set(found) == {c for c, p in expected.items() if p > 1e-12}
        for change, chance in found.items():
            assert chance == pytest.approx(expected[change], abs=1e-12)


def test_an_item_in_several_tables_moves_in_all_of_them(cn) -> None:
    """Each table by itself would allow changes that no rating can make."""
    card = make_card(cn, pairs=6, seed=5)
    for row in everyone(card, cn, 6):
        possible = set(by_hand(card, row, 0.6))
        assert set(as_dict(another_rating(card, row))) <= possible


def test_the_full_form_keeps_the_mean_and_nearly_the_rest(cn, monkeypatch) -> None:
    monkeypatch.setattr(
        "riskengine.scorecard.ratings.leaning",
        lambda shares, order: np.tile(shares, (5, 1)),
    )
    card = make_card(cn, form="full", pairs=6, seed=6)
    for row in everyone(card, cn, 6):
        found = another_rating(card, row)
        expected = by_hand(card, row, 0.6)
        changes, chances = np.array(list(expected)), np.array(list(expected.values()))
        mean = found.chance @ found.change
        assert len(found.change) <= 512
        assert found.chance.sum() == pytest.approx(1.0, abs=1e-9)
        assert mean == pytest.approx(chances @ changes, abs=1e-6)
        assert found.mean_square == pytest.approx(chances @ changes**2, rel=0.005)
        # what a tier is asked of it: chances to stay under a cut-off, with some model error
        for cut in (-0.5, 0.2, 1.0):
            exact, stated = (
                p @ [NORMAL.cdf((cut - c) / 0.2) for c in by]
                for p, by in ((chances, changes), (found.chance, found.change))
            )
            assert stated == pytest.approx(exact, abs=0.002)


def test_against_drawn_raters_with_a_habit(cn) -> None:
    """The second rater drawn as the text says it: one habit, ranks that share a quarter."""
    card = make_card(cn, seed=8)
    rng = np.random.default_rng(1)
    row = card.encode(
        [complete(cn, {**dict.fromkeys(RATED[:3], "2"), "employment_status": "seeking"})]
    ).states[0]
    n = 200_000
    habit = rng.standard_normal(n)
    changed = np.tile(row, (n, 1))
    for item in RATED:
        at, shares = column(card, item), known_shares(card, item)
        alone = np.tile(row, (len(shares), 1))
        alone[:, at] = np.arange(len(shares))
        rank = np.argsort(score(card, alone), kind="stable")
        leaned = np.sqrt(HABIT) * habit + np.sqrt(1 - HABIT) * rng.standard_normal(n)
        reached = np.searchsorted(np.sort(leaned), leaned, side="right") / n
        drawn = rank[np.searchsorted(np.cumsum(shares[rank])[:-1], reached)]
        changed[:, at] = np.where(rng.random(n) < 0.6, row[at], drawn)
    change = (score(card, changed) - score(card, row)) * unit(card)
    found = another_rating(card, row)
    for edge in np.unique(change)[::3]:
        stated = found.chance[found.change < edge - 1e-9].sum()
        assert (change < edge - 1e-9).mean() == pytest.approx(stated, abs=0.006)
    assert np.mean(change**2) == pytest.approx(found.mean_square, rel=0.02)


def test_a_habit_spreads_scores_and_moves_no_mean(cn) -> None:
    shares = np.array([0.6, 0.25, 0.1, 0.05])
    rows = leaning(shares, np.array([0.0, 1.0, 4.0, 6.0]))
    nodes, weights = np.polynomial.hermite_e.hermegauss(len(rows))
    assert weights @ rows / weights.sum() == pytest.approx(shares, abs=2e-4)
    assert (np.diff(rows @ [0.0, 1.0, 4.0, 6.0]) > 0).all(), "a harsher rater sees more"
    assert leaning(shares, np.arange(4.0), habit=0.0) == pytest.approx(np.tile(shares, (5, 1)))


def test_a_rating_is_pulled_towards_the_population(cn) -> None:
    """An extreme rating is more likely too extreme; averaged over everybody nothing moves."""
    card = make_card(cn, items=["antisocial_companions"], seed=3)
    shares = known_shares(card, "antisocial_companions")
    cells = score(card, np.arange(len(shares))[:, None]) * unit(card)
    assert np.ptp(cells) > 0.5
    for state, cell in enumerate(cells):
        found = another_rating(card, np.array([state]))
        pulled = (1 - 0.6) * (shares @ cells - cell)
        # up to the five habits that stand for all
        assert found.chance @ found.change == pytest.approx(pulled, abs=1e-3)


@pytest.mark.parametrize("kappa", [0.3, 0.6, 0.9])
def test_kappa_of_two_raters_who_err_alike_is_the_kappa_stated(cn, kappa) -> None:
    """Both views of a rating, from the law of one rater and Bayes' rule alone."""
    shares = known_shares(make_card(cn, seed=2), "gambling")
    error = 1 - np.sqrt(kappa)
    one = (1 - error) * np.eye(len(shares)) + error * shares[None, :]
    together = one.T @ np.diag(shares) @ one
    agree, chance = np.trace(together), float(together.sum(axis=0) @ together.sum(axis=1))
    assert (agree - chance) / (1 - chance) == pytest.approx(kappa)
    second_given_first = together / together.sum(axis=1, keepdims=True)
    assert second_given_first == pytest.approx(
        kappa * np.eye(len(shares)) + (1 - kappa) * shares[None, :]
    )
    truth_given_rating = (np.diag(shares) @ one).T / together.sum(axis=1)[:, None]
    assert truth_given_rating == pytest.approx(
        np.sqrt(kappa) * np.eye(len(shares)) + (1 - np.sqrt(kappa)) * shares[None, :]
    )


def test_raters_who_always_agree_change_nothing_and_nor_does_what_nobody_rated(cn) -> None:
    card = make_card(cn, kappa=1.0)
    for row in everyone(card, cn, 5):
        assert as_dict(another_rating(card, row)) == {0.0: 1.0}
    card = make_card(cn)
    silent = card.encode([complete(cn, {"drug_use": cn.by_id["drug_use"].level_ids[1]})]).states[0]
    assert as_dict(another_rating(card, silent)) == pytest.approx({0.0: 1.0})


# --- The truth ----------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["points", "full"])
def test_the_spread_of_the_truth_by_enumeration(cn, form) -> None:
    """True answers are worth more than the cells, which rating error has flattened."""
    card = make_card(cn, form=form, seed=7)
    kept = np.sqrt(0.6)
    states = everyone(card, cn, 25)
    found = truth_variance(card, card.encode(random_people(cn, 25, seed=4, unknown=0.1)))
    for row, variance in zip(states, found, strict=True):
        expected = 0.0
        for item in [*RATED, *RECORDED]:
            shares, at = known_shares(card, item), column(card, item)
            cells = score(card, _with(row, at, len(shares))) * unit(card)
            known = row[at] < len(shares)
            rated = item in RATED
            if known and not rated:
                continue
            chances = shares.copy()
            if known:
                chances = (1 - kept) * shares
                chances[row[at]] += kept
            mean = chances @ cells
            expected += chances @ (cells - mean) ** 2 / (0.6 if rated else 1.0)
        assert variance == pytest.approx(expected, rel=1e-9)


def _with(row: np.ndarray, at: int, states: int) -> np.ndarray:
    changed = np.tile(row, (states, 1))
    changed[:, at] = np.arange(states)
    return changed


def test_the_flattening_of_cells_by_rating_error_is_undone_exactly(cn) -> None:
    """Simulated: true answers, a rater, a cell that is the mean truth behind each rating."""
    rng = np.random.default_rng(3)
    kappa, shares = 0.6, np.array([0.5, 0.3, 0.15, 0.05])
    worth = np.array([0.0, 0.2, 0.7, 1.1])
    true = rng.choice(4, size=400_000, p=shares)
    wrong = rng.random(len(true)) >= np.sqrt(kappa)
    rated = np.where(wrong, rng.choice(4, size=len(true), p=shares), true)
    cells = np.array([worth[true[rated == state]].mean() for state in range(4)])
    for state in range(4):
        simulated = worth[true[rated == state]].var()
        chances = (1 - np.sqrt(kappa)) * shares
        chances[state] += np.sqrt(kappa)
        stated = (chances @ cells**2 - (chances @ cells) ** 2) / kappa
        assert stated == pytest.approx(simulated, rel=0.05)


def test_a_learned_gap_adds_no_doubt(cn) -> None:
    card = make_card(cn, items=["gambling", "drug_use"])
    unknown = card.encode([complete(cn, {})])
    assert truth_variance(card, unknown)[0] > 0
    terms = tuple(term.model_copy(update={"cells": (*term.cells[:-1], 3)}) for term in card.tables)
    learned = Scorecard(card.document.model_copy(update={"terms": terms}), cn)
    assert truth_variance(learned, unknown)[0] == 0


def test_nothing_is_said_where_nothing_is_known_of_the_error(cn) -> None:
    card = Scorecard(make_document(cn, items=[*RATED, *RECORDED]), cn)
    encoded = card.encode(random_people(cn, 5, seed=1))
    assert not interval_variance(card, encoded).any()


# --- The ends -----------------------------------------------------------------------------------


def test_the_widening_by_its_own_definition() -> None:
    """Simulated: normal forecasts and errors, and who is in the outermost tenth of the truth."""
    rng = np.random.default_rng(5)
    reach = 1.6448536
    for doubt in (0.1, 0.3, 0.5, 0.7, 0.9):
        forecast = np.sqrt(1 - doubt) * rng.standard_normal(400_000)
        truth = forecast + np.sqrt(doubt) * rng.standard_normal(len(forecast))
        top = truth >= np.quantile(truth, 0.9)
        factor = float(widening(np.array([doubt]))[0])
        inside = np.abs(truth - forecast) <= factor * reach * np.sqrt(doubt)
        if factor == 1.0:
            assert inside[top].mean() > LEAST_IN_A_TENTH
        else:
            assert inside[top].mean() == pytest.approx(LEAST_IN_A_TENTH, abs=0.01)
        assert inside.mean() > 0.895
