"""One YAML source checked against its shape, with the line of every mistake."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from riskengine.authoring.yaml_source import Place, Source, read_yaml
from riskengine.canonical import sha256
from riskengine.errors import ArtefactError, shown


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
