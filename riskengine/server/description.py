"""Describing the API (OpenAPI 3.1): bodies that are read strictly, who may ask, what follows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from riskengine import __version__
from riskengine.server.cookies import session_cookie
from riskengine.server.settings import Settings

_REQUEST_NUMBER = {
    "description": "Number of the request; the log has the same one.",
    "required": True,
    "schema": {"type": "string", "pattern": "^[A-Za-z0-9._-]{8,64}$"},
}
_BEARER = {"description": "How to sign in.", "schema": {"type": "string"}}

# What an action leaves, by operation; the addresses that begin with it can be asked next.
_LEAVES = {
    "open_a_case": "case",
    "begin_a_draft": "draft",
    "sign_a_draft": "assessment",
    "sign_an_assessment": "assessment",
    "correct_an_assessment": "assessment",
    "propose_a_tier": "proposal",
    "propose_a_tier_without_score": "proposal",
    "decide_a_proposal": "decision",
    "enter_a_paper_decision": "decision",
    "take_a_request_for_review_in": "review",
}


def describe(
    app: FastAPI, settings: Settings, shapes: Iterable[type[BaseModel]]
) -> dict[str, Any]:
    """Describe the API of an application.

    Parameters
    ----------
    app
        With all its routes.
    settings
        Of the service; the name of the session's cookie depends on them.
    shapes
        Shapes of bodies that handlers read themselves.

    Returns
    -------
    dict
        An OpenAPI 3.1 document.
    """
    found = get_openapi(
        title="riskengine",
        version=__version__,
        openapi_version="3.1.0",
        summary="Explained recommendations of a supervision tier; a named person decides.",
        routes=app.routes,
    )
    components = found.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for name, shape in _definitions(shapes).items():
        schemas.setdefault(name, shape)
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    components["securitySchemes"] = {
        "key": {"type": "http", "scheme": "bearer", "description": "A key of a system."},
        "session": {
            "type": "apiKey",
            "in": "cookie",
            "name": session_cookie(settings),
            "description": "Set by `POST /v1/session`; a change also needs `X-CSRF-Token`.",
        },
    }
    for _, operation in _operations(found):
        # an address that is open to all says so itself with an empty list
        if "401" in operation["responses"]:
            operation.setdefault("security", [{"key": []}, {"session": []}])
        for status, response in operation["responses"].items():
            headers = response.setdefault("headers", {})
            headers["X-Request-Id"] = _REQUEST_NUMBER
            if status == "401":
                headers["WWW-Authenticate"] = _BEARER
    _link(found)
    return found


def _operations(found: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, operations in found["paths"].items():
        for operation in operations.values():
            yield path, operation


def _link(found: dict[str, Any]) -> None:
    """Say of every action which addresses what it left can be asked at."""
    following: dict[str, list[str]] = {}
    for path, operation in _operations(found):
        begun = re.match(r"/v1/(\w+)s/\{id\}", path)
        if begun is not None:
            following.setdefault(begun[1], []).append(operation["operationId"])
    for _, operation in _operations(found):
        what = _LEAVES.get(operation["operationId"])
        if what is not None:
            operation["responses"]["201"]["links"] = {
                name: {"operationId": name, "parameters": {"id": f"$response.body#/{what}"}}
                for name in following.get(what, [])
            }


def _definitions(shapes: Iterable[type[BaseModel]]) -> dict[str, Any]:
    _, found = models_json_schema(
        [(shape, "validation") for shape in shapes],
        ref_template="#/components/schemas/{model}",
    )
    return dict(found.get("$defs", {}))
