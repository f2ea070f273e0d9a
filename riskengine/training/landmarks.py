"""Landmark cohorts: people reassessed on later days, and what became of them from there.

A row is a person on a landmark day. It holds what was known that day and whether the event came
within the horizon after it. One person stands in several rows, and rows of one person tell the
same story several times: whoever deals them into folds or draws them for an interval must deal
and draw people, never rows. Both helpers are here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from riskengine.canonical import sha256
from riskengine.errors import TrainingError, shown
from riskengine.instrument.answers import complete, parse_answers
from riskengine.instrument.model import Instrument
from riskengine.instrument.outcomes import Outcome
from riskengine.training.cohort import MOST_LOST, Cohort, Reject
from riskengine.training.history import (
    DatedRecords,
    counted,
    history,
    landmarks_at,
    of_everybody,
    under_supervision,
    with_history,
)
from riskengine.training.procedure import folds_of

if TYPE_CHECKING:
    import pandas as pd

_EARLY = "follow-up stopped before the horizon"


@dataclass(frozen=True)
class LandmarkCohort:
    """Stacked rows of people on landmark days, whose outcome is known.

    Attributes
    ----------
    instrument
        Of the answers: the records' own, with the items of `riskengine.training.history`.
    cohort
        The rows as training takes them; its "people" are rows here.
    person
        Shape (rows,): who it is.
    month
        Shape (rows,): months after observation began.
    on
        Shape (rows,): the landmark day.
    horizon_days
        How long after it the event counts.
    away, unripe
        Landmarks left out: of people no longer under supervision on the day; of people whose
        horizon, with the reporting lag, had not passed. Both were settled without the outcome.
    """

    instrument: Instrument
    cohort: Cohort
    person: NDArray[np.object_]
    month: NDArray[np.int64]
    on: NDArray[np.datetime64]
    horizon_days: int
    away: int
    unripe: int

    @property
    def people(self) -> int:
        """How many different people stand in the rows."""
        return len(set(self.person.tolist()))


def landmark_cohort(
    records: DatedRecords,
    *,
    outcome: str,
    at_months: Sequence[int],
    horizon_days: int,
    as_of: date,
    answers: pd.DataFrame | None = None,
) -> LandmarkCohort:
    """Stack people on landmark days with the outcome after each.

    The estimand is the event by the earlier of horizon and end of term: completion, death and
    other competing ends before the event mean that it did not come. Transfers and administrative
    ends stop observation.

    Parameters
    ----------
    records
        What is on file: a made-up province, or an office's own records.
    outcome
        Id of an outcome of the instrument. Its events count however many came before.
    at_months
        Landmarks, in calendar months after observation began.
    as_of
        The day of the extract: nothing recorded later is seen.
    answers
        Answers on the landmark days: ``person``, ``month`` and items by id, as
        `riskengine.synthetic.reassessment.reassess` gives them. Where it is left out, the intake
        answers are carried forward.

    Raises
    ------
    TrainingError
        Where the outcome, the horizon or the landmarks cannot be used, a landmark has no answers,
        or follow-up of more than a twentieth stopped early.
    """
    instrument = with_history(records.instrument)
    definition = instrument.outcomes_by_id.get(outcome)
    if definition is None:
        raise TrainingError(
            f"instrument [{instrument.id}] has no outcome {shown(outcome)}; "
            f"it has {', '.join(instrument.outcomes_by_id)}"
        )
    if horizon_days < 1:
        raise TrainingError(f"a horizon of {shown(horizon_days)} days; give at least 1")
    every = landmarks_at(records, at_months)
    here = under_supervision(records, every)
    present = every[here].reset_index(drop=True)
    ripe_on = present["on"] + _days(horizon_days + definition.reporting_lag_days)
    ripe = (ripe_on <= _stamp(as_of)).to_numpy(dtype=bool)
    at = present[ripe].reset_index(drop=True)
    labels = _labels(records, at, definition, horizon_days, as_of)
    asked = _answers(records, at, answers)
    for item, column in history(records, at, definition).items():
        asked[str(item)] = column

    kept, rejects, unlabelled = [], [], []
    values = [name for name in asked.columns if name in instrument.by_id]
    parsed = []
    for row, found in enumerate(zip(*(asked[name].tolist() for name in values), strict=True)):
        checked, problems = parse_answers(instrument, dict(zip(values, found, strict=True)))
        if problems:
            rejects += [Reject(row + 1, p.item, p.value, p.text("en")) for p in problems]
        elif labels[row] < 0:
            unlabelled.append((row + 1, _EARLY))
        else:
            kept.append(row)
            parsed.append(complete(instrument, checked))
    if len(unlabelled) > MOST_LOST * max(len(at), 1):
        raise TrainingError(
            f"follow-up of {len(unlabelled)} of {len(at)} landmarks stopped before the horizon; "
            f"leaving out more than {MOST_LOST:.0%} would bend the outcome. Choose a shorter "
            f"horizon or earlier landmarks"
        )
    place = np.array(kept, dtype=np.int64)
    cohort = Cohort(
        source="landmarks",
        data_sha256=sha256(asked.to_csv(index=False, lineterminator="\n").encode("utf-8")),
        rows=len(at),
        answers=tuple(parsed),
        outcome=labels[place],
        rejects=tuple(rejects),
        unlabelled=tuple(unlabelled),
        outside=len(every) - len(at),
        unread=(),
        present=frozenset(values),
    )
    return LandmarkCohort(
        instrument=instrument,
        cohort=cohort,
        person=at["person"].to_numpy(dtype=object)[place],
        month=at["month"].to_numpy(dtype=np.int64)[place],
        on=at["on"].to_numpy().astype("datetime64[D]")[place],
        horizon_days=horizon_days,
        away=int((~here).sum()),
        unripe=int((~ripe).sum()),
    )


def folds_by_person(
    person: NDArray[np.object_], outcome: NDArray[np.int64], folds: int, seed: int
) -> NDArray[np.int64]:
    """Deal people into folds, with equal shares of those who ever had the event.

    Parameters
    ----------
    person, outcome
        Shape (rows,).

    Returns
    -------
    NDArray
        Shape (rows,): all rows of a person in one fold.
    """
    who, place = np.unique(person.astype(str), return_inverse=True)
    ever = np.zeros(len(who), dtype=np.int64)
    np.maximum.at(ever, place, outcome)
    dealt: NDArray[np.int64] = folds_of(ever, folds, seed)[place]
    return dealt


def interval_by_person(
    statistic: Callable[[NDArray[np.int64]], float],
    person: NDArray[np.object_],
    *,
    seed: int,
    draws: int = 400,
    level: float = 0.95,
) -> tuple[float, float]:
    """Percentile interval of a statistic over people drawn with replacement, with all their rows.

    Parameters
    ----------
    statistic
        Gives the figure for positions of rows. For a paired difference let it compute both sides
        from the same positions.
    person
        Shape (rows,): whose row it is.
    """
    _, place = np.unique(person.astype(str), return_inverse=True)
    order = np.argsort(place, kind="stable")
    sizes = np.bincount(place)
    starts = np.cumsum(sizes) - sizes
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(draws):
        drawn = rng.integers(0, len(sizes), size=len(sizes))
        found.append(statistic(order[_stretches(starts[drawn], sizes[drawn])]))
    low, high = np.quantile(found, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def _stretches(starts: NDArray[np.int64], sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Positions of stretches, one after another."""
    ends = np.cumsum(sizes)
    within = np.arange(ends[-1]) - np.repeat(ends - sizes, sizes)
    positions: NDArray[np.int64] = np.repeat(starts, sizes) + within
    return positions


