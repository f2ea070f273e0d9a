"""What may not be learned. Here: by declaration, by purpose, for want of events.

What the data say, whatever is declared, stands in `riskengine.training.leaks` and
`riskengine.training.proxies`; their guards can be had from here too.
"""

from __future__ import annotations

from riskengine.errors import TrainingError
from riskengine.instrument.model import Instrument
from riskengine.instrument.outcomes import Outcome
from riskengine.training.cohort import Cohort
from riskengine.training.leaks import check_leaks
from riskengine.training.proxies import check_proxies
from riskengine.training.telling import GivenAway

__all__ = [
    "GivenAway",
    "check_discretion",
    "check_events",
    "check_leaks",
    "check_outcome",
    "check_proxies",
]

MINIMUM_EVENTS = 100
"""Fewest events from which tables are learned; a calibrated scale needs at least 50."""
MOST_BY_DISCRETION = 0.5
"""Largest share of an operational target's events that officers' discretion alone may make."""


def check_outcome(
    instrument: Instrument, outcome: Outcome, *, include_protected: bool, allow_look_ahead: bool
) -> None:
    """Refuse outcomes and requests that this instrument's purpose does not allow.

    Raises
    ------
    TrainingError
        With the reason and what would be accepted.
    """
    benchmark = instrument.purpose == "benchmark"
    if include_protected and not benchmark:
        raise TrainingError(
            f"[{instrument.id}] is not a benchmark: protected items are never its predictors"
        )
    if outcome.looks_ahead is not None and not (allow_look_ahead and benchmark):
        raise TrainingError(
            f"outcome [{outcome.id}] looks ahead: {outcome.looks_ahead.en} Only a benchmark may "
            f"be trained on it, and only when this is asked for (allow_look_ahead)"
        )
    if not benchmark and not outcome.target:
        targets = [o.id for o in instrument.outcomes if o.target]
        raise TrainingError(
            f"outcome [{outcome.id}] is not a target of [{instrument.id}]; "
            f"targets are {', '.join(targets) or 'not declared'}"
        )


def check_events(cohort: Cohort, outcome: Outcome) -> None:
    """Refuse a cohort from which tables would be noise.

    Raises
    ------
    TrainingError
        With what to do instead.
    """
    fewer = min(cohort.events, cohort.people - cohort.events)
    if fewer < MINIMUM_EVENTS:
        raise TrainingError(
            f"{cohort.source}: {cohort.events} events of [{outcome.id}] among {cohort.people} "
            f"people; at least {MINIMUM_EVENTS} people with and without the event are needed to "
            f"learn tables. Use a scorecard built from published evidence instead, pool the "
            f"cohort with other districts, or wait for more outcomes"
        )


def check_discretion(instrument: Instrument, cohort: Cohort, outcome: Outcome) -> None:
    """Refuse a target that is mostly made by the discretion of those who will use the score.

    A score that learns whom officers warn would send them back to the same people. Benchmarks are
    about nobody and may be trained all the same.

    Raises
    ------
    TrainingError
        With the share found, or where the parts of the outcome cannot be told apart.
    """
    if instrument.purpose == "benchmark" or not cohort.events:
        return
    if cohort.by_discretion is None:
        raise TrainingError(
            f"{cohort.source}: outcome [{outcome.id}] is made of parts, and the file does not "
            "hold all of those that rest on nobody's discretion; they are needed to see how much "
            "of it officers make themselves"
        )
    share = cohort.by_discretion / cohort.events
    if share > MOST_BY_DISCRETION:
        raise TrainingError(
            f"{cohort.source}: {share:.0%} of the events of [{outcome.id}] rest on an officer's "
            f"discretion alone; at most {MOST_BY_DISCRETION:.0%} may. Leave such parts out of the "
            "outcome, or count them only where something objective happened as well"
        )
