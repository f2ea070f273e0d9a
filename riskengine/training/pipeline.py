"""Training from end to end: a cohort in, a checked model folder out."""

from __future__ import annotations

import platform
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from riskengine import __version__
from riskengine.errors import TrainingError
from riskengine.instrument.conditions import Scalar
from riskengine.instrument.model import Instrument
from riskengine.scorecard.document import Metric, ScorecardDocument
from riskengine.training.axes import ScoredItem, States, candidates, encode, with_reference
from riskengine.training.calibration import Sigmoid
from riskengine.training.card import CARDS, card
from riskengine.training.cohort import Cohort, read_cohort
from riskengine.training.ebm import ExplainableBoosting
from riskengine.training.export import Learning, export
from riskengine.training.guards import (
    GivenAway,
    check_discretion,
    check_events,
    check_leaks,
    check_outcome,
    check_proxies,
)
from riskengine.training.learner import Learner, LearnerName
from riskengine.training.light import LightBoosting
from riskengine.training.measures import description, measured, price
from riskengine.training.procedure import OutOfFold, Procedure, cross_fit, folds_of
from riskengine.training.progress import Report, silent
from riskengine.training.replicates import replicate
from riskengine.training.writing import write_folder

if TYPE_CHECKING:
    import pandas as pd

FEWEST_REPLICATES = 100
"""Fewer refits say too little about the ends of an interval to be called one."""
_EVENTS_A_PAIR = 50
_MOST_PAIRS = 100
_PACKAGES = ("numpy", "scipy", "interpret-core", "scikit-learn", "clarabel")


@dataclass(frozen=True)
class Settings:
    """What an analyst may choose.

    Attributes
    ----------
    pairs
        Pairs that the learner may use; where it is left out, one for 50 events, at most 100.
    replicates
        Bootstrap refits for the uncertainty: none, or at least 100.
    include_protected
        Learn from protected items too; benchmarks only.
    compare
        Where protected items are left out: also measure what that costs.
    allow_look_ahead
        Train on an outcome that cannot be forecast honestly; benchmarks only.
    threads
        Processes for the learner; no result depends on it.
    """

    seed: int = 0
    learner: LearnerName = "ebm"
    pairs: int | None = None
    replicates: int = 0
    folds: int = 5
    include_protected: bool = False
    compare: bool = True
    allow_look_ahead: bool = False
    horizon_days: int | None = None
    version: str = "1.0.0"
    threads: int = 1


@dataclass(frozen=True)
class Trained:
    """A trained model and what its cohort left behind."""

    document: ScorecardDocument
    cohort: Cohort
    explained: tuple[GivenAway, ...]


def learn(
    instrument: Instrument,
    outcome: str,
    source: Path | str | pd.DataFrame,
    settings: Settings,
    report: Report = silent,
) -> Trained:
    """Learn a scorecard; nothing is written and no clock is read.

    Raises
    ------
    TrainingError
        Where the cohort, the outcome or an item may not be learned from, with what to do instead.
    """
    _check_settings(settings)
    definition = instrument.outcomes_by_id.get(outcome)
    if definition is not None:
        check_outcome(
            instrument,
            definition,
            include_protected=settings.include_protected,
            allow_look_ahead=settings.allow_look_ahead,
        )
    cohort = read_cohort(source, instrument, outcome, horizon_days=settings.horizon_days)
    definition = instrument.outcomes_by_id[outcome]
    check_events(cohort, definition)
    check_discretion(instrument, cohort, definition)

    items, states = _prepared(instrument, cohort, include_protected=settings.include_protected)
    check_leaks(items, states, cohort.outcome, settings.seed)
    explained = check_proxies(instrument, cohort, items, states, settings.seed)
    learner = _learner(settings, cohort.events)
    procedure = Procedure(items=items, learner=learner, seed=settings.seed)
    folds = folds_of(cohort.outcome, settings.folds, settings.seed)
    out_of_fold = cross_fit(
        procedure, states, cohort.outcome, folds, report("cross-validation", settings.folds)
    )
    metrics = _measured(instrument, cohort, out_of_fold, settings.seed)
    metrics += _price_of_protection(
        instrument, cohort, items, out_of_fold, learner, settings, report
    )

    sigmoid = Sigmoid.fitted(out_of_fold.kept, cohort.outcome)
    done = report("final model", 1)
    tables = procedure.learn(states, cohort.outcome).tables
    done()
    spread = (
        replicate(
            procedure,
            tables,
            sigmoid,
            states,
            cohort.outcome,
            settings.replicates,
            report("bootstrap refits", settings.replicates),
        )
        if settings.replicates
        else None
    )
    learning = Learning(
        instrument=instrument,
        outcome=definition,
        horizon_days=settings.horizon_days or definition.horizon_days[0],
        cohort=cohort,
        items=items,
        states=states,
        tables=sigmoid.fold(tables),
        sigmoid=sigmoid,
        spread=spread,
        metrics=tuple(metrics),
        learner=learner.name,
        options=_options(settings, learner, cohort, items, explained),
        versions=versions(),
        seed=settings.seed,
    )
    return Trained(export(learning, version=settings.version), cohort, explained)


