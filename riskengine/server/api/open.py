"""What anybody may read: health, schemas, and the rules and models in force. No sign-in."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Path, Response
from pydantic import BaseModel, Field
from sqlalchemy import text

from riskengine import __version__
from riskengine.canonical import canonical_json, sha256
from riskengine.engine import Engine
from riskengine.explanation.document import Explanation, PersonNotice
from riskengine.instrument.model import Instrument
from riskengine.instrument.schema import DIALECT, assessment_schema
from riskengine.policy.document import PolicyDocument
from riskengine.policy.record import RecordDocument
from riskengine.recommendation import Recommendation
from riskengine.scorecard.document import ScorecardDocument
from riskengine.server.access import Here, needs_scope
from riskengine.server.accounts.actor import Actor
from riskengine.server.accounts.database import reading
from riskengine.server.api.answers import SIGNED, problems
from riskengine.server.metrics import MEDIA_TYPE
from riskengine.server.problems import ProblemDocument, refuse
from riskengine.server.services import Services

router = APIRouter(prefix="/v1", tags=["open"])

FORMATS: dict[str, type[BaseModel]] = {
    "instrument": Instrument,
    "scorecard": ScorecardDocument,
    "policy": PolicyDocument,
    "recommendation": Recommendation,
    "explanation": Explanation,
    "person-notice": PersonNotice,
    "record": RecordDocument,
    "problem": ProblemDocument,
}

Name = Annotated[str, Path(max_length=130, examples=["cn_community_corrections"])]
IfNoneMatch = Annotated[str | None, Header(max_length=1000)]


class Health(BaseModel):
    """Whether the service can answer."""

    status: str = Field(examples=["ok"])
    version: str
    districts: int


class InForce(BaseModel):
    """Something that is in force, and where."""

    name: str = Field(examples=["cn_default@1.0.0"])
    sha256: str
    title: str
    districts: list[str]


class InForceList(BaseModel):
    """Everything of a kind that is in force."""

    entries: list[InForce]


def etagged(value: Any, if_none_match: str | None) -> Response:
    """Answer with JSON under its own hash, or that the reader has it already."""
    body = canonical_json(value).encode()
    etag = f'"{sha256(body)}"'
    headers = {"ETag": etag, "Cache-Control": "no-cache", "Vary": "Accept-Language"}
    given = {one.strip().removeprefix("W/") for one in (if_none_match or "").split(",")}
    if etag in given or "*" in given:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/json", headers=headers)


@router.get("/health", response_model=Health, responses=problems(503))
def health(here: Here) -> Any:
    """Say whether the databases answer and the engines are loaded."""
    try:
        with reading(here.accounts) as session:
            session.execute(text("SELECT 1"))
    except Exception:
        raise refuse(503, "no_such", what="database") from None
    return Health(status="ok", version=__version__, districts=len(here.engines))


@router.get(
    "/metrics",
    response_class=Response,
    responses={200: {"content": {"text/plain": {}}}, **problems(*SIGNED)},
)
def metrics(here: Here, actor: Annotated[Actor, Depends(needs_scope("metrics"))]) -> Response:
    """Counts and times in the Prometheus text format, for a key with the scope `metrics`."""
    if actor.scopes is None and not any(
        "administrator" in roles for roles in actor.roles.values()
    ):
        raise refuse(403, "needs_role", roles="administrator")
    return Response(here.metrics.text(), media_type=MEDIA_TYPE)


@lru_cache(maxsize=32)
def _format_schema(name: str) -> dict[str, Any]:
    return {"$schema": DIALECT, **FORMATS[name].model_json_schema()}


@router.get("/schemas/{name}", responses=problems(404, 422), response_model=dict[str, Any])
def schema(here: Here, name: Name, if_none_match: IfNoneMatch = None) -> Response:
    """JSON Schema (2020-12) of a file format, or of the assessments of an instrument in force."""
    if name in FORMATS:
        return etagged(_format_schema(name), if_none_match)
    for engine in here.engines.values():
        instrument = engine.instrument
        if name in (instrument.id, f"{instrument.id}@{instrument.version}"):
            return etagged(assessment_schema(instrument), if_none_match)
    raise refuse(404, "no_such", what=f"schema [{name[:60]}]")


Describe = Callable[[Engine], tuple[str, str, Any]]


def _model(engine: Engine) -> tuple[str, str, Any]:
    return engine.provenance.model, engine.provenance.model_sha256, engine.scorecard.document


def _policy(engine: Engine) -> tuple[str, str, Any]:
    assert engine.policy is not None
    name, sha = engine.provenance.policy, engine.provenance.policy_sha256
    return name or "", sha or "", engine.policy.document


def _instrument(engine: Engine) -> tuple[str, str, Any]:
    instrument = engine.instrument
    name = f"{instrument.id}@{instrument.version}"
    return name, engine.provenance.instrument_sha256, instrument


def _listed(here: Services, describe: Describe, if_none_match: str | None) -> Response:
    found: dict[str, InForce] = {}
    for district, engine in here.engines.items():
        name, sha, document = describe(engine)
        entry = found.setdefault(
            name,
            InForce(
                name=name, sha256=sha, title=document.title[here.settings.language], districts=[]
            ),
        )
        entry.districts.append(district)
    ordered = [found[name].model_dump() for name in sorted(found)]
    return etagged({"entries": ordered}, if_none_match)


def _one(here: Services, describe: Describe, name: str, if_none_match: str | None) -> Response:
    for engine in here.engines.values():
        full, _, document = describe(engine)
        if name in (full, document.id):
            return etagged(document.model_dump(mode="json", by_alias=True), if_none_match)
    raise refuse(404, "no_such", what=f"[{name[:60]}]")


def _add(kind: str, describe: Describe, shape: str) -> None:
    def in_force(here: Here, if_none_match: IfNoneMatch = None) -> Response:
        return _listed(here, describe, if_none_match)

    def one(here: Here, name: Name, if_none_match: IfNoneMatch = None) -> Response:
        return _one(here, describe, name, if_none_match)

    unchanged: dict[int | str, dict[str, Any]] = {304: {"description": "Not changed."}}
    router.add_api_route(
        f"/{kind}",
        in_force,
        summary=f"The {kind} in force, and in which districts",
        name=f"list_{kind}",
        response_model=InForceList,
        responses={**unchanged, **problems()},
    )
    router.add_api_route(
        f"/{kind}/{{name}}",
        one,
        summary=f"One of the {kind} in force; `/v1/schemas/{shape}` is its schema",
        name=f"read_{kind}",
        response_model=dict[str, Any],
        responses={**unchanged, **problems(404, 422)},
    )


_add("models", _model, "scorecard")
_add("policies", _policy, "policy")
_add("instruments", _instrument, "instrument")
