"""The questions of a form: boxes with points, and tables of pairs, read off the scorecard."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from riskengine.errors import UseError
from riskengine.explanation.texts import Texts
from riskengine.instrument.conditions import NOT_KNOWN
from riskengine.instrument.items import DerivedItem, Item
from riskengine.instrument.model import Instrument
from riskengine.policy.words import condition_words
from riskengine.reports.paper.form import Answers, Box, ItemRow, Pair
from riskengine.scorecard.compiled import Scorecard
from riskengine.scorecard.document import Axis, LinearTerm, TableTerm
from riskengine.scorecard.encoding import axis_encoder
from riskengine.scorecard.whole_numbers import can_be_listed, listed

_WHOLE_FUNCTIONS = ("age_at", "months_between", "count_within")
_BY_HAND = (*_WHOLE_FUNCTIONS, "ratio")


@dataclass(frozen=True)
class _Part:
    """A span of numbers before it is a box: its ends and one number inside."""

    low: float | None
    high: float | None
    inside: float


def item_rows(scorecard: Scorecard, say: Texts) -> tuple[ItemRow, ...]:
    """Every question that counts, in the order of the scorecard."""
    return tuple(
        _row(number, name, scorecard, say)
        for number, name in enumerate(scorecard.document.items, start=1)
    )


def _row(number: int, name: str, scorecard: Scorecard, say: Texts) -> ItemRow:
    item = scorecard.instrument.every_item[name]
    _refuse_what_no_hand_computes(item, scorecard)
    singles = [t for t in scorecard.tables if len(t.axes) == 1 and _item(t, 0, scorecard) == name]
    linears = [t for t in scorecard.linears if t.item == name]
    points = _Points(scorecard, item, singles, linears)
    lang = say.lang
    boxes: list[Box] = []
    for answers, anchor, example in _answers(item, points, say):
        boxes.append(
            Box(
                **dict(answers),
                id=f"{number}{_letter(len(boxes))}",
                points=points.of(example),
                anchor=anchor,
            )
        )
    unanswered = tuple(
        Box(
            id=f"{number}.{position}",
            label=say(f"answer_{code}"),
            codes=(code,),
            points=points.of(code),
        )
        for position, code in enumerate(NOT_KNOWN, start=1)
    )
    asked = item if isinstance(item, Item) else None
    return ItemRow(
        number=number,
        item=name,
        label=item.label[lang],
        question=asked.question[lang] if asked and asked.question else item.label[lang],
        help=asked.help[lang] if asked and asked.help else None,
        whole=_whole(item),
        boxes=tuple(boxes),
        unanswered=unanswered,
        lowest=min(box.points for box in boxes),
        highest=max(box.points for box in boxes),
        only_if=(
            condition_words(asked.applicable, scorecard.instrument, lang)
            if asked and asked.applicable is not None
            else None
        ),
        steps=() if isinstance(item, Item) else _steps(item, scorecard.instrument, say),
        counted_in_pairs_only=not singles and not linears,
    )


def _item(term: TableTerm, dimension: int, scorecard: Scorecard) -> str:
    return scorecard.document.axes_by_id[term.axes[dimension]].item


def _letter(position: int) -> str:
    """a, b, ... z, aa, ab, ..."""
    letters = ""
    position += 1
    while position:
        position, rest = divmod(position - 1, 26)
        letters = chr(ord("a") + rest) + letters
    return letters


def _refuse_what_no_hand_computes(item: Item | DerivedItem, scorecard: Scorecard) -> None:
    name = f"{scorecard.document.id}@{scorecard.document.version}"
    if isinstance(item, DerivedItem) and item.function not in _BY_HAND:
        raise UseError(
            f"model [{name}]: item [{item.id}] is computed by [{item.function}], which nobody "
            f"works out by hand; accepted on paper: {', '.join(_BY_HAND)}"
        )
    for term in scorecard.linears:
        if term.item == item.id and not can_be_listed(scorecard, term):
            raise UseError(
                f"model [{name}]: term [{term.id}] multiplies [{item.id}], which is no whole "
                "number, and rounds the product; accepted on paper: tables, and linear terms "
                "over whole numbers"
            )


@dataclass(frozen=True)
class _Points:
    """Points of an answer to one item: its single tables and its linear terms."""

    scorecard: Scorecard
    item: Item | DerivedItem
    singles: Sequence[TableTerm]
    linears: Sequence[LinearTerm]

    @property
    def axes(self) -> list[Axis]:
        """Axes of the single tables."""
        return [self.scorecard.document.axes_by_id[term.axes[0]] for term in self.singles]

    def of(self, answer: object) -> int:
        """Points of an answer."""
        total = 0
        for term, axis in zip(self.singles, self.axes, strict=True):
            total += term.cells[axis_encoder(axis, self.item)(answer)]
        for linear in self.linears:
            runs, silent = listed(self.scorecard, linear)
            if isinstance(answer, str):
                total += silent
            else:
                total += next(run.part for run in runs if answer <= run.high)  # type: ignore[operator]
        return total

    def edges(self) -> list[float]:
        """First numbers of every span in which the points stay the same."""
        edges: set[float] = {cut for axis in self.axes for cut in axis.cuts}
        for linear in self.linears:
            edges |= {run.low for run in listed(self.scorecard, linear)[0][1:]}
        return sorted(edges)


def _whole(item: Item | DerivedItem) -> bool | None:
    """Whether an item takes whole numbers; ``None`` where it takes none."""
    if isinstance(item, DerivedItem):
        return item.function in _WHOLE_FUNCTIONS
    return {"integer": True, "number": False}.get(item.type)


def _answers(
    item: Item | DerivedItem, points: _Points, say: Texts
) -> Iterator[tuple[Answers, str | None, object]]:
    """Answers with their anchors, each with one answer that stands for it."""
    if isinstance(item, Item) and item.type == "boolean":
        for code in ("false", "true"):
            word = say("yes" if code == "true" else "no")
            yield Answers(label=word, codes=(code,)), None, code == "true"
    elif isinstance(item, Item) and item.levels:
        for level in item.levels:
            anchor = level.anchor[say.lang] if level.anchor else None
            yield Answers(label=level.label[say.lang], codes=(level.id,)), anchor, level.id
    else:
        for part in _parts(points.edges(), item):
            yield _span(part, item, say), None, part.inside


def _parts(edges: Sequence[float], item: Item | DerivedItem) -> Iterator[_Part]:
    """Spans between edges; the ends are open, since nothing lies beyond what can be answered."""
    whole = bool(_whole(item))
    if whole:
        edges = sorted({math.ceil(edge) for edge in edges})
    low: float | None = None
    for high in (*edges, None):
        if low is None and high is None:
            yield _Part(None, None, item.minimum or 0)
        elif low is None:
            assert high is not None
            yield _Part(None, high - 1 if whole else high, high - 1)
        elif high is None:
            yield _Part(low, None, low)
        else:
            yield _Part(low, high - 1 if whole else high, low)
        low = high


def _span(part: _Part, item: Item | DerivedItem, say: Texts) -> Answers:
    whole = bool(_whole(item))
    kind = "whole" if whole else "part"
    low, high = _number(part.low), _number(part.high)
    if low is None and high is None:
        label = say("any_number")
    elif whole and (low, high) in ((high, high), (None, item.minimum), (item.maximum, None)):
        label = f"{high if low is None else low}"
    elif low is None:
        label = say(f"{kind}_up_to", high=high)
    elif high is None:
        label = say(f"{kind}_from", low=low)
    else:
        label = say(f"{kind}_between", low=low, high=high)
    return Answers(label=label, low=low, high=high)


def _number(value: float | None) -> int | float | None:
    """A number as it is printed: 18 and not 18.0."""
    if value is None:
        return None
    return int(value) if float(value).is_integer() else value


def _steps(item: DerivedItem, instrument: Instrument, say: Texts) -> tuple[str, ...]:
    """How a number is worked out by hand, in the words of the instrument."""
    words: dict[str, object] = {}
    for name, source in item.arguments.items():
        words[name] = (
            instrument.every_item[source].label[say.lang] if isinstance(source, str) else source
        )
    return (say(f"steps_{item.function}", **words), say("steps_unknown"))


def pairs(scorecard: Scorecard, say: Texts) -> tuple[Pair, ...]:
    """Every pair of questions as a table."""
    found: list[Pair] = []
    for term in scorecard.tables:
        if len(term.axes) != 2:
            continue
        one, two = (scorecard.document.axes_by_id[axis] for axis in term.axes)
        items = scorecard.instrument.every_item
        first, second = items[one.item], items[two.item]
        width = two.states
        found.append(
            Pair(
                letter=_letter(len(found)).upper(),
                row_item=one.item,
                column_item=two.item,
                label=say("pair", first=first.label[say.lang], second=second.label[say.lang]),
                row_whole=_whole(first),
                column_whole=_whole(second),
                rows=tuple(_heads(one, first, say)),
                columns=tuple(_heads(two, second, say)),
                points=tuple(
                    tuple(term.cells[r * width : (r + 1) * width]) for r in range(one.states)
                ),
            )
        )
    return tuple(found)


def _heads(axis: Axis, item: Item | DerivedItem, say: Texts) -> Iterator[Answers]:
    if axis.groups:
        for group in axis.groups:
            yield Answers(label=say.listed(_level_words(item, group, say)), codes=group)
    else:
        for part in _parts(list(axis.cuts), item):
            yield _span(part, item, say)
    for codes in axis.not_known:
        label = (
            say("no_answer")
            if len(codes) == len(NOT_KNOWN)
            else say.listed(say(f"answer_{code}") for code in codes)
        )
        yield Answers(label=label, codes=codes)


def _level_words(item: Item | DerivedItem, group: Sequence[str], say: Texts) -> list[str]:
    assert isinstance(item, Item)
    if item.type == "boolean":
        return [say("yes" if code == "true" else "no") for code in group]
    return [item.level(code).label[say.lang] for code in group]
