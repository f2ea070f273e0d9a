"""The few files that pages link to; they are named here and read once, never by a path given."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files

from fastapi import APIRouter, Response

from riskengine.canonical import sha256
from riskengine.server.problems import refuse

router = APIRouter(include_in_schema=False)

_PLACES = {
    "desk.css": ("riskengine.server.pages", "static", "desk.css"),
    "sheet.css": ("riskengine.reports", "templates", "page.css"),
    "icon.svg": ("riskengine.server.pages", "static", "icon.svg"),
}

_TYPES = {"css": "text/css; charset=utf-8", "svg": "image/svg+xml"}


@lru_cache(maxsize=len(_PLACES))
def _content(name: str) -> bytes:
    package, *parts = _PLACES[name]
    return files(package).joinpath(*parts).read_bytes()


@lru_cache(maxsize=len(_PLACES))
def address(name: str) -> str:
    """Address of a file; it changes with the content, so that browsers may keep it for ever."""
    stem, _, kind = name.rpartition(".")
    return f"/static/{stem}-{sha256(_content(name))[:12]}.{kind}"


@router.get("/static/{name}")
def asset(name: str) -> Response:
    """Give one of the files."""
    for known in _PLACES:
        if f"/static/{name}" == address(known):
            return Response(
                _content(known),
                media_type=_TYPES[known.rpartition(".")[2]],
                headers={"Cache-Control": "public, max-age=31536000, immutable"},
            )
    raise refuse(404, "no_such_address")
