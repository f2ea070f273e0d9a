"""Days in an address: written out, and nothing that could be read as one."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated

from pydantic import BeforeValidator, WithJsonSchema

_WRITTEN = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def _written(value: object) -> object:
    """Let a day such as 2026-03-31 pass; a bare number is seconds since 1970 to pydantic."""
    if isinstance(value, str) and not _WRITTEN.fullmatch(value):
        raise ValueError("a day such as 2026-03-31 is accepted")
    return value


Day = Annotated[
    date, BeforeValidator(_written), WithJsonSchema({"type": "string", "format": "date"})
]
"""A day in an address."""
