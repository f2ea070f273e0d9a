"""A cut-off with a guarantee: "80 % of later events are caught, with 90 % confidence".

Cut-offs are fixed before the outcomes are looked at. They are tested one after the other, from
the one that leaves nobody below to ever higher ones, each by the exact binomial test of "fewer
than the share are caught", at the full error level; the first that cannot reject ends it. Because
the order is fixed, the chance that any accepted cut-off catches too few is at most the error
level, however many are tried, and any of the accepted ones may be chosen by other reasons on the
same data.

Who was lost sight of counts against the cut-off: each as somebody who later had the event, where
the cut-off leaves the person below, and as nobody where it does not. Whatever became of them, the
test with full knowledge would have been passed as well.

References
----------
Maurer, Hothorn and Lehmacher (1995), Multiple comparisons in drug clinical trials and preclinical
assays: a-priori ordered hypotheses. Bauer (1991), Multiple testing in clinical trials, Statistics
in Medicine 10, 871-890. Angelopoulos, Bates, Candes, Jordan and Lei (2021), Learn then test:
calibrating predictive algorithms to achieve risk control, arXiv:2110.01052.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from riskengine.errors import UseError
from riskengine.planning.exact import at_least, lower_limit
from riskengine.policy.tiers import Tier

Verdict = Literal["given", "only_with_nobody_below", "too_few_events", "none"]


@dataclass(frozen=True)
class Promise:
    """What a guarantee is asked for.

    Attributes
    ----------
    share
        Share of later events that must be caught.
    confidence
        Chance, over the people that the cut-offs are tried on, that the promise holds.
    tier
        Caught means: at this tier or a stricter one.
    """

    share: float = 0.8
    confidence: float = 0.9
    tier: Tier = Tier.ORDINARY

    def __post_init__(self) -> None:
        if not (0.0 < self.share < 1.0 and 0.5 <= self.confidence < 1.0):
            raise UseError(
                f"a guarantee needs a share between 0 and 1 and a confidence from .5 to below 1, "
                f"not [{self.share:g}] and [{self.confidence:g}]"
            )
        if self.tier is Tier.RELAXED:
            raise UseError("everybody is at the relaxed tier or a stricter one; catch in "
                           "[ordinary] or [strict]")  # fmt: skip

    @property
    def events_needed(self) -> int:
        """Fewest events with which it can be given, were every single one caught."""
        return math.ceil(math.log(1.0 - self.confidence) / math.log(self.share) - 1e-12)


@dataclass(frozen=True)
class Step:
    """One cut-off in the fixed order.

    Attributes
    ----------
    caught, events
        Events at or above it, and all events with those lost sight of below it.
    lost_below
        People lost sight of whom it leaves below; each counts as an event that was missed.
    p_value
        Exact, of fewer than the share being caught.
    """

    cut: int
    caught: int
    events: int
    lost_below: int
    below: int
    p_value: float
    confidence: float
    accepted: bool

    @property
    def lower(self) -> float:
        """One-sided Clopper-Pearson limit of the share caught, for this cut-off alone."""
        return lower_limit(self.caught, self.events, self.confidence)


@dataclass(frozen=True)
class Guarantee:
    """The answer: cut-offs that keep the promise, or that none does.

    Attributes
    ----------
    steps
        In the order of testing, up to the first that was not accepted.
    highest
        The highest accepted cut-off; every one tested before it is accepted as well.
    """

    promise: Promise
    verdict: Verdict
    highest: int | None
    steps: tuple[Step, ...]
    events: int
    lost: int

    @property
    def accepted(self) -> tuple[int, ...]:
        """Cut-offs that keep the promise, lowest first."""
        return tuple(step.cut for step in self.steps if step.accepted)


def give_guarantee(
    promise: Promise,
    cuts: Sequence[int],
    caught: Sequence[int],
    lost_below: Sequence[int],
    below: Sequence[int],
    *,
    events: int,
    lost: int,
) -> Guarantee:
    """Test cut-offs in their fixed order.

    Parameters
    ----------
    cuts
        From the lowest to the highest; chosen without looking at outcomes.
    caught, lost_below, below
        For every cut-off: events caught, people lost sight of below, and people below.
    events, lost
        Of all people that the cut-offs are tried on.
    """
    if list(cuts) != sorted(set(cuts)):
        raise ValueError("cut-offs are tested from the lowest to the highest, each once")
    steps: list[Step] = []
    for cut, found, missing, under in zip(cuts, caught, lost_below, below, strict=True):
        total = events + missing
        p_value = at_least(found, total, promise.share) if total else 1.0
        accepted = p_value <= 1.0 - promise.confidence
        steps.append(
            Step(cut, found, total, missing, under, p_value, promise.confidence, accepted)
        )
        if not accepted:
            break
    kept = [step for step in steps if step.accepted]
    verdict: Verdict
    if kept:
        verdict = "given" if kept[-1].below else "only_with_nobody_below"
    else:
        verdict = "too_few_events" if events < promise.events_needed else "none"
    return Guarantee(promise, verdict, kept[-1].cut if kept else None, tuple(steps), events, lost)
