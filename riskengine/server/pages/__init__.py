"""The review pages: plain forms, rendered by the server, with nothing from elsewhere."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException

from riskengine.server.pages import (
    approving,
    assessing,
    assets,
    caseload,
    cases,
    deciding,
    erasing,
    exchange,
    overview,
    paper,
    persons,
    planner,
    ratings,
    rules,
    signing,
)
from riskengine.server.pages.viewer import trouble

_ROUTERS = (
    signing.router,
    assets.router,
    caseload.router,
    cases.router,
    assessing.router,
    deciding.router,
    approving.router,
    persons.router,
    overview.router,
    planner.router,
    rules.router,
    paper.router,
    ratings.router,
    erasing.router,
    exchange.router,
)


def mount(app: FastAPI) -> None:
    """Add the pages to an application; `riskengine.server.app.create_app` calls this last.

    ``app.state.services`` holds what they need; `riskengine.server.access` has their dependencies,
    `riskengine.server.desk` the casebook as a signed-in person reaches it, and
    ``app.state.refusal_page`` says a refusal as a page.
    """
    for router in _ROUTERS:
        app.include_router(router)
    machine: Any = app.exception_handlers[HTTPException]

    def unknown_address(request: Request, error: Exception) -> Response:
        """Say to a person that there is no such page; a program gets its problem document."""
        assert isinstance(error, HTTPException)
        wants_page = "text/html" in request.headers.get("accept", "")
        if request.url.path.startswith("/v1/") or not wants_page:
            found: Response = machine(request, error)
            return found
        status = 404 if error.status_code in (404, 405) else error.status_code
        return trouble(request, status, [])

    app.add_exception_handler(HTTPException, unknown_address)
