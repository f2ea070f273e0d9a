"""Signals from counts: what changed in answers, scores, groups and overrides, in words.

Every comparison is of counts in the window with a reference, which is either other people
(Fisher's exact test) or stated shares (binomial test). A question with several answers gives one
signal: the answer that moved most beyond chance, its p-value multiplied by the number of answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from riskengine.evaluation.shares import share_interval
from riskengine.evaluation.suppression import gives_away, hidden
from riskengine.monitoring.counting import Assessed
from riskengine.monitoring.document import Kind, Signal, State
from riskengine.monitoring.exact import (
    against_people,
    against_share,
    stability_index,
)
from riskengine.monitoring.thresholds import Thresholds
from riskengine.monitoring.words import per_cent, said, state_labels
from riskengine.reports.bands import band_names
from riskengine.scorecard.compiled import Scorecard
from riskengine.text import Text

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

SCORE_SHARES = (0.2, 0.5, 0.8)
"""Quantiles of the reference from which scores are counted; the last is what "high" means."""
NUMBER_SHARES = (0.2, 0.4, 0.6, 0.8)


@dataclass(frozen=True)
class Before:
    """A reference for some cells.

    Attributes
    ----------
    counts, total
        Of every cell, and of all: people, or weights.
    counted
        Whether people stand behind it, and not a stated distribution.
    """

    counts: Floats
    total: float
    counted: bool

    @property
    def shares(self) -> Floats:
        """Share of every cell."""
        found: Floats = self.counts / max(self.total, 1e-12)
        return found

    @property
    def people(self) -> int | None:
        """How many people stand behind it."""
        return int(self.total) if self.counted else None


@dataclass(frozen=True)
class Drawn:
    """A signal before all signals of the run were looked at together.

    Attributes
    ----------
    quiet
        Its words where it turns out to be no alarm.
    large
        Whether the change is as large as one that matters.
    hidden
        Whether it is about so few people that it will show no numbers.
    """

    signal: Signal
    quiet: Text
    large: bool = False
    hidden: bool = False

    def settled(self, q: float, rate: float) -> Signal:
        """Give the signal with its adjusted p-value and its state."""
        alarm = self.large and q <= rate
        state: State = "alarm" if alarm else "quiet"
        one = self.signal
        told: dict[str, object] = {"state": state}
        if self.hidden:
            words = said("hidden_alarm" if alarm else "hidden_quiet", label=one.label)
            told |= {"hidden": True, "text": words, **dict.fromkeys(_NUMBERS)}
        else:
            told |= {"text": one.text if alarm else self.quiet, "q": short(q)}
        return one.model_copy(update=told)


_NUMBERS = ("value", "reference", "low", "high", "count", "people", "effect", "p", "q", "psi")
"""What a signal about few people does not show."""


def short(number: float) -> float:
    """Round a p-value to two digits."""
    return float(f"{number:.2g}")


def unjudged(id_: str, kind: Kind, label: Text, state: State, text: Text) -> Drawn:
    """A signal that could not be judged, with the reason."""
    return Drawn(Signal(id=id_, kind=kind, label=label, state=state, text=text), text)


Wording = Literal["share", "unknown", "score", "override", "group_score"]


def compared(
    id_: str,
    kind: Kind,
    label: Text,
    counts: Integers,
    people: int,
    before: Before,
    thresholds: Thresholds,
    floor: float,
    *,
    wording: Wording,
    levels: tuple[Text, ...] = (),
    partition: bool = True,
    cuts: tuple[str, ...] = (),
    secret: Flags | None = None,
    **words: object,
) -> Drawn:
    """Compare the cells of one question with their reference.

    Parameters
    ----------
    counts
        Shape (cells,): so many of ``people`` in the window.
    partition
        Whether the cells are all of a whole, so that two of them are one comparison.
    cuts
        What each cell is called where it is no level.
    secret
        Shape (cells,): which cells the rule of small cells hides, where others of the same table
        are shown elsewhere.
    """
    if people < thresholds.fewest_people.value:
        text = said(
            "few_people",
            label=label,
            least=thresholds.fewest_people.value,
        )
        return unjudged(id_, kind, label, "too_few", text)
    if before.people is not None and before.people < thresholds.fewest_reference.value:
        text = said(
            "few_reference",
            label=label,
            least=thresholds.fewest_reference.value,
        )
        return unjudged(id_, kind, label, "too_few", text)
    if before.people is None:
        p = against_share(counts, people, before.shares)
    else:
        p = against_people(counts, people, before.counts, before.people)
    cells = len(counts)
    tries = 1 if partition and cells == 2 else cells
    effects = counts / people - before.shares
    # equal p-values (both answers of a yes or no) go to the answer that became more frequent
    at = int(np.lexsort((-effects, p))[0])
    count, share, effect = int(counts[at]), float(before.shares[at]), float(effects[at])
    low, high = share_interval(count, people)
    more = effect > 0
    values: dict[str, object] = {
        "label": label,
        "before": per_cent(share),
        "now": per_cent(count / people),
        "people": people,
        "moved": said("rose" if more else "fell"),
        "more": said("more" if more else "fewer"),
        "difference": round(abs(effect) * people),
        "item": label,
        "level": levels[at] if levels else "",
        "cut": cuts[at] if cuts else "",
        **words,
    }
    enough = min(people, before.people or people) >= thresholds.psi_people.value
    psi = None
    if kind in ("intake", "group_share") and partition and enough:
        psi = round(stability_index(counts / people, before.shares), 4)
    signal = Signal(
        id=id_,
        kind=kind,
        label=label,
        level=levels[at].en if levels else (cuts[at] if cuts else None),
        state="quiet",
        text=said(f"changed_{wording}", **values),
        value=round(count / people, 6),
        reference=round(share, 6),
        low=round(low, 6),
        high=round(high, 6),
        count=count,
        people=people,
        effect=round(effect, 6),
        floor=floor,
        p=short(min(1.0, float(p[at]) * tries)),
        psi=psi,
    )
    return Drawn(
        signal,
        said(f"same_{wording}", **values),
        abs(effect) >= floor,
        gives_away(count, people, thresholds.smallest_cell.value)
        or (secret is not None and bool(secret[at])),
    )


# --- Items --------------------------------------------------------------------------------------


def intake_signals(
    scorecard: Scorecard, window: Assessed, reference: Assessed | None, thresholds: Thresholds
) -> list[Drawn]:
    """Answers to every scored item, and how many gave none."""
    found = []
    every = scorecard.instrument.every_item
    for column, axis in enumerate(scorecard.document.axes):
        item = every[axis.item]
        if reference is None:
            before = np.array(axis.reference, dtype=np.float64)
        else:
            before = np.bincount(reference.states[:, column], minlength=axis.states).astype(float)
        counts = np.bincount(window.states[:, column], minlength=axis.states)
        labels = state_labels(axis, item)
        found += item_signals(
            axis.id, item.label, labels, counts, before, reference is not None, thresholds
        )
    for column, term in enumerate(scorecard.linears):
        if reference is None:
            label = every[term.item].label
            text = said("not_counted", label=label)
            found.append(unjudged(f"intake.{term.id}", "intake", label, "not_measured", text))
            continue
        edges, labels = _bands(reference.numbers[:, column])
        before = _banded(reference.numbers[:, column], edges).astype(float)
        counts = _banded(window.numbers[:, column], edges)
        label = every[term.item].label
        found += item_signals(
            term.id, label, labels, counts, before, reference is not None, thresholds
        )
    return found


def item_signals(
    name: str,
    label: Text,
    levels: tuple[Text, ...],
    counts: Integers,
    before: Floats,
    counted: bool,
    thresholds: Thresholds,
) -> list[Drawn]:
    """Two signals of an item: which answers were given, and how many gave none.

    Parameters
    ----------
    levels
        Known answers; what follows them in ``counts`` and ``before`` is without an answer.
    counts, before
        Shape (states,): of the window, and of the reference (people, or weights).
    counted
        Whether people stand behind the reference.
    """
    known = len(levels)
    answered, people = int(counts[:known].sum()), int(counts.sum())
    of_known = Before(before[:known], float(before[:known].sum()), counted)
    missing = Before(before[known:].sum(keepdims=True), float(before.sum()), counted)
    return [
        compared(
            f"intake.{name}", "intake", label, counts[:known], answered, of_known, thresholds,
            thresholds.item_floor.value, wording="share", levels=levels,
        ),
        compared(
            f"unknown.{name}", "unknown", said("label_unknown", item=label),
            np.array([people - answered]), people, missing, thresholds,
            thresholds.unknown_floor.value, wording="unknown", item=label,
        ),
    ]  # fmt: skip


def _bands(numbers: Floats) -> tuple[Floats, tuple[Text, ...]]:
    """Edges at quantiles of the reference, and the bands between them in words."""
    known = numbers[np.isfinite(numbers)]
    edges = np.unique(np.quantile(known, NUMBER_SHARES)) if len(known) else np.empty(0)
    return edges, band_names(tuple(edges.tolist()))


def _banded(numbers: Floats, edges: Floats) -> Integers:
    """Counts of the bands, and last of those who gave no number."""
    band = np.searchsorted(edges, numbers, side="right")
    band = np.where(np.isfinite(numbers), band, len(edges) + 1)
    counts: Integers = np.bincount(band, minlength=len(edges) + 2)
    return counts


# --- Scores, groups, overrides ------------------------------------------------------------------


def score_cuts(scorecard: Scorecard, reference: Assessed | None) -> Integers:
    """Scores from which people are counted: quantiles of the reference that set anybody apart."""
    if reference is None:
        spread = np.array(scorecard.document.reference.score_quantiles, dtype=np.int64)
    else:
        spread = np.sort(reference.score)
    at = np.ceil(np.array(SCORE_SHARES) * (len(spread) - 1)).astype(int)
    cuts: Integers = np.unique(spread[at])
    return cuts[cuts > spread[0]] if (cuts > spread[0]).any() else cuts


def score_signal(
    scorecard: Scorecard, window: Assessed, reference: Assessed | None, thresholds: Thresholds
) -> Drawn:
    """Whether more or fewer people reach certain scores."""
    cuts = score_cuts(scorecard, reference)
    counts = (window.score[:, None] >= cuts).sum(axis=0)
    if reference is None:
        spread = np.array(scorecard.document.reference.score_quantiles, dtype=np.int64)
        before = Before((spread[:, None] >= cuts).sum(axis=0).astype(float), len(spread), False)
    else:
        reached = (reference.score[:, None] >= cuts).sum(axis=0).astype(float)
        before = Before(reached, len(reference), True)
    return compared(
        "score", "score", said("label_score"), counts, len(window), before, thresholds,
        thresholds.score_floor.value, wording="score", partition=False,
        cuts=tuple(shown_score(scorecard, int(cut)) for cut in cuts),
    )  # fmt: skip


def shown_score(scorecard: Scorecard, score: int) -> str:
    """A score as it is read: points, or log-odds with two decimals."""
    if scorecard.document.form == "points":
        return str(score)
    return f"{float(scorecard.log_odds(np.array([score]))[0]):.2f}"


def group_signals(
    scorecard: Scorecard, window: Assessed, reference: Assessed, thresholds: Thresholds
) -> list[Drawn]:
    """Who is assessed, and how often each group scores high, against the same group before."""
    found = []
    high = int(score_cuts(scorecard, reference)[-1])
    for item, now in window.groups.items():
        then = reference.groups[item]
        size = len(now.levels)
        counts = np.bincount(now.of, minlength=size)
        before = np.bincount(then.of, minlength=size).astype(float)
        secret = hidden(counts, thresholds.smallest_cell.value)
        found.append(
            compared(
                f"group_share.{item}", "group_share", said("label_group_share", item=now.label),
                counts, len(window), Before(before, len(reference), True), thresholds,
                thresholds.item_floor.value, wording="share", levels=now.labels, secret=secret,
            )
        )  # fmt: skip
        for at, (level, name) in enumerate(zip(now.levels, now.labels, strict=True)):
            reached = np.array([(window.score[now.of == at] >= high).sum()])
            earlier = np.array([(reference.score[then.of == at] >= high).sum()], dtype=float)
            found.append(
                compared(
                    f"group_score.{item}.{level}", "group_score",
                    said("label_group_score", item=now.label, group=name),
                    reached, int(counts[at]), Before(earlier, float(before[at]), True),
                    thresholds, thresholds.group_floor.value, wording="group_score",
                    cuts=(shown_score(scorecard, high),), secret=secret[[at]], item=now.label,
                    group=name,
                )
            )  # fmt: skip
    return found


def override_signals(
    up: Integers, down: Integers, people: tuple[int, int], thresholds: Thresholds
) -> list[Drawn]:
    """Overrides against earlier decisions.

    Parameters
    ----------
    up, down
        Shape (2,): before the window, and in it.
    people
        Decisions with a recommendation, before and in it.
    """
    found = []
    for name, counts in (("up", up), ("down", down)):
        label = said(f"label_override_{name}")
        id_ = f"override.{name}"
        if not people[0]:
            text = said("no_reference_decisions", label=label)
            found.append(unjudged(id_, "override", label, "not_measured", text))
            continue
        before = Before(counts[:1].astype(float), people[0], True)
        found.append(
            compared(
                id_, "override", label, counts[1:], people[1], before, thresholds,
                thresholds.override_floor.value, wording="override",
            )
        )  # fmt: skip
    return found
