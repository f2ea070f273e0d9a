"""Making the application: settings in, an ASGI application out."""

from __future__ import annotations

import os
from functools import cache

from fastapi import FastAPI
from pydantic import BaseModel

from riskengine import __version__
from riskengine.server import pages
from riskengine.server.accounts.database import open_accounts
from riskengine.server.api import (
    assessments,
    casebook,
    inspecting,
    reading,
    recommendations,
    session,
)
from riskengine.server.api import oidc as oidc_api
from riskengine.server.api import open as open_api
from riskengine.server.description import describe
from riskengine.server.edge import Edge
from riskengine.server.metrics import Metrics
from riskengine.server.oidc import connect
from riskengine.server.problems import ProblemDocument, add_handlers
from riskengine.server.services import Clock, Services, load_engines, open_book, system_clock
from riskengine.server.settings import Settings

OPENAPI = "/v1/openapi.json"
_ROUTERS = (
    open_api.router,
    session.router,
    recommendations.router,
    casebook.router,
    reading.router,
    assessments.router,
    inspecting.router,
    oidc_api.router,
)
_SHAPES: tuple[type[BaseModel], ...] = (
    ProblemDocument, *session.SHAPES, *recommendations.SHAPES, *casebook.SHAPES,
)  # fmt: skip


def create_app(settings: Settings, *, clock: Clock = system_clock) -> FastAPI:
    """Make the application; models, policies and databases are opened and checked here.

    Parameters
    ----------
    settings
        See `riskengine.server.settings.read_settings`.
    clock
        Gives the time; the only place where one is read.

    Returns
    -------
    FastAPI
        With ``app.state.services`` and ``app.state.settings``.

    Raises
    ------
    RiskEngineError
        Where a model or policy is refused, or a database cannot be opened.
    """
    app = FastAPI(
        title="riskengine",
        version=__version__,
        openapi_url=OPENAPI,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    metrics = Metrics(str(os.getpid()) if settings.workers > 1 else "")
    app.state.settings = settings
    app.state.services = Services(
        settings=settings,
        accounts=open_accounts(settings.accounts),
        book=open_book(settings),
        engines=load_engines(settings),
        metrics=metrics,
        clock=clock,
        connect=connect,
    )
    add_handlers(app)
    for router in _ROUTERS:
        app.include_router(router)
    pages.mount(app)
    app.add_middleware(Edge, settings=settings, metrics=metrics)
    described = cache(lambda: describe(app, settings, _SHAPES))
    app.openapi = described  # type: ignore[method-assign]
    return app
