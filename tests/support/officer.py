"""An officer with a pencil: fills a paper form in from the answers, reading only what is printed.

Shares no code with the engine: conditions are read as plain data, dates are counted by hand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import Any

from riskengine.instrument.model import Instrument
from riskengine.policy.history import PastEvent, PastTier
from riskengine.reports.paper.by_hand import Ticks
from riskengine.reports.paper.form import Answers, PaperForm

NOT_KNOWN = ("not_asked", "refused", "not_applicable", "unknown")
COUNTED = {
    "admonition": "admonitions_n",
    "warning": "warnings_n",
    "public_security_penalty": "ps_penalties_n",
    "commendation": "commendations_n",
}
TIERS = ("relaxed", "ordinary", "strict")


def holds(answers: Answers, answer: object, whole: bool | None) -> bool:
    """Whether an answer stands beside a box or at the head of a row."""
    if isinstance(answer, str):
        return answer in answers.codes
    if isinstance(answer, bool):
        return ("true" if answer else "false") in answers.codes
    if answers.codes:
        return False
    if answers.low is not None and answer < answers.low:
        return False
    if answers.high is None:
        return True
    return answer <= answers.high if whole else answer < answers.high


def box_for(row, answer: object) -> str:
    """The one box an answer belongs in."""
    fitting = [b.id for b in (*row.boxes, *row.unanswered) if holds(b, answer, row.whole)]
    assert len(fitting) == 1, (row.item, answer, fitting)
    return fitting[0]


def head_for(heads: Sequence[Answers], answer: object, whole: bool | None) -> int:
    fitting = [i for i, head in enumerate(heads) if holds(head, answer, whole)]
    assert len(fitting) == 1, (answer, fitting)
    return fitting[0]


def tick_boxes(form: PaperForm, answers: Mapping[str, object]) -> dict[str, str]:
    return {row.item: box_for(row, answers.get(row.item, "not_asked")) for row in form.items}


def read_pairs(form: PaperForm, answers: Mapping[str, object]) -> dict[str, tuple[int, int]]:
    return {
        pair.letter: (
            head_for(pair.rows, answers.get(pair.row_item, "not_asked"), pair.row_whole),
            head_for(pair.columns, answers.get(pair.column_item, "not_asked"), pair.column_whole),
        )
        for pair in form.pairs
    }


def truth(condition: Any, known: Mapping[str, object], order: Mapping[str, Sequence[str]]) -> str:
    """yes, no or not_known: what an officer ticks beside a condition."""
    if "all" in condition or "any" in condition:
        wins, loses = ("no", "yes") if "all" in condition else ("yes", "no")
        parts = [truth(p, known, order) for p in condition.get("all", condition.get("any"))]
        if wins in parts:
            return wins
        return "not_known" if "not_known" in parts else loses
    if "not" in condition:
        inner = truth(condition["not"], known, order)
        return {"yes": "no", "no": "yes"}.get(inner, inner)
    subject = condition.get("item") or condition.get("fact")
    if "known" in condition:
        return "yes" if (subject in known) == condition["known"] else "no"
    if subject not in known:
        return "not_known"
    value = known[subject]
    if "more_than_item" in condition:
        if condition["more_than_item"] not in known:
            return "not_known"
        return "yes" if value > known[condition["more_than_item"]] else "no"
    if "contains" in condition:
        return "yes" if condition["contains"] in value else "no"
    if "is" in condition:
        return "yes" if value == condition["is"] else "no"
    if "in" in condition:
        return "yes" if value in condition["in"] else "no"
    levels = order.get(subject)

    def place(one: object) -> Any:
        if levels is not None:
            return levels.index(one)
        return date.fromisoformat(one) if isinstance(value, date) else one

    at = levels.index(value) if levels is not None else value
    if "at_least" in condition:
        return "yes" if at >= place(condition["at_least"]) else "no"
    return "yes" if at <= place(condition["at_most"]) else "no"


@lru_cache(maxsize=4)
def order_of(instrument: Instrument) -> dict[str, Sequence[str]]:
    found: dict[str, Sequence[str]] = {"current_tier": TIERS, "band": TIERS}
    for item in instrument.items:
        if item.type == "ordinal":
            found[item.id] = [level.id for level in item.levels]
    return found


def fill_in(
    form: PaperForm,
    answers: Mapping[str, object],
    *,
    on: date,
    order: Mapping[str, Sequence[str]],
    kind: str = "reassessment",
    history: Sequence[PastTier] = (),
    events: Sequence[PastEvent] | None = None,
    alert_open: bool = False,
    band: str | None = None,
    stops: Mapping[str, bool] | None = None,
) -> Ticks:
    """Fill in the whole form."""
    known = {
        item: answer
        for item, answer in answers.items()
        if not (isinstance(answer, str) and answer in NOT_KNOWN)
    }
    start, end = known.get("start_date"), known.get("end_date")
    start = start if isinstance(start, date) else None
    end = end if isinstance(end, date) else None
    past = sorted((p for p in history if p.decided_on <= on), key=lambda p: p.decided_on)
    present = since = None
    if past:
        present = past[-1].tier
        first = len(past) - 1
        while first > 0 and past[first - 1].tier is present:
            first -= 1
        since = past[first].decided_on
        if form.initial is not None and start is not None and first == 0:
            term = (end - start).days if end is not None else None
            days = form.initial.length.of(term)
            if present is form.initial.tier and (since - start).days <= days:
                since = min(since, start)
    happened = [e for e in events or () if e.on <= on]
    newest: dict[str, date] = {}
    count: dict[str, int] = {}
    for event in happened:
        count[event.kind] = count.get(event.kind, 0) + 1
        newest[event.kind] = max(newest.get(event.kind, event.on), event.on)

    def newest_of(kinds: Sequence[str]) -> tuple[date | None, bool]:
        """Newest day, and whether one that is counted has none."""
        undated = any(
            isinstance(n := known.get(COUNTED.get(k, "")), int) and count.get(k, 0) < n
            for k in kinds
        )
        days = [newest[k] for k in kinds if k in newest]
        return (max(days) if days else None), undated

    facts: dict[str, object] = {"assessment_kind": kind}
    if start is not None:
        facts["days_since_start"] = (on - start).days
    if end is not None:
        facts["days_to_end"] = (end - on).days
        if start is not None:
            facts["term_days"] = (end - start).days
    if present is not None:
        facts["current_tier"] = present.value
        facts["days_at_tier"] = (on - since).days
    for event_kind, day in newest.items():
        facts[f"days_since_{event_kind}"] = (on - day).days
    rules, ends = {}, {}
    for row in form.rules:
        with_band = {**known, **facts, **({"band": band} if band else {})}
        rules[row.id] = truth(row.condition, with_band, order)
        day, undated = newest_of(row.since)
        ends[row.id] = None if undated else day
    sanction, undated = newest_of(form.way_down.sanctions if form.way_down else ())
    return Ticks(
        boxes=tick_boxes(form, answers),
        cells=read_pairs(form, answers),
        on=on,
        start=start,
        end=end,
        stops=stops or {},
        rules=rules,
        conditions={
            row.id: truth(row.condition, {**known, **facts}, order)
            for row in (form.way_down.conditions if form.way_down else ())
        },
        newest=ends,
        present=present,
        present_since=since,
        sanction=sanction,
        sanction_without_date=undated,
        alert_open=alert_open,
    )
