"""Sign in with name and password, see who is signed in, change the password, sign out."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from riskengine.server.access import Here, client_address, same_site, signed_in
from riskengine.server.accounts import sessions
from riskengine.server.accounts.actor import Actor
from riskengine.server.accounts.database import transaction
from riskengine.server.accounts.signing_in import change_password, sign_in
from riskengine.server.api.answers import BODY, SIGNED, problems
from riskengine.server.bodies import JsonBody
from riskengine.server.cookies import clear, session_cookie, session_token, set_session
from riskengine.server.problems import Refusal, refuse

router = APIRouter(prefix="/v1", tags=["session"])

Known = Annotated[Actor, Depends(signed_in)]


class Credentials(BaseModel):
    """A name and a password."""

    model_config = ConfigDict(extra="forbid")
    user: str = Field(min_length=1, max_length=64, examples=["S-0417"])
    password: str = Field(min_length=1, max_length=1000)


class NewPassword(BaseModel):
    """The password so far, and the new one."""

    model_config = ConfigDict(extra="forbid")
    old_password: str = Field(min_length=1, max_length=1000)
    new_password: str = Field(min_length=1, max_length=1000)


class Who(BaseModel):
    """Who is signed in. A request of the session that changes something carries ``csrf``."""

    user: str
    name: str
    roles: dict[str, list[str]]
    must_change_password: bool
    csrf: str = Field(description="For the header `X-CSRF-Token`; empty for a key.")


def _who(actor: Actor) -> dict[str, Any]:
    return Who(
        user=actor.id,
        name=actor.name,
        roles={district: sorted(roles) for district, roles in actor.roles.items()},
        must_change_password=actor.must_change,
        csrf=actor.csrf,
    ).model_dump()


def _schema(shape: type[BaseModel]) -> dict[str, Any]:
    ref = {"$ref": f"#/components/schemas/{shape.__name__}"}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": ref}}}}


@router.post(
    "/session",
    response_model=Who,
    responses=problems(*SIGNED, *BODY),
    openapi_extra={**_schema(Credentials), "security": []},
)
def begin(request: Request, here: Here, body: JsonBody) -> Response:
    """Sign in; the answer sets the session's cookie."""
    same_site(request)
    given = body.shaped(Credentials)
    try:
        token, actor = sign_in(
            here.accounts,
            name=given.user,
            password=given.password,
            address=client_address(request),
            now=here.now(),
            rules=here.settings.sessions,
        )
    except Refusal:
        here.metrics.count("sign_ins", "refused")
        raise
    here.metrics.count("sign_ins", "accepted")
    response = JSONResponse(_who(actor))
    set_session(response, here.settings, token)
    return response


@router.get("/session", response_model=Who, responses=problems(*SIGNED))
def who(actor: Known) -> Any:
    """Say who is signed in."""
    return _who(actor)


@router.post(
    "/session/password",
    response_model=Who,
    responses=problems(*SIGNED, *BODY),
    openapi_extra=_schema(NewPassword),
)
def password(request: Request, here: Here, actor: Known, body: JsonBody) -> Response:
    """Change the own password; every other session of the user ends."""
    if actor.scopes is not None:
        raise refuse(403, "needs_role", roles="session")
    given = body.shaped(NewPassword)
    token, actor = change_password(
        here.accounts,
        actor,
        old=given.old_password,
        new=given.new_password,
        address=client_address(request),
        now=here.now(),
        rules=here.settings.sessions,
    )
    response = JSONResponse(_who(actor))
    set_session(response, here.settings, token)
    return response


@router.delete("/session", status_code=204, responses=problems(*SIGNED))
def end(request: Request, here: Here, actor: Known) -> Response:
    """Sign out."""
    token = session_token(request)
    if token is not None and actor.scopes is None:
        with transaction(here.accounts) as session:
            sessions.end(session, token)
    response = Response(status_code=204)
    clear(response, here.settings, session_cookie(here.settings))
    return response


SHAPES: tuple[type[BaseModel], ...] = (Credentials, NewPassword)
"""Shapes of bodies, for the description of the API."""
