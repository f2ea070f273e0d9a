"""Checking answers against an instrument: types, levels, ranges, applicability, cross-field rules.

All problems of an assessment are found at once. What passes here is exactly what the instrument's
JSON Schema accepts (`riskengine.instrument.schema`), plus the cross-field rules beside it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from types import MappingProxyType

from riskengine.errors import Problem
from riskengine.instrument.conditions import NOT_KNOWN, Predicate, compile_condition
from riskengine.instrument.derived import with_derived
from riskengine.instrument.items import Item
from riskengine.instrument.model import CrossRule, Instrument
from riskengine.instrument.problems import problem

MAX_LIST = 200
_CODES = frozenset(NOT_KNOWN)
_DATE_FORM = ("年-月-日，例如 2026-03-31", "YYYY-MM-DD, for example 2026-03-31")

_DATE_PATTERN = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
# half of a surrogate pair is no character: it could be neither stored nor hashed
_SURROGATE = re.compile("[\ud800-\udfff]")

Parser = Callable[[object], "object | Problem"]


def is_known(answer: object) -> bool:
    """Whether an answer is an answer, and not one of the four not-known codes."""
    return not (isinstance(answer, str) and answer in _CODES)


@dataclass(frozen=True)
class Checker:
    """An instrument's checks, compiled once."""

    parsers: Mapping[str, Parser]
    blocked: Mapping[str, tuple[str, str]]
    applicable: tuple[tuple[str, Predicate], ...]
    rules: tuple[tuple[CrossRule, Predicate], ...]


@lru_cache(maxsize=32)
def checker_of(instrument: Instrument) -> Checker:
    """What checks the answers of an instrument; made once."""
    ranks = instrument.ranks
    return Checker(
        parsers={item.id: _parser(item) for item in instrument.items},
        blocked={entry.id: (entry.reason.zh, entry.reason.en) for entry in instrument.blocked},
        applicable=tuple(
            (item.id, compile_condition(item.applicable, ranks))
            for item in instrument.items
            if item.applicable is not None
        ),
        rules=tuple((rule, compile_condition(rule.when, ranks)) for rule in instrument.x_rules),
    )


def parse_answers(
    instrument: Instrument, raw: Mapping[str, object]
) -> tuple[Mapping[str, object], tuple[Problem, ...]]:
    """Check and convert raw answers.

    Parameters
    ----------
    instrument
        The instrument that the answers belong to.
    raw
        Item id to JSON value: a level id, number, boolean, ISO date, list of those, or one of
        ``not_asked``, ``refused``, ``not_applicable``, ``unknown``.

    Returns
    -------
    answers
        Read-only; dates as `datetime.date`, lists as tuples. Items that a cross-field condition
        rules out stand as ``not_applicable``.
    problems
        Everything that is wrong, in the order of the instrument; empty when all is well.
    """
    checker = checker_of(instrument)
    problems: list[Problem] = []
    answers: dict[str, object] = {}
    for key in raw:
        if key not in checker.parsers:
            blocked = checker.blocked.get(str(key))
            problems.append(
                problem("blocked_item", str(key), accepted=blocked)
                if blocked
                else problem("unknown_item", clean_key(key), accepted=instrument.id)
            )
    for item_id, parse in checker.parsers.items():
        if item_id in raw:
            answer = parse(raw[item_id])
            if isinstance(answer, Problem):
                problems.append(answer)
            else:
                answers[item_id] = answer
    known = with_derived(instrument, {i: a for i, a in answers.items() if is_known(a)})
    for item_id, applies in checker.applicable:
        if applies(known) is False:
            if item_id in known:
                problems.append(problem("not_applicable", item_id, raw[item_id]))
            else:
                answers[item_id] = "not_applicable"
    for rule, contradicts in checker.rules:
        if contradicts(known) is True:
            problems.append(
                problem(
                    "contradiction",
                    ", ".join(rule.items),
                    accepted=(rule.message.zh, rule.message.en),
                )
            )
    # in the order of the instrument, whatever was filled in: an order may tell of an answer too
    in_order = {item_id: answers[item_id] for item_id in checker.parsers if item_id in answers}
    return MappingProxyType(in_order), tuple(problems)


