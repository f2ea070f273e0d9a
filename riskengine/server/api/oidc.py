"""The two addresses of a sign-in by the identity provider; there only where one is configured."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from riskengine.server.access import Here
from riskengine.server.cookies import browser_cookie, clear, set_browser, set_session
from riskengine.server.oidc import Provider
from riskengine.server.problems import Refusal, log, refuse
from riskengine.server.services import Services

router = APIRouter(prefix="/sign-in", include_in_schema=False)

_Code = Annotated[str, Query(max_length=4000)]


def provider(here: Services) -> Provider:
    """The configured provider.

    Raises
    ------
    Refusal
        404 where none is configured.
    """
    rules = here.settings.oidc
    if rules is None:
        raise refuse(404, "no_such_address")
    return Provider(rules, f"{here.settings.origin}/sign-in/provider/back", here.connect)


@router.get("/provider")
def begin(here: Here) -> Response:
    """Send the browser to the provider."""
    try:
        url, browser = provider(here).begin(here.accounts, now=here.now())
    except Refusal:
        raise
    except Exception as error:
        log.warning("the provider is out of reach: %s", type(error).__name__)
        raise refuse(503, "oidc_failed") from None
    response = RedirectResponse(url, 303)
    set_browser(response, here.settings, browser)
    return response


@router.get("/provider/back")
def back(
    request: Request, here: Here, state: _Code = "", code: _Code = "", error: _Code = ""
) -> Response:
    """Take the browser back from the provider, and sign in."""
    name = browser_cookie(here.settings)
    if error or not state or not code:
        raise refuse(401, "oidc_failed", title="unauthenticated")
    token, _ = provider(here).finish(
        here.accounts,
        state=state,
        code=code,
        browser=request.cookies.get(name, ""),
        now=here.now(),
        rules=here.settings.sessions,
    )
    here.metrics.count("sign_ins", "accepted")
    response = RedirectResponse("/", 303)
    clear(response, here.settings, name)
    set_session(response, here.settings, token)
    return response
