"""Files that several commands read: assessments in JSON, and a person's record."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from riskengine.errors import RiskEngineError

if TYPE_CHECKING:
    from riskengine.instrument.assessment import Assessment


def documents(source: str) -> list[Any]:
    """Objects of a JSON file (one, or a list), or of standard input (``-``)."""
    from riskengine.canonical import parse_json

    try:
        data = sys.stdin.buffer.read() if source == "-" else Path(source).read_bytes()
    except OSError as error:
        raise RiskEngineError(f"{source}: {error.strerror}") from error
    raw = parse_json(data, source="standard input" if source == "-" else source)
    return raw if isinstance(raw, list) else [raw]


def recorded(path: Path | None, assessment: Assessment) -> dict[str, Any]:
    """What a person's record adds to the call; nothing without one."""
    if path is None:
        return {}
    from riskengine.policy.record import read_record

    try:
        found = read_record(path.read_bytes(), source=path.name)
    except OSError as error:
        raise RiskEngineError(f"{path}: {error.strerror}") from error
    if found.person != assessment.person:
        raise RiskEngineError(
            f"{path.name}: the record is of person [{found.person}], the assessment of "
            f"[{assessment.person}]"
        )
    return {"history": found.past(), "events": found.happened(), "alerts": found.tasks()}
