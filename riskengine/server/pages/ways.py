"""Where a reader is sent next: only ever to a page of this very service."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote, urlencode

from fastapi.responses import RedirectResponse

_LONGEST = 500


def safe_path(path: str | None, fallback: str = "/") -> str:
    r"""Give a path of this service back, and the fallback for anything else.

    Browsers read ``//host``, ``/\host`` and control characters as ways to another host.

    Examples
    --------
    >>> safe_path("/caseload?tier=strict"), safe_path("//elsewhere.example"), safe_path("/\\x.y")
    ('/caseload?tier=strict', '/', '/')
    """
    if path is None or not path.startswith("/") or len(path) > _LONGEST:
        return fallback
    if path.startswith("//") or not path.isascii() or not path.isprintable():
        return fallback
    if "\\" in path or " " in path:
        return fallback
    return path


def go(path: str, **query: str) -> RedirectResponse:
    """Send the reader to a page of this service by GET."""
    extra = f"?{urlencode(query)}" if query else ""
    return RedirectResponse(f"{path}{extra}", status_code=303)


def with_query(path: str, values: Mapping[str, str]) -> str:
    """Write a path with the values that are not empty."""
    given = {name: value for name, value in values.items() if value}
    return f"{path}?{urlencode(given, quote_via=quote)}" if given else path
