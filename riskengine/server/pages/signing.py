"""Sign in, sign out, change the first password; choose language and district."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from riskengine.server.access import (
    Here,
    check_browser,
    client_address,
    known_actor,
    same_site,
    signed_in,
)
from riskengine.server.accounts import sessions
from riskengine.server.accounts.actor import Actor
from riskengine.server.accounts.database import transaction
from riskengine.server.accounts.signing_in import change_password, sign_in
from riskengine.server.accounts.tokens import new_token
from riskengine.server.cookies import (
    browser_cookie,
    clear,
    session_cookie,
    session_token,
    set_browser,
    set_session,
)
from riskengine.server.pages.rendering import html
from riskengine.server.pages.texts import LANGUAGE_COOKIE, LANGUAGES, desk_texts, page_language
from riskengine.server.pages.viewer import (
    DISTRICT_COOKIE,
    AtDesk,
    PageRoute,
    Posted,
    frame,
)
from riskengine.server.pages.ways import go, safe_path
from riskengine.server.problems import Refusal, refuse
from riskengine.server.texts import server_texts

router = APIRouter(route_class=PageRoute, include_in_schema=False)

_YEAR = 365 * 24 * 3600
Maybe = Annotated[Actor | None, Depends(known_actor)]
Known = Annotated[Actor, Depends(signed_in)]


@router.get("/")
def start(actor: Maybe) -> Response:
    """Begin where the work is."""
    return go("/sign-in" if actor is None else "/caseload")


def _form(
    request: Request, here: Here, *, said: str = "", user: str = "", status: int = 200
) -> Response:
    lang = page_language(request)
    kept = request.cookies.get(browser_cookie(here.settings), "")
    token = kept or new_token()
    response = html(
        "sign_in.html.j2",
        status,
        **frame(request, lang, desk_texts(lang)),
        desk=None,
        suspended=None,
        title=desk_texts(lang)("sign_in"),
        browser_token=token,
        said=said,
        user=user,
        next=safe_path(request.query_params.get("next")),
        oidc=here.settings.oidc is not None,
        demo=here.settings.demo,
    )
    if not kept:
        set_browser(response, here.settings, token)
    return response


@router.get("/sign-in")
def sign_in_page(request: Request, here: Here) -> Response:
    """Show the form."""
    return _form(request, here)


@router.post("/sign-in")
def sign_in_posted(request: Request, here: Here, form: Posted) -> Response:
    """Sign in under a new token; whatever session the browser brought along ends."""
    check_browser(request, form.text("browser_token"))
    user = form.text("user")[:64]
    password = form.data.get("password")
    try:
        token, actor = sign_in(
            here.accounts,
            name=user,
            password=password[:1000] if isinstance(password, str) else "",
            address=client_address(request),
            now=here.now(),
            rules=here.settings.sessions,
        )
    except Refusal as refusal:
        here.metrics.count("sign_ins", "refused")
        said = server_texts(page_language(request))(refusal.key, **refusal.values)
        return _form(request, here, said=said, user=user, status=refusal.status)
    here.metrics.count("sign_ins", "accepted")
    before = session_token(request)
    if before is not None:
        with transaction(here.accounts) as session:
            sessions.end(session, before)
    response = go("/password") if actor.must_change else go(safe_path(form.text("next")))
    set_session(response, here.settings, token)
    clear(response, here.settings, browser_cookie(here.settings))
    return response


@router.post("/sign-out")
def sign_out(request: Request, here: Here, actor: Known) -> Response:
    """End the session."""
    token = session_token(request)
    if token is not None and actor.scopes is None:
        with transaction(here.accounts) as session:
            sessions.end(session, token)
    response = go("/sign-in")
    clear(response, here.settings, session_cookie(here.settings))
    return response


def _password_form(
    request: Request, actor: Actor, *, said: str = "", status: int = 200
) -> Response:
    lang = page_language(request)
    return html(
        "password.html.j2",
        status,
        **frame(request, lang, desk_texts(lang)),
        desk=None,
        suspended=None,
        title=desk_texts(lang)("change_password"),
        actor=actor,
        said=said,
    )


@router.get("/password")
def password_page(request: Request, actor: Known) -> Response:
    """Show the form for a new password."""
    return _password_form(request, actor)


@router.post("/password")
def password_posted(request: Request, here: Here, actor: Known, form: Posted) -> Response:
    """Change the own password."""
    if actor.scopes is not None:
        raise refuse(403, "needs_role", roles="session")
    lang = page_language(request)
    old, new, again = (
        value[:1000] if isinstance(value := form.data.get(name), str) else ""
        for name in ("old_password", "new_password", "again")
    )
    if new != again:
        return _password_form(
            request, actor, said=desk_texts(lang)("passwords_differ"), status=422
        )
    try:
        token, _ = change_password(
            here.accounts,
            actor,
            old=old,
            new=new,
            address=client_address(request),
            now=here.now(),
            rules=here.settings.sessions,
        )
    except Refusal as refusal:
        said = server_texts(lang)(refusal.key, **refusal.values)
        return _password_form(request, actor, said=said, status=refusal.status)
    response = go("/caseload", done="password")
    set_session(response, here.settings, token)
    return response


@router.post("/language")
def choose_language(request: Request, here: Here, form: Posted) -> Response:
    """Keep the language for this browser; it says nothing about anybody."""
    same_site(request)
    response = go(safe_path(form.text("back")))
    if form.text("lang") in LANGUAGES:
        response.set_cookie(
            LANGUAGE_COOKIE, form.text("lang"), max_age=_YEAR, path="/",
            secure=here.settings.secure, httponly=True, samesite="lax",
        )  # fmt: skip
    return response


@router.post("/district")
def choose_district(desk: AtDesk, form: Posted) -> Response:
    """Open the record of another district in which the reader has a role."""
    response = go("/caseload")
    if form.text("district") in desk.actor.districts:
        response.set_cookie(
            DISTRICT_COOKIE, form.text("district"), path="/",
            secure=desk.here.settings.secure, httponly=True, samesite="lax",
        )  # fmt: skip
    return response
