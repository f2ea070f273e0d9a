"""How an address is described: the problems that it may answer with, and its headers."""

from __future__ import annotations

from typing import Any

from riskengine.server.problems import MEDIA_TYPE, ProblemDocument

_SAID = {
    304: "Not changed since the `ETag` that was given.",
    400: "The request cannot be read.",
    401: "Nobody is signed in, or the key is not valid.",
    403: "Not permitted.",
    404: "There is no such thing, or it is not yours to see.",
    409: "In conflict with what is on record.",
    413: "The body is too large.",
    415: "The body is not JSON.",
    422: "The content has mistakes, each listed with item, value and what is accepted.",
    503: "Not available at the moment.",
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Describe the problems that an address may answer with; every address may be refused."""
    found: dict[int | str, dict[str, Any]] = {}
    for status in sorted({*statuses, 400, 421, 422}):
        found[status] = {
            "description": _SAID.get(status, "The service does not answer under this name."),
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}},
        }
    return found


BODY = (408, 413, 415, 422, 503)
"""What every address with a body may answer with."""

SIGNED = (401, 403)
"""What every address that is not open may answer with."""

__all__ = ["BODY", "SIGNED", "ProblemDocument", "problems"]
