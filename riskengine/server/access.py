"""Who may ask what: sign-in or key, CSRF, scopes, roles, districts.

Dependencies of handlers. A page and a JSON address use the same ones.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Request
from starlette.concurrency import run_in_threadpool

from riskengine.server.accounts import sessions
from riskengine.server.accounts.actor import Actor, Scope
from riskengine.server.accounts.database import reading, transaction
from riskengine.server.accounts.keys import key_actor
from riskengine.server.cookies import browser_cookie, session_token
from riskengine.server.problems import refuse
from riskengine.server.services import Services, services
from riskengine.server.settings import Role

CSRF_HEADER = "x-csrf-token"
CSRF_FIELD = "csrf_token"
_SAFE = ("GET", "HEAD", "OPTIONS")
_BEARER = {"WWW-Authenticate": "Bearer"}

Here = Annotated[Services, Depends(services)]


def client_address(request: Request) -> str:
    """Address of the client, as the server behind which this one runs tells it."""
    return request.client.host if request.client is not None else "unknown"


def same_site(request: Request) -> None:
    """Refuse a request that changes something and comes from another site.

    Browsers say so in ``Sec-Fetch-Site`` or ``Origin``; a program sends neither.
    """
    if request.method in _SAFE:
        return
    here: Services = services(request)
    origin = request.headers.get("origin")
    came_from = request.headers.get("sec-fetch-site", "none")
    if came_from not in ("same-origin", "none"):
        raise refuse(403, "cross_site")
    if origin is not None and origin != here.settings.origin and not _local(request, origin):
        raise refuse(403, "cross_site")


def _local(request: Request, origin: str) -> bool:
    """Whether an origin is this very host, where the service runs on a chosen local port."""
    here = services(request)
    return not here.settings.secure and origin == f"http://{request.headers.get('host')}"


async def _csrf_given(request: Request) -> str:
    given = request.headers.get(CSRF_HEADER)
    if given is None and request.headers.get("content-type", "").startswith(
        ("application/x-www-form-urlencoded", "multipart/form-data")
    ):
        field = (await request.form(max_files=20, max_fields=2000)).get(CSRF_FIELD)
        given = field if isinstance(field, str) else None
    return given or ""


def _known(here: Services, header: str | None, token: str | None) -> Actor | None:
    now = here.now()
    rules = here.settings.sessions
    if header is not None:
        kind, _, key = header.partition(" ")
        if kind.lower() != "bearer":
            return None
        with reading(here.accounts) as session:
            return key_actor(session, key.strip(), now=now)
    if token is None:
        return None
    with reading(here.accounts) as session:
        actor, note = sessions.current(session, token, now=now, rules=rules)
    if actor is not None and note:
        with transaction(here.accounts) as session:
            sessions.seen(session, token, now=now)
    return actor


async def known_actor(request: Request) -> Actor | None:
    """Who is asking, or nobody; a session that changes something must carry its CSRF token.

    A page may use this where it shows something to those who are not signed in as well.
    """
    header = request.headers.get("authorization")
    actor = await run_in_threadpool(_known, services(request), header, session_token(request))
    if actor is None:
        return None
    request.state.actor = actor.id
    if actor.scopes is None and request.method not in _SAFE:
        same_site(request)
        given = await _csrf_given(request)
        if not hmac.compare_digest(given.encode(), actor.csrf.encode()):
            raise refuse(403, "csrf")
    return actor


async def signed_in(actor: Annotated[Actor | None, Depends(known_actor)]) -> Actor:
    """Who is asking, even where the password must be changed first."""
    if actor is None:
        raise refuse(401, "sign_in_first", headers=_BEARER)
    return actor


async def current_actor(actor: Annotated[Actor, Depends(signed_in)]) -> Actor:
    """Who is asking.

    Raises
    ------
    Refusal
        401 where nobody is signed in; 403 where the password must be changed first.
    """
    if actor.must_change:
        raise refuse(403, "change_password_first")
    return actor


Signed = Annotated[Actor, Depends(current_actor)]


def needs_scope(scope: Scope) -> Callable[[Actor], Actor]:
    """Make a dependency that refuses a key without a scope; a person needs none."""

    def check(actor: Signed) -> Actor:
        if actor.scopes is not None and scope not in actor.scopes:
            raise refuse(403, "needs_scope", scope=scope)
        return actor

    return check


def needs_role(*roles: Role) -> Callable[[Actor], Actor]:
    """Make a dependency that refuses whoever has none of these roles in any district."""

    def check(actor: Signed) -> Actor:
        if not any(actor.has(district, roles) for district in actor.roles):
            raise refuse(403, "needs_role", roles=", ".join(roles))
        return actor

    return check


def district_of(actor: Actor, named: str | None) -> str:
    """Settle the district of a request: the one that is named, or the only one there is.

    Raises
    ------
    Refusal
        404 for a district that is not the actor's, as for one that does not exist.
    """
    if named is None:
        if len(actor.districts) == 1:
            return actor.districts[0]
        raise refuse(422, "which_district", accepted=", ".join(actor.districts) or "-")
    if named not in actor.districts:
        raise refuse(404, "no_such", what="district")
    return named


def check_browser(request: Request, given: str) -> None:
    """Check the token of a sign-in form against the cookie of the browser it was sent to.

    Before somebody is signed in there is no session whose token a form could carry.
    """
    same_site(request)
    name = browser_cookie(services(request).settings)
    kept = request.cookies.get(name, "")
    if not kept or not hmac.compare_digest(kept.encode(), given.encode()):
        raise refuse(403, "csrf")
