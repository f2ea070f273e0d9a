"""Long lists in pages: an opaque cursor names the last entry of the page before."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from typing import Annotated, TypeVar

from fastapi import Query

from riskengine.server.problems import refuse

Entry = TypeVar("Entry")
Limit = Annotated[int, Query(ge=1, le=500, description="Most entries of a page.")]
Cursor = Annotated[
    str | None, Query(max_length=400, description="`next` of the page before; opaque.")
]


def cursor_of(key: str) -> str:
    """Write a cursor after an entry."""
    return base64.urlsafe_b64encode(json.dumps(["1", key]).encode()).decode().rstrip("=")


def read_cursor(cursor: str | None) -> str | None:
    """Read a cursor that an earlier page gave; ``None`` for the first page."""
    if cursor is None:
        return None
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        value = json.loads(base64.b64decode(padded.encode("ascii"), b"-_", validate=True))
    except (ValueError, binascii.Error, RecursionError):
        raise refuse(400, "bad_cursor") from None
    match value:
        case ["1", str(key)]:
            return key
        case _:
            raise refuse(400, "bad_cursor")


def page(
    entries: Sequence[Entry], key: Callable[[Entry], str], *, cursor: str | None, limit: int
) -> tuple[list[Entry], str | None]:
    """Cut a page out of a list that is sorted by a key, and say how to go on."""
    after = read_cursor(cursor)
    rest = [one for one in entries if after is None or key(one) > after]
    cut = rest[:limit]
    return cut, cursor_of(key(cut[-1])) if len(rest) > limit else None
