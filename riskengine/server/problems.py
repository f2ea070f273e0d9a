"""What went wrong, as RFC 9457 ``application/problem+json``, in Chinese or English."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field, ValidationError
from sqlalchemy.exc import InterfaceError, OperationalError, PendingRollbackError
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.routing import Match

from riskengine.casebook.errors import Broken, CasebookError, NotHere
from riskengine.errors import (
    AssessmentError,
    Language,
    NotFoundError,
    Problem,
    RiskEngineError,
    shown,
)
from riskengine.server.texts import language, server_texts

MEDIA_TYPE = "application/problem+json"
log = logging.getLogger("riskengine.server")

TITLES = {
    400: "bad_request", 401: "unauthenticated", 403: "forbidden", 404: "not_found",
    405: "method", 406: "not_acceptable", 408: "timeout", 409: "conflict", 413: "too_large",
    415: "media_type", 421: "not_found", 422: "invalid", 429: "throttled", 500: "failed",
    503: "unavailable",
}  # fmt: skip


class ProblemLine(BaseModel):
    """One thing that is wrong with one value."""

    code: str = Field(description="Stable name of the kind of problem.")
    item: str = Field(description="Item or field concerned.")
    value: str = Field(
        description="The value as given, shortened; empty where it is not repeated."
    )
    accepted: str = Field(description="What would have been accepted.")
    message: str = Field(description="The whole sentence, in the language of the answer.")


class ProblemDocument(BaseModel):
    """RFC 9457 problem details."""

    type: str = Field(examples=["urn:riskengine:problem:invalid"])
    title: str
    status: int
    detail: str
    instance: str = Field(description="Number of the request; the log has the same one.")
    problems: list[ProblemLine] = []


@dataclass
class Refusal(Exception):
    """A request that is not carried out.

    Attributes
    ----------
    status
        HTTP status.
    key
        Key of the sentence in ``texts/server.yaml``.
    values
        What the sentence's placeholders stand for.
    title
        Kind of problem where the status alone does not say it.
    problems
        What is wrong, value by value.
    """

    status: int
    key: str
    values: Mapping[str, object]
    title: str | None = None
    problems: Sequence[Problem] = ()
    headers: Mapping[str, str] | None = None


def refuse(
    status: int,
    key: str,
    *,
    title: str | None = None,
    problems: Sequence[Problem] = (),
    headers: Mapping[str, str] | None = None,
    **values: object,
) -> Refusal:
    """Make a refusal; raise what is returned."""
    return Refusal(status, key, values, title, problems, headers)


def lines(problems: Sequence[Problem], lang: Language) -> list[dict[str, str]]:
    """Problems as they stand in an answer."""
    return [
        {
            "code": one.code,
            "item": one.item,
            "value": one.value,
            "accepted": one.accepted,
            "message": one.text(lang),
        }
        for one in problems
    ]


def document(
    status: int,
    detail: str,
    *,
    lang: Language,
    request_id: str,
    title: str | None = None,
    problems: Sequence[Problem] = (),
) -> dict[str, Any]:
    """Problem details as a JSON value."""
    kind = title or TITLES.get(status, "bad_request")
    return {
        "type": f"urn:riskengine:problem:{kind.replace('_', '-')}",
        "title": server_texts(lang)(f"title_{kind}"),
        "status": status,
        "detail": detail,
        "instance": f"urn:riskengine:request:{request_id}",
        "problems": lines(problems, lang),
    }


def refusal_document(refusal: Refusal, *, lang: Language, request_id: str) -> dict[str, Any]:
    """Problem details of a refusal as a JSON value."""
    return document(
        refusal.status,
        server_texts(lang)(
            refusal.key,
            **{
                n: v.message[lang] if isinstance(v, _Said) else v
                for n, v in refusal.values.items()
            },
        ),
        lang=lang,
        request_id=request_id,
        title=refusal.title,
        problems=refusal.problems,
    )


RefusalPage = Callable[[HTTPConnection, Refusal], Response]
"""``app.state.refusal_page``: says a refusal as a page, outside of ``/v1/``."""


def answer(connection: HTTPConnection, refusal: Refusal) -> Response:
    """Answer with a refusal."""
    page: RefusalPage | None = getattr(connection.app.state, "refusal_page", None)
    if page is not None and not connection.url.path.startswith("/v1/"):
        return page(connection, refusal)
    lang = language(connection)
    body = refusal_document(refusal, lang=lang, request_id=request_id(connection))
    headers = {"Content-Language": lang, "Cache-Control": "no-store", **(refusal.headers or {})}
    return JSONResponse(body, refusal.status, headers=headers, media_type=MEDIA_TYPE)


def request_id(connection: HTTPConnection) -> str:
    """Number of a request, for the log and for whoever asks about it."""
    found = connection.scope.get("state", {}).get("request_id")
    return found if isinstance(found, str) else "unknown"


def from_library(error: RiskEngineError) -> Refusal:
    """Say an error of the library as a refusal."""
    if isinstance(error, AssessmentError):
        return refuse(422, "mistakes", problems=error.problems, count=len(error.problems))
    if isinstance(error, CasebookError):
        return _from_casebook(error)
    if isinstance(error, NotFoundError):
        return refuse(404, "refused", reason=shown(error).strip("[]"))
    return refuse(422, "refused", reason=str(error))


_NOT_YOURS = frozenset(
    {"role", "own_proposal", "not_own_proposal", "not_handler", "not_in_charge",
     "handler_involved", "other_district", "own_rating"}
)  # fmt: skip
_MISTAKES = frozenset(
    {"too_short", "too_long", "not_text", "in_future", "wrong_day", "review_day",
     "reason_missing", "unknown_reason", "unknown_ground", "no_override", "nothing_differs"}
)  # fmt: skip


def _from_casebook(error: CasebookError) -> Refusal:
    """Say what the record refuses, with its own code and sentence."""
    said = Problem(code=error.code, item="", value="", accepted="", message=error.message)
    if isinstance(error, NotHere):
        status = 404
    elif isinstance(error, Broken):
        status = 503
    elif error.code in _NOT_YOURS:
        status = 403
    else:
        status = 422 if error.code in _MISTAKES else 409
    title = "suspended" if error.code == "suspended" else None
    return refuse(status, "from_record", title=title, problems=[said], said=_Said(error.message))


class _Said:
    """A sentence that stands in the refusal in the reader's language."""

    def __init__(self, message: Mapping[Language, str]) -> None:
        self.message = message


