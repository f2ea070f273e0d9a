"""Reading an artefact: strict JSON first, then the declared shape, and only then an object."""

from __future__ import annotations

from typing import TypeVar

from pydantic import BaseModel, ValidationError

from riskengine.canonical import parse_json
from riskengine.errors import ArtefactError, shown

Document = TypeVar("Document", bound=BaseModel)

_LISTED = 12


def load_document(shape: type[Document], data: bytes, *, source: str) -> Document:
    """Check bytes against a declared shape.

    Unknown keys, wrong types and duplicate keys are refused; nothing is coerced and nothing in
    the file can name code.

    Raises
    ------
    ArtefactError
        With the source, the place in the document, the value and what is wrong.
    """
    parse_json(data, source=source)
    try:
        return shape.model_validate_json(data.removeprefix(b"\xef\xbb\xbf"))
    except ValidationError as error:
        raise ArtefactError(describe(error, source)) from error


def describe(error: ValidationError, source: str) -> str:
    """List what pydantic found, one line each, with the place in the document."""
    lines = []
    for found in error.errors(include_url=False)[:_LISTED]:
        place = ".".join(str(part) for part in found["loc"]) or "document"
        given = found["input"]
        value = f" {shown(given)}" if isinstance(given, str | int | float | bool) else ""
        lines.append(f"{source}: {place}{value}: {found['msg']}")
    more = error.error_count() - _LISTED
    if more > 0:
        lines.append(f"{source}: and {more} more")
    return "\n".join(lines)
