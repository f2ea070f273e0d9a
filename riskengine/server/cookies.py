"""The two cookies: who is signed in, and which browser is on its way to sign in."""

from __future__ import annotations

from fastapi import Request, Response

from riskengine.server.settings import Settings


def session_cookie(settings: Settings) -> str:
    """Name of the session's cookie; with TLS the browser itself ties it to this host."""
    return "__Host-riskengine" if settings.secure else "riskengine"


def browser_cookie(settings: Settings) -> str:
    """Name of the cookie of a browser that is about to sign in."""
    return f"{session_cookie(settings)}-browser"


def set_session(response: Response, settings: Settings, token: str) -> None:
    """Hand the browser the token of its session; it ends with the browser or before."""
    _set(response, settings, session_cookie(settings), token)


def set_browser(response: Response, settings: Settings, token: str) -> None:
    """Mark a browser that is about to sign in."""
    _set(response, settings, browser_cookie(settings), token)


def clear(response: Response, settings: Settings, name: str) -> None:
    """Take a cookie back."""
    response.delete_cookie(name, path="/", secure=settings.secure, httponly=True, samesite="lax")


def session_token(request: Request) -> str | None:
    """Token of the session that a request belongs to."""
    settings: Settings = request.app.state.settings
    return request.cookies.get(session_cookie(settings))


def _set(response: Response, settings: Settings, name: str, token: str) -> None:
    response.set_cookie(
        name, token, path="/", secure=settings.secure, httponly=True, samesite="lax"
    )
