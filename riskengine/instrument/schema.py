"""The JSON Schema of an instrument's assessments, for other systems to check what they send.

The schema (draft 2020-12) accepts exactly what `riskengine.instrument.assessment.Assessment`
accepts one field at a time. What concerns several answers at once stands beside it, as data:
``x-rules`` are the cross-field rules, ``x-applicable`` at an item says when it applies, and
``x-derived`` how the numbers are computed that rules may speak of.
"""

from __future__ import annotations

from typing import Any, get_args

from pydantic import BaseModel

from riskengine.instrument.answers import MAX_LIST
from riskengine.instrument.assessment import FORMAT, Form, Kind, SourceKind
from riskengine.instrument.conditions import NOT_KNOWN
from riskengine.instrument.items import Disclosure, Item
from riskengine.instrument.model import Instrument

DIALECT = "https://json-schema.org/draft/2020-12/schema"

Schema = dict[str, Any]

_NOT_KNOWN: Schema = {"$ref": "#/$defs/not_known"}
_DATE: Schema = {"$ref": "#/$defs/date"}
_INTERNAL_ID: Schema = {"$ref": "#/$defs/internal_id"}


def assessment_schema(instrument: Instrument) -> Schema:
    """Describe the assessments of one instrument.

    Parameters
    ----------
    instrument
        The instrument whose items are answered.

    Returns
    -------
    dict
        A JSON Schema, draft 2020-12. ``format: date`` is meant as an assertion: turn the format
        check of the validator on, or 2026-02-30 passes.
    """
    name = f"{instrument.id}@{instrument.version}"
    return {
        "$schema": DIALECT,
        "$id": f"urn:riskengine:assessment:{instrument.id}:{instrument.version}",
        "title": instrument.title.en,
        "x-label": _plain(instrument.title),
        "type": "object",
        "required": ["person", "assessed_on", "answers"],
        "additionalProperties": False,
        "properties": {
            "format": {"const": FORMAT},
            "instrument": {"enum": [name, instrument.id]},
            "person": _INTERNAL_ID,
            "id": {"anyOf": [_INTERNAL_ID, {"type": "null"}]},
            "kind": {"enum": [*get_args(Kind)], "default": "intake"},
            "form": {"enum": [*get_args(Form)], "default": "full"},
            "assessed_on": _DATE,
            "answers": {
                "type": "object",
                "additionalProperties": False,
                "properties": {item.id: _item(item) for item in instrument.items},
            },
            "sources": {
                "type": "object",
                "propertyNames": {"enum": [item.id for item in instrument.items]},
                "additionalProperties": {"$ref": "#/$defs/source"},
            },
        },
        "$defs": _definitions(),
        "x-domains": [_plain(domain) for domain in instrument.domains],
        "x-derived": [_plain(item) for item in instrument.derived],
        "x-rules": [_plain(rule) for rule in instrument.x_rules],
        "x-blocked": [_plain(entry) for entry in instrument.blocked],
    }


def _definitions() -> Schema:
    return {
        "not_known": {"enum": [*NOT_KNOWN]},
        # The pattern stands beside the format since validators may take a format as a remark. It
        # has no end mark: in some languages `$` lets a line break through, the length does not.
        "date": {
            "type": "string",
            "format": "date",
            "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}",
            "maxLength": 10,
        },
        "internal_id": {
            "type": "string",
            "minLength": 1,
            "maxLength": 64,
            "pattern": "^[A-Za-z0-9]",
            "not": {
                "anyOf": [
                    {"pattern": "[^A-Za-z0-9._:-]"},
                    {"$ref": "#/$defs/identity_number", "$comment": "never a person's number"},
                ]
            },
        },
        "identity_number": {"pattern": "^[1-9][0-9]{5}(18|19|20)[0-9]{9}[0-9Xx]$"},
        "source": {
            "type": "object",
            "required": ["source"],
            "additionalProperties": False,
            "properties": {
                "source": {"enum": [*get_args(SourceKind)]},
                "on": _DATE,
                "by": _INTERNAL_ID,
                "disclosure": {"enum": [*get_args(Disclosure)]},
                "legal_basis": {
                    "type": "string",
                    "maxLength": 200,
                    "pattern": "\\S",
                    "not": {"pattern": "[\\uD800-\\uDFFF]"},
                },
            },
        },
    }


def _item(item: Item) -> Schema:
    """Give the answers of one item and, marked ``x-``, what a person needs to know of it."""
    schema: Schema = {
        "anyOf": [_answer(item), _NOT_KNOWN],
        "title": item.label.en,
        "x-label": _plain(item.label),
        "x-domain": item.domain,
        "x-use": [*item.use],
    }
    if item.levels:
        schema["x-levels"] = {level.id: _plain(level.label) for level in item.levels}
    if item.unit is not None:
        schema["x-unit"] = _plain(item.unit)
    if item.applicable is not None:
        schema["x-applicable"] = _plain(item.applicable)
    return schema


def _answer(item: Item) -> Schema:
    """Give the schema of a known answer."""
    match item.type:
        case "nominal" | "ordinal":
            return {"enum": [*item.level_ids]}
        case "boolean":
            return {"type": "boolean"}
        case "integer" | "number":
            return {"type": item.type, "minimum": item.minimum, "maximum": item.maximum}
        case "date":
            return _DATE
        case "text":
            # half of a surrogate pair is no character and cannot be stored
            return {
                "type": "string",
                "maxLength": item.max_length,
                "not": {"pattern": "[\\uD800-\\uDFFF]"},
            }
        case "multiple":
            return _list({"enum": [*item.level_ids]})
        case "dates":
            return _list(_DATE)


def _list(one: Schema) -> Schema:
    return {"type": "array", "items": one, "maxItems": MAX_LIST, "uniqueItems": True}


def _plain(value: BaseModel) -> Any:
    return value.model_dump(mode="json", by_alias=True, exclude_none=True)
