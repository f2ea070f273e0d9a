"""Second ratings, given blind, and how well raters agree. They say nothing about any one rater.

Agreement is worked out for an item, over all raters together, and only from `FEWEST` pairs on.
Nothing works it out for a person, and the read table does not even hold who rated.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select

from riskengine.casebook import facts as f
from riskengine.casebook import sealing
from riskengine.casebook.actors import Actor, Role, require
from riskengine.casebook.assessing import signed_answers
from riskengine.casebook.chain import content_of, event_at
from riskengine.casebook.database import Transaction
from riskengine.casebook.errors import refusal
from riskengine.casebook.lookups import live_case, the_assessment
from riskengine.casebook.projection import record
from riskengine.casebook.schema import AssessmentRow, CaseRow, RatingRow
from riskengine.casebook.times import day_of, stamp
from riskengine.errors import AssessmentError
from riskengine.instrument.answers import is_known, parse_answers
from riskengine.instrument.model import Instrument
from riskengine.store.lookup import find_instrument

FORMAT = "riskengine/rater-agreement/1"
FEWEST = 20
"""Pairs below which an agreement would say more about persons than about an item."""

Floats = NDArray[np.float64]


def rated_items(instrument: Instrument) -> tuple[str, ...]:
    """Items that a person rates."""
    return tuple(item.id for item in instrument.items if item.rated == "rated")


def ask_ratings(
    tx: Transaction, actor: Actor, *, share: float, seed: int, since: date, at: datetime
) -> list[str]:
    """Draw assessments for a second rating; return the ids of the ratings asked for.

    Which ones are drawn follows from seed and assessment id alone, so that asking again adds only
    what was signed since.
    """
    require(actor, Role.REVIEWER, Role.ANALYST, Role.ADMINISTRATOR)
    asked = set(
        tx.session.scalars(
            select(RatingRow.assessment).where(RatingRow.district == actor.district)
        )
    )
    rows = tx.session.execute(
        select(AssessmentRow, CaseRow)
        .join(CaseRow, CaseRow.id == AssessmentRow.case)
        .where(
            AssessmentRow.district == actor.district,
            AssessmentRow.assessed_on >= since,
            AssessmentRow.corrected_by.is_(None),
            CaseRow.closed_on.is_(None),
            CaseRow.erased_on.is_(None),
        )
        .order_by(AssessmentRow.id)
    ).all()
    made = []
    for row, case in rows:
        digest = hashlib.sha256(f"{seed}:{row.id}".encode()).digest()
        if row.id in asked or int.from_bytes(digest[:8]) >= share * 2**64:
            continue
        name = sealing.new_id("g")
        record(
            tx,
            f.RatingAsked(id=name, assessment=row.id, on=day_of(stamp(at))),
            {"share": share, "seed": seed},
            actor=actor.id,
            at=at,
            case=case.id,
            subject=case.subject,
        )
        made.append(name)
    return made


def blind_form(tx: Transaction, actor: Actor, rating: str) -> dict[str, Any]:
    """What the second rater gets: the recorded answers, and none that a person rated.

    Neither the first rater, nor an own view, a tier or a decision is in it. Answers in free words
    are left out too: they may name the first rater, as the staff number of who gave the notice.
    """
    row = _open_rating(tx, actor, rating)
    answers = signed_answers(tx, actor, row.assessment)
    instrument = find_instrument(answers["instrument"])
    hidden = set(rated_items(instrument))
    words = {item.id for item in instrument.items if item.type == "text"}
    return {
        "instrument": answers["instrument"],
        "assessed_on": answers["assessed_on"],
        "kind": answers["kind"],
        "answers": {i: a for i, a in answers["answers"].items() if i not in hidden | words},
        "to_rate": [item for item in answers["answers"] if item in hidden],
    }


def rate(
    tx: Transaction,
    actor: Actor,
    rating: str,
    answers: Mapping[str, Any],
    *,
    at: datetime,
) -> None:
    """Give the second rating. The first rater may not.

    Raises
    ------
    AssessmentError
        Where an answer is none of the instrument's, or the item is not a rated one.
    """
    require(actor, Role.OFFICER, Role.REVIEWER, Role.APPROVER)
    row = _open_rating(tx, actor, rating)
    signed = signed_answers(tx, actor, row.assessment)
    instrument = find_instrument(signed["instrument"])
    hidden = set(rated_items(instrument))
    given = {item: answer for item, answer in answers.items() if item in hidden}
    _, problems = parse_answers(instrument, dict(answers))
    if problems:
        raise AssessmentError(problems)
    case = live_case(tx, actor, row.case)
    record(
        tx,
        f.Rated(id=row.id, assessment=row.assessment, on=day_of(stamp(at))),
        {"answers": given},
        actor=actor.id,
        at=at,
        case=case.id,
        subject=case.subject,
    )


def _open_rating(tx: Transaction, actor: Actor, rating: str) -> RatingRow:
    row = tx.session.get(RatingRow, rating)
    if row is None or row.district != actor.district:
        raise refusal("no_such_rating", id=rating)
    if row.rated_on is not None:
        raise refusal("rating_done", id=rating)
    first = the_assessment(tx, actor, row.assessment)
    if actor.id in (first.signed_by, first.entered_by, first.own_view_by, first.revealed_by):
        raise refusal("own_rating", actor=actor.id)
    return row


@dataclass(frozen=True)
class Agreement:
    """How well two raters agree on one item, over all raters together.

    Attributes
    ----------
    pairs
        Pairs of known ratings.
    kappa
        Cohen's, unweighted: what the stability of a tier rests on. ``None`` below `FEWEST` pairs,
        or where everybody got the same rating.
    weighted
        With quadratic weights, for ordered levels.
    icc
        Intraclass correlation of single ratings, two-way, absolute agreement (ICC(2,1)), for
        ordered levels and numbers.
    low, high
        Bootstrap interval of ``kappa`` at ``level``.
    """

    item: str
    pairs: int
    kappa: float | None = None
    low: float | None = None
    high: float | None = None
    weighted: float | None = None
    icc: float | None = None


def pairs_of(tx: Transaction, actor: Actor, instrument: Instrument) -> dict[str, list[Any]]:
    """Known pairs of ratings, an item; without any rater."""
    rows = tx.session.scalars(
        select(RatingRow)
        .where(RatingRow.district == actor.district, RatingRow.rated_on.is_not(None))
        .order_by(RatingRow.id)
    )
    found: dict[str, list[Any]] = {item: [] for item in rated_items(instrument)}
    name = f"{instrument.id}@{instrument.version}"
    for row in rows:
        assert row.chain is not None and row.seq is not None
        second = content_of(tx, event_at(tx, row.chain, row.seq))
        signed = the_assessment(tx, actor, row.assessment)
        first = content_of(tx, event_at(tx, signed.chain, signed.seq))
        if second is None or first is None or first["assessment"]["instrument"] != name:
            continue
        for item, pairs in found.items():
            pair = (first["assessment"]["answers"].get(item), second["answers"].get(item))
            if all(one is not None and is_known(one) for one in pair):
                pairs.append(pair)
    return found


def agreement(
    tx: Transaction,
    actor: Actor,
    instrument: Instrument,
    *,
    seed: int,
    draws: int = 2_000,
    level: float = 0.9,
) -> dict[str, Any]:
    """Agreement of raters in the district, in the form that a scorecard's uncertainty takes.

    Returns
    -------
    dict
        ``items`` with every `Agreement`, and ``rater_kappa``, ``rater_kappa_assumed`` and
        ``rated_items`` as they stand in a scorecard: kappa pooled over the items that have enough
        pairs (agreement above chance over what was possible).
    """
    require(actor, Role.ANALYST, Role.REVIEWER)
    made, above, possible = [], 0.0, 0.0
    for item, pairs in pairs_of(tx, actor, instrument).items():
        if len(pairs) < FEWEST:
            made.append(Agreement(item, len(pairs)))
            continue
        ordered = instrument.by_id[item].type != "nominal"
        codes, values = _coded(instrument, item, pairs)
        observed, chance = _observed(codes)
        above += observed - chance
        possible += 1 - chance
        low, high = _interval(codes, seed, draws, level)
        made.append(
            Agreement(
                item,
                len(pairs),
                kappa(codes),
                low,
                high,
                weighted_kappa(codes) if ordered else None,
                intraclass(values) if ordered else None,
            )
        )
    measured = [one.item for one in made if one.kappa is not None]
    return {
        "format": FORMAT,
        "instrument": f"{instrument.id}@{instrument.version}",
        "fewest_pairs": FEWEST,
        "level": level,
        "seed": seed,
        "items": [vars(one) for one in made],
        "rater_kappa": round(above / possible, 4) if possible > 0 and above > 0 else None,
        "rater_kappa_assumed": not measured,
        "rated_items": measured,
    }


def _coded(
    instrument: Instrument, item: str, pairs: Sequence[tuple[Any, Any]]
) -> tuple[NDArray[np.int64], Floats]:
    """Ratings as numbers of their levels, and as values; shape (pairs, 2)."""
    levels = list(instrument.by_id[item].level_ids)
    if not levels:
        levels = sorted({one for pair in pairs for one in pair})
    place = {level: number for number, level in enumerate(levels)}
    codes = np.array([[place[one] for one in pair] for pair in pairs], dtype=np.int64)
    numeric = all(isinstance(one, int | float) for pair in pairs for one in pair)
    values = np.array(pairs, dtype=np.float64) if numeric else codes.astype(np.float64)
    return codes, values


def _table(codes: NDArray[np.int64]) -> Floats:
    size = int(codes.max()) + 1
    table = np.zeros((size, size))
    np.add.at(table, (codes[:, 0], codes[:, 1]), 1.0)
    return table / len(codes)


def _observed(codes: NDArray[np.int64]) -> tuple[float, float]:
    table = _table(codes)
    return float(np.trace(table)), float(table.sum(axis=1) @ table.sum(axis=0))


def kappa(codes: NDArray[np.int64]) -> float | None:
    """Cohen's kappa (1960); ``None`` where chance alone would agree always."""
    observed, chance = _observed(codes)
    return None if chance >= 1 - 1e-12 else (observed - chance) / (1 - chance)


