"""What the declared shape refused, in plain words: place, rule, value and what is accepted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from riskengine.errors import PolicyError, shown
from riskengine.instrument.conditions import Comparison, Place
from riskengine.policy.document import (
    Citation,
    Contact,
    Effect,
    InitialPeriod,
    Lasts,
    OutOfReach,
    Period,
    PointRange,
    PolicyDocument,
    Roles,
    Rule,
    StepCondition,
    Steps,
    TierTerms,
    Trigger,
)
from riskengine.policy.fault import Fault, json_path
from riskengine.text import Text

_OF_LAW = frozenset(
    (
        *("law", "statutory", "statutory_set", "constraint", "constraints"),
        *("disable", "disabled", "switch_off", "off", "skip", "except", "overrides"),
        *("alerts", "safety_alerts"),
    )
)
"""Keys by which somebody might try to switch off the law."""

_HINTS: dict[str, str] = {
    "citation": "{text: {zh, en}, verified: true or false}",
    "text": "{zh: ..., en: ...}",
    "reason": "{zh: ..., en: ...}",
    "title": "{zh: ..., en: ...}",
    "label": "{zh: ..., en: ...}",
    "verified": "true or false",
    "tier": "strict, ordinary, relaxed",
    "when": "a condition, such as {item: warnings_n, at_least: 1}",
    "effect": "{kind: floor, cap, set, caution or schedule; tier or contacts}",
    "period": '{days: 60, share_of_term: "1/6"}',
    "review": '{days: 30, share_of_term: "1/12"}',
    "bands": "kind reference_share, points, point_ranges or probability",
    "roles": "{proposes, approves}",
}

_PATTERNS = {
    "[1-9][0-9]?/": 'a share in quotes, such as "1/6" or "0.25"',
    "[a-z][a-z0-9_]": "small letters, digits and _, beginning with a letter",
    "[0-9]+\\.[0-9]+": "three numbers, such as 1.0.0",
}


def shape_faults(error: ValidationError, raw: Any) -> list[Fault]:
    """Turn what the declared shape refused into faults.

    Parameters
    ----------
    raw
        The document as it was read, before it was checked.
    """
    return [_shape_fault(found, raw) for found in error.errors(include_url=False)]


def refuse_shape(error: ValidationError, raw: Any, source: str) -> PolicyError:
    """Give the error to raise for a built file whose shape is wrong, with JSON paths."""
    lines = [
        f"{source}: {json_path(fault.place)}: {fault.text()}" for fault in shape_faults(error, raw)
    ]
    return PolicyError("\n".join(lines))


def _shape_fault(found: Any, raw: Any) -> Fault:
    place = place_in(raw, found["loc"])
    missing = found["type"] == "missing"
    name = str(found["loc"][-1]) if found["loc"] else "file"
    model = _model_at(place if missing else place[:-1])
    return Fault(place, _rule_at(raw, place), _words(found, name, model))


def place_in(raw: Any, loc: tuple[str | int, ...]) -> Place:
    """The place of a value, without the tags that choose among shapes."""
    place: list[str | int] = []
    here = raw
    for part in loc:
        try:
            here = here[part]
        except (KeyError, IndexError, TypeError):
            continue  # a tag, or something that is missing
        place.append(part)
    return tuple(place)


def _rule_at(raw: Any, place: Place) -> str | None:
    if len(place) >= 2 and place[0] == "rules" and isinstance(place[1], int):
        rule = raw["rules"][place[1]]
        if isinstance(rule, Mapping) and "id" in rule:
            return str(rule["id"])
        return f"number {place[1] + 1}"
    return None


def _words(found: Any, name: str, model: type[BaseModel] | None) -> str:
    kind, given = found["type"], found["input"]
    said = f" {shown(given)}" if isinstance(given, str | int | float | bool) else ""
    context = found.get("ctx", {})
    if kind == "missing":
        hint = _HINTS.get(name, "see `riskengine schema show policy`")
        return f"[{name}] is missing; accepted: {hint}"
    if kind == "extra_forbidden":
        keys = ", ".join(_keys(model)) if model is not None else "see the schema"
        if name in _OF_LAW:
            return (
                f"unknown key [{name}]: no policy can change or switch off what the law says; "
                f"accepted: {keys}"
            )
        return f"unknown key [{name}]; accepted: {keys}"
    if kind in ("literal_error", "enum"):
        name = "tier" if name == "[key]" else name
        accepted = str(context.get("expected", "")).replace("'", "").replace(" or ", ", ")
        return f"[{name}]{said}; accepted: {accepted}"
    if kind == "union_tag_invalid":
        accepted = str(context.get("expected_tags", "")).replace("'", "")
        return f"[{name}] is of no known kind; accepted: {accepted}"
    if kind == "string_pattern_mismatch":
        pattern = str(context.get("pattern", ""))
        accepted = next((w for mark, w in _PATTERNS.items() if mark in pattern), pattern)
        return f"[{name}]{said}; accepted: {accepted}"
    if kind.startswith("date"):
        return f"[{name}]{said}; accepted: a day as YYYY-MM-DD"
    if kind == "value_error":
        said = str(context.get("error", found["msg"]))
        return said.replace("give exactly one of", "accepted: exactly one of")
    accepted = found["msg"].removeprefix("Input should be ").removeprefix("a valid ")
    return f"[{name}]{said}; accepted: {accepted}"


def _keys(model: type[BaseModel]) -> list[str]:
    return [
        field.alias or name
        for name, field in model.model_fields.items()
        if name not in ("source_sha256", "checked")
    ]


_LISTS: dict[str, type[BaseModel]] = {
    "rules": Rule,
    "triggers": Trigger,
    "contacts": Contact,
    "conditions": StepCondition,
    "ranges": PointRange,
    "all": Comparison,
    "any": Comparison,
}
_KEYS: dict[str, type[BaseModel]] = {
    "citation": Citation,
    "band_citation": Citation,
    "fixed_by": Citation,
    "effect": Effect,
    "when": Comparison,
    "not": Comparison,
    "lasts": Lasts,
    "steps": Steps,
    "initial_period": InitialPeriod,
    "relaxed_out_of_reach": OutOfReach,
    "roles": Roles,
    "period": Period,
    "review": Period,
    "minimum_stay": Period,
    "longest": Period,
    "without_sanction_for": Period,
}


def _model_at(place: Place) -> type[BaseModel] | None:
    """The shape of the object at a place."""
    if not place:
        return PolicyDocument
    last = place[-1]
    if isinstance(last, int):
        return _LISTS.get(str(place[-2])) if len(place) > 1 else None
    if len(place) == 2 and place[0] == "tiers":
        return TierTerms
    if last in ("title", "reason", "label", "text", "description", "note", "proposes", "approves"):
        return Text
    return _KEYS.get(last)