def complete(instrument: Instrument, answers: Mapping[str, object]) -> dict[str, object]:
    """Checked answers and, beside them, the derived items: ready to be scored."""
    known = {item: answer for item, answer in answers.items() if is_known(answer)}
    return {**answers, **with_derived(instrument, known)}


def clean_key(key: object) -> str:
    """Give an unknown key in a form that can stand in a message."""
    return "".join(c if c.isprintable() else "·" for c in str(key)[:64])


def _parser(item: Item) -> Parser:
    """The check of one item, as a function from a raw value to an answer or a problem."""
    match item.type:
        case "nominal" | "ordinal":
            check = _level(item)
        case "boolean":
            check = _boolean(item)
        case "integer":
            check = _integer(item)
        case "number":
            check = _number(item)
        case "date":
            check = _date(item)
        case "text":
            check = _text(item)
        case "multiple":
            check = _list(item, _level(item))
        case "dates":
            check = _list(item, _date(item))

    def parse(value: object) -> object | Problem:
        if isinstance(value, str) and value in _CODES:
            return value
        return check(value)

    return parse


def _or_codes(accepted: str) -> str:
    return f"{accepted}; {', '.join(NOT_KNOWN)}"


def _level(item: Item) -> Parser:
    levels = frozenset(item.level_ids)
    accepted = _or_codes(", ".join(item.level_ids))

    def check(value: object) -> object | Problem:
        if not isinstance(value, str):
            return problem("wrong_type", item.id, value, accepted)
        return value if value in levels else problem("unknown_level", item.id, value, accepted)

    return check


def _boolean(item: Item) -> Parser:
    accepted = _or_codes("true, false")

    def check(value: object) -> object | Problem:
        return (
            value if isinstance(value, bool) else problem("wrong_type", item.id, value, accepted)
        )

    return check


def _bounds(item: Item) -> str:
    return _or_codes(f"{item.minimum} – {item.maximum}")


def _integer(item: Item) -> Parser:
    low, high = item.minimum, item.maximum
    accepted = _bounds(item)

    def check(value: object) -> object | Problem:
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            return problem("wrong_type", item.id, value, accepted)
        if not low <= value <= high:  # type: ignore[operator]
            return problem("out_of_range", item.id, value, accepted)
        return value

    return check


def _number(item: Item) -> Parser:
    low, high = item.minimum, item.maximum
    accepted = _bounds(item)

    def check(value: object) -> object | Problem:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return problem("wrong_type", item.id, value, accepted)
        if not low <= value <= high:  # type: ignore[operator]  # nor is NaN between them
            return problem("out_of_range", item.id, value, accepted)
        return float(value)

    return check


def parse_iso_date(value: object) -> date | None:
    """Read a ``YYYY-MM-DD`` date; anything else is ``None``."""
    # fromisoformat alone would take the weeks of 2026-W13-2
    if not isinstance(value, str) or not _DATE_PATTERN.match(value):
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


def _date(item: Item) -> Parser:
    def check(value: object) -> object | Problem:
        day = parse_iso_date(value)
        return day if day is not None else problem("not_a_date", item.id, value, _DATE_FORM)

    return check


def _text(item: Item) -> Parser:
    longest = item.max_length or 0
    accepted = (f"{longest} 个字符以内的文字", f"text of at most {longest} characters")

    def check(value: object) -> object | Problem:
        if not isinstance(value, str) or _SURROGATE.search(value):
            return problem("wrong_type", item.id, value, accepted)
        if len(value) > longest:
            return problem("too_long", item.id, accepted=accepted)
        # invisible direction marks could make a text read differently from what it says
        return "".join(
            c for c in value if c == "\n" or unicodedata.category(c) not in ("Cc", "Cf")
        )

    return check


def _list(item: Item, check_one: Parser) -> Parser:
    accepted = (f"最多 {MAX_LIST} 个值的列表", f"a list of at most {MAX_LIST} values")

    def check(value: object) -> object | Problem:
        if not isinstance(value, Sequence) or isinstance(value, str | bytes):
            return problem("wrong_type", item.id, value, accepted)
        if len(value) > MAX_LIST:
            return problem("too_long", item.id, accepted=accepted)
        checked = []
        for one in value:
            answer = check_one(one)
            if isinstance(answer, Problem):
                return answer
            if answer in checked:
                return problem("repeated", item.id, one)
            checked.append(answer)
        return tuple(checked)

    return check
