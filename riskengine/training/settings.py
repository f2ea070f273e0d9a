"""What an analyst may choose, and what of it is refused."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from riskengine.errors import TrainingError
from riskengine.training.ebm import ExplainableBoosting
from riskengine.training.learner import Learner
from riskengine.training.light import LightBoosting
from riskengine.training.recipes import quick

LearnerName = Literal["update", "stacked", "ebm", "light"]
Form = Literal["full", "points"]

FEWEST_REPLICATES = 100
"""Fewer refits say too little about the ends of an interval to be called one."""
POSTERIOR_DRAWS = 400
"""Draws from a posterior, where no number is asked for: they cost next to nothing."""
_EVENTS_A_PAIR = 50
_MOST_PAIRS = 100


@dataclass(frozen=True)
class Settings:
    """What an analyst may choose.

    Attributes
    ----------
    learner
        ``update`` starts at the published evidence on the instrument; the others learn from the
        cohort alone. Left out: ``update`` where there is such evidence, else ``ebm``.
    form
        ``points`` learns the form of a dozen items that a person can add up.
    pairs
        Pairs that the learner may use; where it is left out, one for 50 events, at most 100.
    replicates
        Bootstrap refits for the uncertainty: none, or at least 100. A posterior is drawn from in
        any case.
    base_rate
        For ``update``: the share of people with the outcome that is stated for the district.
    also
        Other outcomes of the same people whose models are stacked (``stacked``), such as the same
        event by another horizon.
    include_protected
        Learn from protected items too; benchmarks only.
    compare
        Where a benchmark leaves protected items out: also measure what that costs, which takes as
        long again as everything else.
    allow_look_ahead
        Train on an outcome that cannot be forecast honestly; benchmarks only.
    extracted_on
        The day up to which a cohort file of days shows what happened.
    threads
        Processes; no result depends on their number.
    """

    seed: int = 0
    learner: LearnerName | None = None
    form: Form = "full"
    pairs: int | None = None
    replicates: int = 0
    folds: int = 5
    base_rate: float | None = None
    also: tuple[str, ...] = ()
    include_protected: bool = False
    compare: bool = False
    allow_look_ahead: bool = False
    horizon_days: int | None = None
    extracted_on: date | None = None
    version: str = "1.0.0"
    threads: int = 1


def check_settings(settings: Settings, *, evidence: bool) -> None:
    """Refuse what would mislead.

    Parameters
    ----------
    evidence
        Whether there are published effects on the instrument.

    Raises
    ------
    TrainingError
        With what is accepted instead.
    """
    if settings.replicates and settings.replicates < FEWEST_REPLICATES:
        raise TrainingError(
            f"{settings.replicates} replicates are too few for an interval; "
            f"take at least {FEWEST_REPLICATES}, or 0 for none"
        )
    if settings.learner == "light" and settings.pairs:
        raise TrainingError("the light learner knows no pairs; use --learner ebm")
    if settings.learner == "update" and not evidence:
        raise TrainingError(
            "there are no published effects on this instrument that outcomes could update; "
            "take --learner stacked, ebm or light"
        )
    if settings.base_rate is not None and not 0 < settings.base_rate < 1:
        raise TrainingError(
            f"base rate [{settings.base_rate:g}]; a share between 0 and 1 is accepted"
        )
    if settings.base_rate is not None and not updates(settings, evidence=evidence):
        raise TrainingError("a stated base rate goes with --learner update and the full form")
    if settings.also and settings.learner != "stacked":
        raise TrainingError("further outcomes are stacked by --learner stacked alone")
    if settings.form == "points" and (settings.learner or settings.pairs):
        raise TrainingError(
            "the points form has a learner of its own and no pairs; leave --learner and --pairs "
            "out"
        )


def updates(settings: Settings, *, evidence: bool) -> bool:
    """Whether learning starts at the published evidence."""
    if settings.form == "points":
        return False
    return settings.learner == "update" or (settings.learner is None and evidence)


def learner_of(settings: Settings, events: int, *, on_top: bool = False) -> Learner:
    """Give the learner from data alone.

    Parameters
    ----------
    on_top
        For what is tried on top of an update: the stack, which errs about as little as boosting
        does and takes a quarter of its time.
    """
    pairs = settings.pairs
    if pairs is None:
        pairs = min(_MOST_PAIRS, events // _EVENTS_A_PAIR)
    if on_top or settings.learner == "stacked":
        return quick(1 + len(settings.also), pairs=pairs)
    if settings.learner == "light":
        return LightBoosting()
    return ExplainableBoosting(pairs=pairs)