def train(
    instrument: Instrument,
    outcome: str,
    source: Path | str | pd.DataFrame,
    out: Path,
    settings: Settings | None = None,
    *,
    by: str = "riskengine train",
    now: datetime | None = None,
    report: Report = silent,
) -> Trained:
    """Learn a scorecard and write its folder: model, cards, and the manifest last.

    Parameters
    ----------
    out
        The model's own folder, such as ``models/georgia_parole_1y/1.0.0``.
    by, now
        Who and when, for the manifest; ``model.json`` knows neither.
    """
    started = time.monotonic()
    settings = settings or Settings()
    trained = learn(instrument, outcome, source, settings, report)
    write_folder(
        out,
        trained.document,
        {name: card(trained.document, lang) for lang, name in CARDS.items()},
        by=by,
        now=now or datetime.now(UTC),
        run_seconds=time.monotonic() - started,
        environment={"threads": str(settings.threads)},
    )
    return trained


# --- Steps --------------------------------------------------------------------------------------


def _check_settings(settings: Settings) -> None:
    if settings.replicates and settings.replicates < FEWEST_REPLICATES:
        raise TrainingError(
            f"{settings.replicates} replicates are too few for an interval; "
            f"take at least {FEWEST_REPLICATES}, or 0 for none"
        )
    if settings.learner == "light" and settings.pairs:
        raise TrainingError("the light learner knows no pairs; use --learner ebm")


def _learner(settings: Settings, events: int) -> Learner:
    if settings.learner == "light":
        return LightBoosting()
    pairs = settings.pairs
    if pairs is None:
        pairs = min(_MOST_PAIRS, events // _EVENTS_A_PAIR)
    return ExplainableBoosting(pairs=pairs, threads=settings.threads)


def _prepared(
    instrument: Instrument, cohort: Cohort, *, include_protected: bool
) -> tuple[tuple[ScoredItem, ...], States]:
    items = candidates(instrument, cohort, include_protected=include_protected)
    states = encode(cohort, items)
    return with_reference(items, states), states


def _sexes(instrument: Instrument, cohort: Cohort) -> list[object] | None:
    """Everybody's sex, where the cohort has it for all."""
    sex = instrument.by_id.get("sex")
    if sex is None or "sex" not in cohort.present:
        return None
    answers = cohort.column("sex")
    return answers if set(answers) == set(sex.level_ids) else None


def _measured(instrument: Instrument, cohort: Cohort, found: OutOfFold, seed: int) -> list[Metric]:
    kept = found.calibrated(found.kept, cohort.outcome)
    free = found.calibrated(found.free, cohort.outcome)
    how = description(found, cohort.people, cohort.events)
    sexes = _sexes(instrument, cohort)
    metrics = measured(kept, cohort.outcome, sexes, how=how, seed=seed)
    how = f"projected minus free tables, paired; {how}"
    return metrics + price("monotonicity", kept, free, cohort.outcome, sexes, how=how, seed=seed)


def _price_of_protection(
    instrument: Instrument,
    cohort: Cohort,
    items: Sequence[ScoredItem],
    found: OutOfFold,
    learner: Learner,
    settings: Settings,
    report: Report,
) -> list[Metric]:
    """Measure what it costs to leave protected items and telling gaps out."""
    if settings.include_protected or not settings.compare or instrument.purpose != "benchmark":
        return []
    items_all, states = _prepared(instrument, cohort, include_protected=True)
    learned = {item.id: item.learned for item in items}
    added = [item.id for item in items_all if item.id not in learned]
    gaps = [item.id for item in items_all if item.learned and learned.get(item.id) is False]
    if not added and not gaps:
        return []
    procedure = Procedure(items=items_all, learner=learner, seed=settings.seed)
    step = report("the same with protected items", settings.folds)
    other = cross_fit(procedure, states, cohort.outcome, found.folds, step)
    how = (
        f"without minus with [{', '.join(added)}] and the unknown cell of [{', '.join(gaps)}], "
        f"paired; {description(found, cohort.people, cohort.events)}"
    )
    return price(
        "protection",
        found.calibrated(found.kept, cohort.outcome),
        other.calibrated(other.kept, cohort.outcome),
        cohort.outcome,
        _sexes(instrument, cohort),
        how=how,
        seed=settings.seed,
    )


def _options(
    settings: Settings,
    learner: Learner,
    cohort: Cohort,
    items: Sequence[ScoredItem],
    explained: Sequence[GivenAway],
) -> dict[str, Scalar | tuple[Scalar, ...]]:
    return {
        **learner.options(),
        "folds": settings.folds,
        "replicates": settings.replicates,
        "include_protected": settings.include_protected,
        "cohort": cohort.source,
        "rows": cohort.rows,
        "rows_rejected": len({reject.row for reject in cohort.rejects}),
        "rows_without_outcome": len(cohort.unlabelled),
        "rows_outside_risk_set": cohort.outside,
        "enforced": tuple(item.id for item in items if item.sign),
        "unknown_learned": tuple(item.id for item in items if item.learned),
        "unknown_at_zero": tuple(
            item.id
            for item in items
            if not item.learned and any(item.axis.reference[item.known :])
        ),
        "explained_proxies": tuple(one.brief() for one in explained),
    }


def versions() -> dict[str, str]:
    """Versions of the packages on which the numbers depend."""
    return {
        "python": platform.python_version(),
        "riskengine": __version__,
        **{package: version(package) for package in _PACKAGES},
    }