def _labels(
    records: DatedRecords,
    at: pd.DataFrame,
    outcome: Outcome,
    horizon_days: int,
    as_of: date,
) -> NDArray[np.int64]:
    """For every landmark 1 or 0, or -1 where follow-up stopped before the horizon."""
    import pandas as pd

    rows = at[["person", "on"]].assign(row=np.arange(len(at)))
    events = records.events[records.events["recorded_on"] <= _stamp(as_of)]
    joined = rows.merge(events, on="person")
    until = joined["on"] + _days(horizon_days)
    inside = (joined["date"] > joined["on"]) & (joined["date"] <= until)
    counts = counted(joined, records.instrument, outcome)
    had = np.isin(np.arange(len(at)), joined.loc[inside & counts, "row"])

    # a ruling that comes after the horizon is an end all the same: custody began before
    left_on = pd.to_datetime(joined["left_on"])
    gone = joined[joined["is_end"] & (left_on <= until) & ~(inside & counts)]
    excused = gone["detail"].isin(outcome.not_failures)
    competing = gone["kind"].isin(outcome.competing) & ~excused
    failed = counted(gone, records.instrument, outcome)
    settled = np.isin(np.arange(len(at)), gone.loc[competing | failed, "row"])
    stopped = np.isin(np.arange(len(at)), gone.loc[~competing & ~failed, "row"])
    last = of_everybody(at["person"], records.people["person"], records.followed_until)
    over = last < (at["on"] + _days(horizon_days)).to_numpy()
    labels: NDArray[np.int64] = np.where(
        had, 1, np.where((stopped | over) & ~settled, -1, 0)
    ).astype(np.int64)
    return labels


def _answers(
    records: DatedRecords, at: pd.DataFrame, answers: pd.DataFrame | None
) -> pd.DataFrame:
    if answers is None:
        at_intake = records.people.set_index("person")
        return at_intake.loc[at["person"]].reset_index()
    places = {
        key: row for row, key in enumerate(zip(answers["person"], answers["month"], strict=True))
    }
    wanted = list(zip(at["person"], at["month"], strict=True))
    for who, month in wanted:
        if (who, month) not in places:
            raise TrainingError(
                f"person {shown(who)} is under supervision at month {month}, yet has no answers "
                f"then; give a row for everybody, or leave [answers] out to carry the intake on"
            )
    return answers.iloc[[places[key] for key in wanted]].reset_index(drop=True)


def _days(days: int) -> Any:
    import pandas as pd

    return pd.Timedelta(days=days)


def _stamp(day: date) -> Any:
    import pandas as pd

    return pd.Timestamp(day)
