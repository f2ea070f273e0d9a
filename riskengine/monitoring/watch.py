"""One run of the monitor: all signals judged together, what they justify, and the verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from riskengine.canonical import content_hash
from riskengine.evaluation.people import People
from riskengine.evaluation.suppression import gives_away
from riskengine.monitoring.calibration import calibration_signals, observed_expected
from riskengine.monitoring.conditions import StopConditions, evaluated
from riskengine.monitoring.counting import Assessed, window_of
from riskengine.monitoring.document import (
    FigureId,
    Monitoring,
    Reference,
    Signal,
    UsedThresholds,
    Verdict,
    Window,
)
from riskengine.monitoring.exact import adjusted
from riskengine.monitoring.overrides import Moves
from riskengine.monitoring.proposal import proposals
from riskengine.monitoring.signals import (
    Drawn,
    group_signals,
    intake_signals,
    override_signals,
    score_cuts,
    score_signal,
    unjudged,
)
from riskengine.monitoring.thresholds import Thresholds
from riskengine.monitoring.words import said
from riskengine.scorecard.compiled import Scorecard
from riskengine.text import Text


@dataclass(frozen=True)
class Watched:
    """What a run looks at; only ``recent`` is needed.

    Attributes
    ----------
    recent, reference
        Assessments counted by `counting.assessed_of` in one call.
    reference_label
        What the reference is, in words.
    moves
        Decisions of any time; those before the window are what the window is compared with.
    matured, reference_matured
        People whose outcome is known.
    validated_on
        Day of the last validation.
    rejected
        Rows of the file that could not be used.
    """

    recent: Assessed
    reference: Assessed | None = None
    reference_label: Text | None = None
    moves: Moves | None = None
    matured: People | None = None
    reference_matured: People | None = None
    validated_on: date | None = None
    stop_conditions: StopConditions | None = None
    rejected: int = 0


def monitor(
    scorecard: Scorecard,
    watched: Watched,
    *,
    on: date,
    thresholds: Thresholds,
    model_sha256: str = "",
) -> Monitoring:
    """Run the monitor.

    Parameters
    ----------
    on
        The day of the run, at which the window ends; there is no clock here.

    Examples
    --------
    >>> found = monitor(card, Watched(recent), on=day, thresholds=all_of_them)  # doctest: +SKIP
    >>> found.verdict, found.exit_code  # doctest: +SKIP
    ('quiet', 0)
    """
    span = window_of(watched.recent.day, on, thresholds)
    window = watched.recent.take(span.at)
    document = scorecard.document
    illustrative = watched.reference is None and document.reference.illustrative
    drawn = _answers(scorecard, window, watched.reference, thresholds, illustrative)
    if watched.moves is not None:
        drawn += _overrides(watched.moves, span.first, on, thresholds)
    if watched.matured is not None:
        drawn += calibration_signals(watched.matured, watched.reference_matured, thresholds)
    signals = judged(drawn, thresholds)
    signals.append(_validation(watched.validated_on, on, thresholds))
    figures = _figures(scorecard, window, watched, signals, illustrative)
    overridden, few = _override_figures(watched.moves, span.first, on, thresholds)
    stops = evaluated(
        watched.stop_conditions, figures | overridden, secret=tuple(overridden) if few else ()
    )
    figures |= {} if few else overridden
    tested = sum(one.signal.state == "quiet" for one in drawn)
    verdict: Verdict = "quiet"
    if any(one.state == "met" for one in stops):
        verdict = "stop"
    elif any(one.state == "alarm" for one in signals):
        verdict = "alarm"
    elif not tested:
        verdict = "too_little"
    return Monitoring(
        model=document.id,
        version=document.version,
        model_sha256=model_sha256,
        title=document.title,
        on=on,
        window=Window(
            first=span.first,
            last=on,
            people=len(window),
            after=span.after,
            rejected=watched.rejected,
        ),
        reference=_reference(scorecard, watched),
        thresholds=UsedThresholds(
            id=thresholds.id,
            version=thresholds.version,
            sha256=content_hash(thresholds.model_dump(mode="json")),
        ),
        procedure=thresholds.procedure.value,
        false_discovery_rate=thresholds.false_discovery_rate.value,
        tested=tested,
        verdict=verdict,
        signals=tuple(signals),
        figures=figures,
        proposals=proposals(signals),
        stop_conditions=stops,
        notices=_notices(watched, span.after),
    )


def _answers(
    scorecard: Scorecard,
    window: Assessed,
    reference: Assessed | None,
    thresholds: Thresholds,
    illustrative: bool,
) -> list[Drawn]:
    if illustrative:
        # made-up shares: differing from them is no change
        every = scorecard.instrument.every_item
        found = [
            unjudged(
                f"intake.{axis.id}",
                "intake",
                every[axis.item].label,
                "not_measured",
                said("not_counted", label=every[axis.item].label),
            )
            for axis in scorecard.document.axes
        ]
        label = said("label_score")
        text = said("not_counted", label=label)
        return [*found, unjudged("score", "score", label, "not_measured", text)]
    drawn = intake_signals(scorecard, window, reference, thresholds)
    drawn.append(score_signal(scorecard, window, reference, thresholds))
    if reference is not None:
        drawn += group_signals(scorecard, window, reference, thresholds)
    return drawn


def _overrides(moves: Moves, first: date, on: date, thresholds: Thresholds) -> list[Drawn]:
    before, now = moves.before(first), moves.between(first, on)
    return override_signals(
        np.array([before.up.sum(), now.up.sum()]),
        np.array([before.down.sum(), now.down.sum()]),
        (int(before.recommended.sum()), int(now.recommended.sum())),
        thresholds,
    )


def judged(drawn: Sequence[Drawn], thresholds: Thresholds) -> list[Signal]:
    """Look at all tested signals together, and give all of them in their order."""
    tested = [one for one in drawn if one.signal.state == "quiet"]
    p = np.array([one.signal.p for one in tested], dtype=np.float64)
    q = iter(adjusted(p, thresholds.procedure.value).tolist())
    rate = thresholds.false_discovery_rate.value
    return [
        one.settled(next(q), rate) if one.signal.state == "quiet" else one.signal for one in drawn
    ]


def _validation(validated_on: date | None, on: date, thresholds: Thresholds) -> Signal:
    label = said("label_validation")
    if validated_on is None:
        return Signal(
            id="validation",
            kind="validation",
            label=label,
            state="not_measured",
            text=said("not_validated"),
        )
    days, most = (on - validated_on).days, thresholds.validation_days.value
    stale = days > most
    return Signal(
        id="validation",
        kind="validation",
        label=label,
        state="alarm" if stale else "quiet",
        text=said(
            "stale" if stale else "fresh", day=validated_on.isoformat(), days=days, most=most
        ),
        value=float(days),
        floor=float(most),
    )


def _figures(
    scorecard: Scorecard,
    window: Assessed,
    watched: Watched,
    signals: Sequence[Signal],
    illustrative: bool,
) -> dict[FigureId, float]:
    """Figures that stop conditions may name; what could not be had is not there."""
    found: dict[FigureId, float] = {"alarms": float(sum(s.state == "alarm" for s in signals))}
    by_id = {one.id: one for one in signals}

    def largest(kind: str, signed: bool = False) -> float | None:
        effects = [s.effect for s in signals if s.kind == kind and s.effect is not None]
        return max((e if signed else abs(e) for e in effects), default=None)

    validation, slope = by_id["validation"], by_id.get("calibration.slope")
    share = by_id.get("calibration.event_share")
    calibration = by_id.get("calibration")
    shown = calibration is not None and calibration.value is not None
    values: dict[FigureId, float | None] = {
        "largest_intake_shift": largest("intake"),
        "largest_unknown_rise": largest("unknown", signed=True),
        "largest_group_shift": largest("group_score"),
        "validation_age_days": validation.value,
        "calibration_slope": slope.value if slope else None,
        "event_share": share.value if share else None,
        "observed_expected": observed_expected(watched.matured)
        if watched.matured is not None and shown
        else None,
    }
    if len(window) and not illustrative:
        high = score_cuts(scorecard, watched.reference)[-1]
        score = by_id.get("score")
        if score is not None and score.people is not None:
            values["score_high_share"] = float((window.score >= high).mean())
    found |= {name: round(v, 6) for name, v in values.items() if v is not None}
    return found


def _override_figures(
    moves: Moves | None, first: date, on: date, thresholds: Thresholds
) -> tuple[dict[FigureId, float], bool]:
    """Shares of the window's decisions that left the recommendation, and whether they are secret.

    They need no earlier decisions to be compared with, so that a model can be stopped in its first
    months. Where one direction has too few people the shares are not printed, and still count.
    """
    now = None if moves is None else moves.between(first, on)
    decided = 0 if now is None else int(now.recommended.sum())
    if now is None or decided < thresholds.fewest_people.value:
        return {}, False
    up, down = int(now.up.sum()), int(now.down.sum())
    shares: dict[FigureId, float] = {
        "override_up_share": round(up / decided, 6),
        "override_down_share": round(down / decided, 6),
        "override_share": round((up + down) / decided, 6),
    }
    return shares, any(
        gives_away(count, decided, thresholds.smallest_cell.value)
        for count in (up, down, up + down)
    )


def _reference(scorecard: Scorecard, watched: Watched) -> Reference:
    if watched.reference is None:
        stated = scorecard.document.reference
        return Reference(kind="stated", label=stated.label, illustrative=stated.illustrative)
    people = len(watched.reference)
    label = watched.reference_label or said("reference_counted", people=people, source="-")
    return Reference(kind="counted", label=label, people=people, illustrative=False)


def _notices(watched: Watched, after: int) -> tuple[Text, ...]:
    found = [said("notice_cause")]
    if watched.stop_conditions is None:
        found.append(said("notice_no_stops"))
    if watched.matured is not None:
        found.append(said("notice_supervision"))
    if after:
        found.append(said("notice_after", count=after))
    if watched.rejected:
        found.append(said("notice_rejected", count=watched.rejected))
    return tuple(found)
