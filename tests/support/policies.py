"""Policies for tests: the default one with parts exchanged, and people without an input check."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Any

from riskengine.instrument.assessment import Assessment
from riskengine.instrument.model import Instrument
from riskengine.policy.document import PolicyDocument
from riskengine.store.lookup import find_policy

SAID = {"zh": "理由", "en": "reason"}
CITED = {"text": {"zh": "出处", "en": "source"}, "verified": False}


def default() -> dict[str, Any]:
    """The default policy as a mapping that a test may change."""
    document, _ = find_policy("cn_default")
    return json.loads(document.model_dump_json(by_alias=True, exclude_none=True))


def read(raw: Mapping[str, Any]) -> PolicyDocument:
    return PolicyDocument.model_validate_json(json.dumps({**raw, "checked": None}))


def rule(name: str, when: object, effect: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "id": name,
        "title": SAID,
        "when": when,
        "effect": effect,
        "reason": SAID,
        "citation": CITED,
        **more,
    }


def person(
    instrument: Instrument,
    answers: Mapping[str, object],
    *,
    kind: str = "reassessment",
    on: date = date(2026, 6, 1),
) -> Assessment:
    """An assessment as it is after it was checked."""
    return Assessment(
        instrument=instrument,
        person="T-1",
        kind=kind,  # type: ignore[arg-type]
        form="full",
        assessed_on=on,
        answers=MappingProxyType(dict(answers)),
        sources=MappingProxyType({}),
    )
