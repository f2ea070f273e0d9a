"""Making the application: settings in, an ASGI application out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from riskengine import __version__
from riskengine.server import pages
from riskengine.server.accounts.database import open_accounts
from riskengine.server.api import casebook, reading, recommendations, session
from riskengine.server.api import oidc as oidc_api
from riskengine.server.api import open as open_api
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
    metrics = Metrics()
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
    app.openapi = lambda: _described(app)  # type: ignore[method-assign]
    return app


def _described(app: FastAPI) -> dict[str, Any]:
    """Describe the API (OpenAPI 3.1) with the shapes of bodies that are read strictly."""
    if app.openapi_schema is None:
        found = get_openapi(
            title="riskengine",
            version=__version__,
            openapi_version="3.1.0",
            summary="Explained recommendations of a supervision tier; a named person decides.",
            routes=app.routes,
        )
        schemas = found.setdefault("components", {}).setdefault("schemas", {})
        for name, shape in _definitions(_SHAPES).items():
            schemas.setdefault(name, shape)
        for unused in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unused, None)
        found["components"]["securitySchemes"] = {
            "key": {"type": "http", "scheme": "bearer", "description": "A key of a system."},
            "session": {
                "type": "apiKey", "in": "cookie", "name": "__Host-riskengine",
                "description": "Set by `POST /v1/session`; a change also needs `X-CSRF-Token`.",
            },
        }  # fmt: skip
        for path in found["paths"].values():
            for operation in path.values():
                if "401" in operation["responses"]:
                    operation["security"] = [{"key": []}, {"session": []}]
        app.openapi_schema = found
    return app.openapi_schema


def _definitions(shapes: Iterable[type[BaseModel]]) -> dict[str, Any]:
    _, found = models_json_schema(
        [(shape, "validation") for shape in shapes],
        ref_template="#/components/schemas/{model}",
    )
    return dict(found.get("$defs", {}))