def from_shape(error: ValidationError | RequestValidationError) -> Refusal:
    """Say what a declared shape refused, value by value; a secret is never repeated."""
    found = error.errors()
    # a body with a password is never repeated, not even a field that does not belong in it
    secret = getattr(error, "title", "") in SECRET_SHAPES
    problems = []
    for one in found[:50]:
        place = ".".join(str(part) for part in one["loc"]) or "body"
        given = one.get("input")
        plain = isinstance(given, str | int | float | bool) and not secret
        said = str(one["msg"])
        problems.append(
            Problem(
                code=str(one["type"]),
                item=place[:200],
                value=shown(given) if plain else "",
                accepted=said,
                message={
                    "zh": f"{place[:200]}：不接受此值（{said}）",
                    "en": f"{place[:200]}: {said}",
                },
            )
        )
    return refuse(422, "mistakes", problems=problems, count=len(problems))


SECRET_SHAPES = frozenset({"Credentials", "NewPassword"})
"""Shapes of bodies of which no value stands in any answer."""


_METHODS = ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT")


def _methods(request: Request) -> list[str]:
    """Every method that the address of a request answers to."""
    return [
        method
        for method in _METHODS
        if any(
            route.matches({**request.scope, "method": method})[0] is Match.FULL
            for route in request.app.routes
        )
    ]


def add_handlers(app: FastAPI) -> None:
    """Answer every error of the application as problem details."""

    def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, Refusal)
        return answer(request, error)

    def library(request: Request, error: Exception) -> Response:
        assert isinstance(error, RiskEngineError)
        return answer(request, from_library(error))

    def database(request: Request, error: Exception) -> Response:
        # busy, or gone: the same request may succeed a little later
        log.error("request %s: %s", request_id(request), type(error).__name__)
        return answer(request, refuse(503, "database", headers={"Retry-After": "5"}))

    def shape(request: Request, error: Exception) -> Response:
        assert isinstance(error, ValidationError | RequestValidationError)
        return answer(request, from_shape(error))

    def http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        known = {404: "no_such_address", 405: "no_such_address"}
        key = known.get(error.status_code, "refused")
        headers = dict(error.headers or {})
        if error.status_code == 405:
            # the router names the methods of the first address that fits, and not of all
            headers["Allow"] = ", ".join(_methods(request))
        return answer(
            request, refuse(error.status_code, key, reason=str(error.detail), headers=headers)
        )

    app.add_exception_handler(Refusal, refused)
    app.add_exception_handler(RiskEngineError, library)
    for gone in (OperationalError, InterfaceError, PendingRollbackError):
        app.add_exception_handler(gone, database)
    app.add_exception_handler(RequestValidationError, shape)
    app.add_exception_handler(ValidationError, shape)
    app.add_exception_handler(HTTPException, http)
