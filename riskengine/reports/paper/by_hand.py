"""Adding up a filled-in form, with nothing but what is printed on it.

This is no second engine. It does what an officer does with a pencil, so that it can be compared
with the program over every possible form (`tests/reports/paper`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Literal

from riskengine.errors import UseError
from riskengine.policy.tiers import Tier
from riskengine.reports.paper.form import Box, ItemRow, Pair, PaperForm, RuleRow, Stop

Mark = Literal["yes", "no", "not_known"]
NOT_APPLICABLE = "not_applicable"


@dataclass(frozen=True)
class Ticks:
    """What the officer wrote on the form.

    Attributes
    ----------
    boxes
        Item to the box that is ticked.
    cells
        Letter of a pair to the row and the column that were read.
    stops, rules, conditions
        What was ticked in the checklists, by id.
    newest
        Rule to the newest date of its events; ``None`` where one has no date, or there is none.
    on, start, end
        Day of the proposal, first and last day of the term.
    present, present_since
        The tier decided last and the first day of the stay at it; ``None`` where there is none.
    sanction, sanction_without_date
        Day of the newest sanction, and whether one has no date.
    alert_open
        Whether a safety alert is open.
    """

    boxes: Mapping[str, str]
    on: date
    start: date | None
    end: date | None
    cells: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    stops: Mapping[str, bool] = field(default_factory=dict)
    rules: Mapping[str, Mark] = field(default_factory=dict)
    conditions: Mapping[str, Mark] = field(default_factory=dict)
    newest: Mapping[str, date | None] = field(default_factory=dict)
    present: Tier | None = None
    present_since: date | None = None
    sanction: date | None = None
    sanction_without_date: bool = False
    alert_open: bool = False


@dataclass(frozen=True)
class PaperResult:
    """What comes out on paper.

    Attributes
    ----------
    stop
        What stopped everything; then there is nothing else.
    ruled
        The tier by band and rules, before the initial period and the way down.
    low, high, tier_low, tier_high
        Range of the score over the questions that are open, and the tiers at its ends.
    """

    stop: Stop | None
    score: int | None = None
    band: Tier | None = None
    ruled: Tier | None = None
    tier: Tier | None = None
    low: int | None = None
    high: int | None = None
    tier_low: Tier | None = None
    tier_high: Tier | None = None


def score_on_paper(form: PaperForm, ticks: Ticks) -> PaperResult:
    """Follow a form from its first line to its last.

    Raises
    ------
    UseError
        Where a question has no tick: on paper as in the program nothing is left open silently.
    """
    for row in form.stops:
        if ticks.stops.get(row.id, False):
            return PaperResult(row.stop)
    score, low, high = add_up(form, ticks)
    band = band_of(form, score)
    ruled = apply_rules(form, ticks, band)
    return PaperResult(
        stop=None,
        score=score,
        band=band,
        ruled=ruled,
        tier=apply_time(form, ticks, ruled),
        low=low,
        high=high,
        tier_low=apply_time(form, ticks, apply_rules(form, ticks, band_of(form, low))),
        tier_high=apply_time(form, ticks, apply_rules(form, ticks, band_of(form, high))),
    )


def add_up(form: PaperForm, ticks: Ticks) -> tuple[int, int, int]:
    """The sum, and the least and the greatest that the open questions allow."""
    score = low = high = form.start
    open_items: set[str] = set()
    for row in form.items:
        box = _ticked(row, ticks)
        score += box.points
        if _is_open(row, box):
            open_items.add(row.item)
            low, high = low + row.lowest, high + row.highest
        else:
            low, high = low + box.points, high + box.points
    for pair in form.pairs:
        r, c = ticks.cells[pair.letter]
        score += pair.points[r][c]
        reachable = _reachable(pair, r, c, open_items)
        low, high = low + min(reachable), high + max(reachable)
    return score, low, high


def _ticked(row: ItemRow, ticks: Ticks) -> Box:
    wanted = ticks.boxes.get(row.item)
    for box in (*row.boxes, *row.unanswered):
        if box.id == wanted:
            return box
    raise UseError(
        f"question {row.number} [{row.item}]: no box is ticked, or one that is not on the form "
        f"[{wanted}]; accepted: {', '.join(box.id for box in (*row.boxes, *row.unanswered))}"
    )


def _is_open(row: ItemRow, box: Box) -> bool:
    """Whether the answer could still move the sum; what does not apply by its rule cannot."""
    if box not in row.unanswered:
        return False
    return not (row.only_if is not None and NOT_APPLICABLE in box.codes)


def _reachable(pair: Pair, r: int, c: int, open_items: set[str]) -> list[int]:
    """Cells that an answer to the open questions of a pair could lead to."""
    rows = _known(pair.rows) if pair.row_item in open_items else [r]
    columns = _known(pair.columns) if pair.column_item in open_items else [c]
    return [pair.points[i][j] for i in rows for j in columns]


def _known(heads: tuple[object, ...]) -> list[int]:
    silent = {"not_asked", "refused", "not_applicable", "unknown"}
    return [i for i, head in enumerate(heads) if not silent & set(getattr(head, "codes", ()))]


def band_of(form: PaperForm, score: int) -> Tier:
    """Read a score off the table of bands."""
    for band in form.bands:
        if (band.low is None or band.low <= score) and (band.high is None or score <= band.high):
            return band.tier
    raise UseError(f"no band on the form holds the score [{score}]")


def apply_rules(form: PaperForm, ticks: Ticks, band: Tier) -> Tier:
    """Go through the rules in the order in which they are printed."""
    tier = band
    for row in in_effect(form, ticks):
        if row.tier is None:
            continue
        if row.effect == "cap":
            tier = min(tier, row.tier, key=lambda one: one.rank)
        elif row.effect == "floor":
            tier = max(tier, row.tier, key=lambda one: one.rank)
        elif row.effect == "set":
            tier = row.tier
    return tier


def in_effect(form: PaperForm, ticks: Ticks) -> tuple[RuleRow, ...]:
    """Rules whose condition is ticked, that have not run out and that yield to no other."""
    term = _term(ticks)
    holding = {row.number for row in form.rules if _holds(row, ticks, term)}
    return tuple(
        row for row in form.rules if row.number in holding and not holding & set(row.yields_to)
    )


def _holds(row: RuleRow, ticks: Ticks, term: int | None) -> bool:
    if ticks.rules.get(row.id) != "yes":
        return False
    newest = ticks.newest.get(row.id)
    if row.lasts is None or newest is None:
        return True
    return ticks.on < newest + timedelta(days=row.lasts.of(term))


def apply_time(form: PaperForm, ticks: Ticks, ruled: Tier) -> Tier:
    """The initial period first, then the way down."""
    term, tier = _term(ticks), ruled
    if form.initial is not None and ticks.start is not None:
        over = ticks.start + timedelta(days=form.initial.length.of(term))
        if ticks.on < over:
            tier = max(tier, form.initial.tier, key=lambda one: one.rank)
    present = ticks.present
    if present is None or tier.rank >= present.rank:
        return tier
    if ticks.alert_open:
        return present
    down = form.way_down
    if down is None:
        return tier
    stay = down.stays.get(present)
    if (
        stay is not None
        and ticks.present_since is not None
        and ticks.on < ticks.present_since + timedelta(days=stay.of(term))
    ):
        return present
    if down.clean is not None:
        if ticks.sanction_without_date:
            return present
        clean = down.clean.of(term)
        if ticks.sanction is not None and ticks.on < ticks.sanction + timedelta(days=clean):
            return present
    if any(ticks.conditions.get(row.id) != "yes" for row in down.conditions):
        return present
    return max(tier, Tier.at(max(0, present.rank - down.most)), key=lambda one: one.rank)


def _term(ticks: Ticks) -> int | None:
    if ticks.start is None or ticks.end is None:
        return None
    return (ticks.end - ticks.start).days
