"""Building the JSON that runs from the YAML that people write, and checking that it is current."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from riskengine.authoring.yaml_source import Place, Source, read_yaml
from riskengine.canonical import sha256
from riskengine.errors import ArtefactError, shown
from riskengine.explanation.assistance import AssistanceCatalogue
from riskengine.explanation.texts import TextCatalogue
from riskengine.instrument.model import Instrument
from riskengine.instrument.schema import assessment_schema
from riskengine.policy.document import PolicyDocument
from riskengine.training.evidence import EvidenceDocument


@dataclass(frozen=True)
class Built:
    """One built file: where it belongs and what it holds."""

    path: Path
    content: str


def pretty(value: Any) -> str:
    """Write JSON with sorted keys, a line a value, so that a change reads well in a diff."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, indent=1, sort_keys=True) + "\n"


def validate(source: Source, shape: type[BaseModel], value: dict[str, Any]) -> None:
    """Check a parsed YAML file against a declared shape.

    Raises
    ------
    ArtefactError
        One line a mistake, with file and line.
    """
    try:
        shape.model_validate_json(json.dumps(value))
    except ValidationError as error:
        lines = []
        for found in error.errors(include_url=False):
            place: Place = tuple(p for p in found["loc"] if not _is_union_tag(p, source, found))
            given = found["input"]
            said = f" {shown(given)}" if isinstance(given, str | int | float | bool) else ""
            where = ".".join(str(p) for p in found["loc"]) or "file"
            lines.append(
                f"{source.name}: line {source.line(place)}: {where}{said}: {found['msg']}"
            )
        raise ArtefactError("\n".join(lines)) from error


def _is_union_tag(part: str | int, source: Source, found: Any) -> bool:
    return part in {"comparison", "all", "any", "not"} and (*found["loc"],) not in source.lines


SHAPES: dict[str, type[BaseModel]] = {
    "instruments": Instrument,
    "policies": PolicyDocument,
    "texts": TextCatalogue,
    "assistance": AssistanceCatalogue,
    "evidence": EvidenceDocument,
}
"""Folders under ``data_schema`` and the shape of what they hold."""


def build_value(path: Path, shape: type[BaseModel]) -> dict[str, Any]:
    """Give the JSON value of one YAML source, checked against its shape.

    Raises
    ------
    ArtefactError
        One line a mistake, with file and line.
    """
    source = read_yaml(path)
    if not isinstance(source.value, dict):
        raise ArtefactError(f"{source.name}: line 1: the file must hold a mapping")
    value = {**source.value, "source_sha256": sha256(path.read_bytes())}
    validate(source, shape, value)
    return value


def build_instrument(path: Path) -> tuple[str, Any]:
    """Build one instrument; return its file name and its JSON value."""
    value = build_value(path, Instrument)
    return f"{value['id']}@{value['version']}.json", value


def build_all(data_schema: Path) -> list[Built]:
    """Build every artefact under ``data_schema``, writing nothing."""
    built = []
    for kind, shape in SHAPES.items():
        for path in sorted((data_schema / kind).glob("*.yaml")):
            value = build_value(path, shape)
            target = data_schema / "built" / kind / f"{value['id']}@{value['version']}.json"
            built.append(Built(target, pretty(value)))
            if shape is Instrument:
                schema = assessment_schema(Instrument.model_validate_json(json.dumps(value)))
                target = data_schema / "built" / "assessments" / f"{target.stem}.schema.json"
                built.append(Built(target, pretty(schema)))
    return built


def write_all(data_schema: Path) -> list[Path]:
    """Build and write everything; return the files that changed."""
    changed = []
    for item in build_all(data_schema):
        if not item.path.exists() or item.path.read_text(encoding="utf-8") != item.content:
            item.path.parent.mkdir(parents=True, exist_ok=True)
            item.path.write_text(item.content, encoding="utf-8")
            changed.append(item.path)
    return changed


def stale(data_schema: Path) -> list[Path]:
    """Built files that are missing or do not match their sources."""
    return [
        item.path
        for item in build_all(data_schema)
        if not item.path.exists() or item.path.read_text(encoding="utf-8") != item.content
    ]
