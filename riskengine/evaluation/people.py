"""People scored by a model, with what became of them: plain data for every figure.

`People` is what evaluation, the promotion gate and the monitor count on. It holds arrays only, so
that it can be made from a cohort, from the record, or by hand in a test.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from riskengine.errors import UseError, shown
from riskengine.instrument.conditions import NOT_KNOWN
from riskengine.instrument.items import LEVELLED, NUMERIC, DerivedItem, Item
from riskengine.instrument.model import Instrument
from riskengine.reports.bands import band_names
from riskengine.scorecard.compiled import Scorecard
from riskengine.scorecard.compiled import probability as _probability
from riskengine.text import Text

if TYPE_CHECKING:
    from riskengine.training.cohort import Cohort

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Days = NDArray[np.datetime64]

NOT_KNOWN_LEVEL = "not_known"
NOT_KNOWN_LABEL = Text(zh="不明", en="not known")
MOST_LEVELS = 40
"""Most different values that a column of a file may have to be a grouping."""

_QUARTERS = (0.25, 0.5, 0.75)


@dataclass(frozen=True)
class Grouping:
    """One way of dividing people.

    Attributes
    ----------
    id
        An item of the instrument, or a column of the file.
    levels, labels
        Answers (or bands of a number) in their order; `NOT_KNOWN_LEVEL` comes last, where
        anybody's answer is not known. Only levels that somebody has.
    of
        Shape (people,): position of everybody's level.
    column
        Whether it is a column of the file and no item.
    """

    id: str
    label: Text
    levels: tuple[str, ...]
    labels: tuple[Text, ...]
    of: Integers
    column: bool = False

    def take(self, at: NDArray[Any]) -> Grouping:
        """The same for some of the people; levels that nobody has are kept."""
        return replace(self, of=self.of[at])


@dataclass(frozen=True)
class People:
    """People scored by one model.

    Attributes
    ----------
    score
        Shape (people,): in score units, a higher score meaning more risk.
    log_odds
        Shape (people,): the score in log-odds; of a relative model a ranking and no more.
    risk
        Shape (people,): calibrated probability; ``None`` for a relative model.
    outcome
        Shape (people,): 1 with the event, 0 without.
    weight
        Shape (people,): how much everybody counts, mean one; everybody alike where all were
        followed to the end.
    groups, strata
        Groupings by id: audit items; legally relevant strata such as the community-sentence
        category, the offence class or the present tier.
    row
        Shape (people,): number of everybody's row in the file, from 1.
    followed_days
        Shape (people,): how long everybody was followed, ``nan`` where the file does not tell.
    district, date
        Shape (people,): where and when assessed, where a column was named.
    contacts
        Shape (people,): contacts with supervision during follow-up, ``nan`` where not known.
    incumbent
        Shape (people,): the score in use today, ``nan`` where nobody gave one.
    """

    score: Integers
    log_odds: Floats
    risk: Floats | None
    outcome: Integers
    weight: Floats
    horizon_days: int
    groups: Mapping[str, Grouping] = field(default_factory=dict)
    strata: Mapping[str, Grouping] = field(default_factory=dict)
    row: Integers | None = None
    followed_days: Floats | None = None
    district: Grouping | None = None
    date: Days | None = None
    contacts: Floats | None = None
    incumbent: Floats | None = None

    def __len__(self) -> int:
        return len(self.score)

    @property
    def events(self) -> int:
        """How many had the event, whatever they weigh."""
        return int(self.outcome.sum())

    @property
    def effective(self) -> float:
        """Effective sample size of the weights, ``sum(w)^2 / sum(w^2)``."""
        total = float(self.weight.sum())
        return total**2 / float(self.weight @ self.weight) if total else 0.0

    def take(self, at: NDArray[Any]) -> People:
        """Some of the people, by positions or by a mask; weights stay as they are."""

        def cut(values: NDArray[Any] | None) -> Any:
            return None if values is None else values[at]

        return replace(
            self,
            score=self.score[at],
            log_odds=self.log_odds[at],
            risk=cut(self.risk),
            outcome=self.outcome[at],
            weight=self.weight[at],
            groups={name: one.take(at) for name, one in self.groups.items()},
            strata={name: one.take(at) for name, one in self.strata.items()},
            row=cut(self.row),
            followed_days=cut(self.followed_days),
            district=None if self.district is None else self.district.take(at),
            date=cut(self.date),
            contacts=cut(self.contacts),
            incumbent=cut(self.incumbent),
        )


@dataclass(frozen=True)
class Scored:
    """Scores of some people by one scorecard: units, log-odds, and risks where it has them."""

    score: Integers
    log_odds: Floats
    risk: Floats | None


def score_answers(scorecard: Scorecard, answers: Sequence[Mapping[str, object]]) -> Scored:
    """Score complete answers by the one path that scores anybody.

    Parameters
    ----------
    answers
        Complete answers of everybody, such as `Cohort.answers` or `Assessment.complete`.
    """
    scores = scorecard.scores(scorecard.term_parts(scorecard.encode(answers)))
    # whole numbers of any size are slow, so that every score is turned into log-odds once
    units, at = np.unique(scores, return_inverse=True)
    log_odds = scorecard.log_odds(units)
    calibrated = scorecard.document.scale == "calibrated"
    risk = _probability(log_odds)[at] if calibrated else None
    return Scored(scores, log_odds[at], risk)


def people_of(
    cohort: Cohort,
    scorecard: Scorecard,
    *,
    by: Sequence[str] | None = None,
    strata: Sequence[str] = (),
    **columns: Any,
) -> People:
    """Score a cohort with a loaded scorecard.

    Parameters
    ----------
    by
        Items to group by; without it every item that the instrument audits, that the file holds
        and that was known at the assessment.
    strata
        Items within whose levels groups are compared as well.
    **columns
        Further fields of `People` for the same people, such as ``contacts`` or ``incumbent``.

    Raises
    ------
    UseError
        Where an item cannot be grouped by.
    """
    scored = score_answers(scorecard, cohort.answers)
    instrument = scorecard.instrument
    named = audit_items(instrument, cohort.present) if by is None else by
    return People(
        score=scored.score,
        log_odds=scored.log_odds,
        risk=scored.risk,
        outcome=cohort.outcome,
        weight=cohort.weight,
        horizon_days=scorecard.document.horizon_days,
        groups={item: grouping(instrument, item, cohort.column(item)) for item in named},
        strata={item: grouping(instrument, item, cohort.column(item)) for item in strata},
        row=cohort.at,
        **columns,
    )


def audit_items(instrument: Instrument, present: frozenset[str]) -> tuple[str, ...]:
    """Items by which groups are reported: audited, in the file, and possible to group by."""
    return tuple(
        item.id
        for item in instrument.items
        if (item.protected or "audit" in item.use)
        and item.id in present
        and (item.type in ("nominal", "ordinal", "boolean") or item.type in NUMERIC)
    )


def grouping(instrument: Instrument, item: str, answers: Sequence[object]) -> Grouping:
    """Divide people by their answer to an item: its levels, or its bands of a number.

    Raises
    ------
    UseError
        Where there is no such item, or where it cannot be grouped by.
    """
    found = instrument.every_item.get(item)
    if found is None:
        raise UseError(
            f"instrument [{instrument.id}@{instrument.version}] has no item {shown(item)} to "
            "group by"
        )
    if isinstance(found, DerivedItem) or found.type in NUMERIC:
        return _by_number(found, answers)
    if found.type == "boolean":
        levels: tuple[str, ...] = ("false", "true")
        labels: tuple[Text, ...] = (Text(zh="否", en="no"), Text(zh="是", en="yes"))
    elif found.type in LEVELLED and found.type != "multiple":
        levels = found.level_ids
        labels = tuple(level.label for level in found.levels)
    else:
        raise UseError(
            f"item [{item}] is of type [{found.type}] and divides nobody; accepted: nominal, "
            "ordinal, boolean, integer, number"
        )
    position: dict[object, int] = {level: at for at, level in enumerate(levels)}
    if found.type == "boolean":
        position = {False: 0, True: 1}
    return _divided(found.id, found.label, levels, labels, answers, position.__getitem__)


def column_grouping(name: str, values: Sequence[object], label: Text | None = None) -> Grouping:
    """Divide people by a column of the file, each value a level; a blank is not known.

    Raises
    ------
    UseError
        Where the column has more than `MOST_LEVELS` different values.
    """
    texts = [plain(value) for value in values]
    levels = tuple(sorted({text for text in texts if text}))
    if len(levels) > MOST_LEVELS:
        raise UseError(
            f"column {shown(name)} has [{len(levels)}] different values; accepted: up to "
            f"[{MOST_LEVELS}], such as districts or tiers"
        )
    position: dict[object, int] = {level: at for at, level in enumerate(levels)}
    labels = tuple(Text(zh=level, en=level) for level in levels)
    answers = [text or NOT_KNOWN[0] for text in texts]
    divided = _divided(
        name, label or Text(zh=name, en=name), levels, labels, answers, position.__getitem__
    )
    return replace(divided, column=True)


def plain(value: object) -> str:
    """Give a cell as text; empty where it is blank."""
    if value is None or value != value:  # NaN is not itself
        return ""
    return str(value).strip()


def _by_number(item: Item | DerivedItem, answers: Sequence[object]) -> Grouping:
    edges: tuple[int | float, ...] = tuple(edge for edge in item.bands if edge != item.minimum)
    if not edges:
        known = [value for value in answers if isinstance(value, int | float)]
        edges = tuple(np.unique(np.quantile(known, _QUARTERS)).tolist()) if known else ()
    names: list[str] = []
    for at in range(len(edges) + 1):
        low = f"from_{edges[at - 1]:g}" if at else ""
        high = f"below_{edges[at]:g}" if at < len(edges) else ""
        names.append("_".join(part for part in (low, high) if part) or "any")

    def band(value: object) -> int:
        assert isinstance(value, int | float)
        return bisect_right(edges, value)

    return _divided(item.id, item.label, tuple(names), band_names(edges), answers, band)


def _divided(
    name: str,
    label: Text,
    levels: tuple[str, ...],
    labels: tuple[Text, ...],
    answers: Sequence[object],
    position: Callable[[object], int],
) -> Grouping:
    """Give everybody a position, and drop levels that nobody has."""
    not_known = len(levels)
    codes = frozenset(NOT_KNOWN)
    of = np.array(
        [
            not_known if isinstance(answer, str) and answer in codes else position(answer)
            for answer in answers
        ],
        dtype=np.int64,
    )
    present = np.unique(of)
    all_levels = (*levels, NOT_KNOWN_LEVEL)
    all_labels = (*labels, NOT_KNOWN_LABEL)
    return Grouping(
        id=name,
        label=label,
        levels=tuple(all_levels[at] for at in present),
        labels=tuple(all_labels[at] for at in present),
        of=np.searchsorted(present, of).astype(np.int64),
    )