def weighted_kappa(codes: NDArray[np.int64]) -> float | None:
    """Cohen's kappa (1968) with quadratic weights."""
    table = _table(codes)
    places = np.arange(len(table))
    weights = (places[:, None] - places[None, :]) ** 2
    expected = float((np.outer(table.sum(axis=1), table.sum(axis=0)) * weights).sum())
    return None if expected <= 1e-12 else 1 - float((table * weights).sum()) / expected


def intraclass(values: Floats) -> float | None:
    """ICC(2,1) of Shrout and Fleiss (1979) for two raters."""
    n, k = values.shape
    mean = values.mean()
    rows = k * ((values.mean(axis=1) - mean) ** 2).sum() / (n - 1)
    columns = n * ((values.mean(axis=0) - mean) ** 2).sum() / (k - 1)
    total = ((values - mean) ** 2).sum()
    error = (total - rows * (n - 1) - columns * (k - 1)) / ((n - 1) * (k - 1))
    bottom = rows + (k - 1) * error + k * (columns - error) / n
    return None if bottom <= 1e-12 else float((rows - error) / bottom)


def _interval(
    codes: NDArray[np.int64], seed: int, draws: int, level: float
) -> tuple[float | None, float | None]:
    chance = np.random.default_rng(seed)
    picks = chance.integers(0, len(codes), size=(draws, len(codes)))
    found = [value for pick in picks if (value := kappa(codes[pick])) is not None]
    if not found:
        return None, None
    low, high = np.quantile(found, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
