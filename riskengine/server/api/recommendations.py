"""Recommendations for other systems: one, or many at once. Nothing of them is kept."""

from __future__ import annotations

import json
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field, ValidationError

from riskengine.casebook.database import reading
from riskengine.casebook.revealing import check_not_suspended
from riskengine.engine import Engine
from riskengine.errors import Language, RiskEngineError
from riskengine.explanation.document import Explanation
from riskengine.recommendation import Recommendation
from riskengine.server.access import Here, district_of, needs_scope
from riskengine.server.accounts.actor import Actor
from riskengine.server.api.answers import BODY, SIGNED, problems
from riskengine.server.bodies import JsonBody
from riskengine.server.idempotency import Key, asked, computed_on
from riskengine.server.problems import (
    ProblemDocument,
    Refusal,
    from_library,
    from_shape,
    log,
    refusal_document,
    refuse,
    request_id,
)
from riskengine.server.recommending import (
    Asked,
    AskedMany,
    Row,
    check_policy_day,
    explain,
    recommend,
    settled_day,
    versions,
)
from riskengine.server.texts import language

router = APIRouter(prefix="/v1", tags=["recommendations"])

_EXAMPLE: dict[str, Any] = {
    "on": "2026-03-02",
    "assessment": {
        "instrument": "cn_community_corrections",
        "person": "EX-04",
        "kind": "reassessment",
        "assessed_on": "2026-03-02",
        "answers": {
            "legal_status": "03",
            "start_date": "2025-07-01",
            "end_date": "2027-06-30",
            "prior_convictions_n": 1,
            "employment_status": "unknown",
        },
    },
    "record": {
        "format": "riskengine/record/1",
        "person": "EX-04",
        "history": [{"tier": "strict", "decided_on": "2025-07-02"}],
        "events": [{"kind": "warning", "on": "2026-01-12"}],
    },
}


class Answer(BaseModel):
    """Answer to one row of a batch: a recommendation or a problem."""

    row: int = Field(description="Place in the request, from 0.")
    recommendation: Recommendation | None = None
    problem: ProblemDocument | None = None


class Answers(BaseModel):
    """Answers to a batch, in the order of the request; every row is there."""

    on: date
    district: str
    recommended: int
    refused: int
    results: list[Answer]


def _body(shape: type[BaseModel], example: dict[str, Any]) -> dict[str, Any]:
    return {
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": {"$ref": f"#/components/schemas/{shape.__name__}"},
                    "example": example,
                }
            },
        }
    }


def _may_see_scores(
    actor: Annotated[Actor, Depends(needs_scope("recommend"))],
) -> Actor:
    """A key, an analyst, a reviewer. An officer forms an own view first, in the casebook."""
    if actor.scopes is None and not any(
        actor.has(district, ("analyst", "reviewer")) for district in actor.roles
    ):
        raise refuse(403, "scores_by_key")
    return actor


MaySee = Annotated[Actor, Depends(_may_see_scores)]


def _settled(
    here: Here, request: Request, actor: Actor, key: str | None, body: JsonBody,
    named: str | None, on: date | None,
) -> tuple[str, Engine, date]:  # fmt: skip
    district = district_of(actor, named)
    with reading(here.book) as tx:
        check_not_suspended(tx, district)
    engine = here.engines[district]
    day = settled_day(on, here.today())
    one = asked(request, actor.id, key, body.sha256)
    day = computed_on(here, one, on=day, versions=versions(engine))
    check_policy_day(engine, day)
    return district, engine, day


@router.post(
    "/recommendations",
    response_model=Recommendation | Explanation,
    responses=problems(404, 409, *SIGNED, *BODY),
    openapi_extra=_body(Asked, _EXAMPLE),
)
def one(
    request: Request, here: Here, actor: MaySee, body: JsonBody, idempotency_key: Key = None
) -> Response:
    """Recommend a tier for one assessment. It recommends; a named person decides."""
    wanted = body.shaped(Asked)
    _, engine, on = _settled(
        here, request, actor, idempotency_key, body, wanted.district, wanted.on
    )
    lang = language(request)
    found: Recommendation | Explanation
    if wanted.explain:
        found = explain(engine, wanted, on, lang)
        here.metrics.count("recommendations", found.recommendation.status)
    else:
        found = recommend(engine, wanted, on, lang)
        here.metrics.count("recommendations", found.status)
    return Response(
        found.model_dump_json(), media_type="application/json", headers={"Content-Language": lang}
    )


@router.post(
    "/recommendations:batch",
    response_model=Answers,
    responses=problems(404, 409, *SIGNED, *BODY),
    openapi_extra=_body(
        AskedMany,
        {
            "on": "2026-03-02",
            "rows": [{"assessment": _EXAMPLE["assessment"], "record": _EXAMPLE["record"]}],
        },
    ),
)
def many(
    request: Request, here: Here, actor: MaySee, body: JsonBody, idempotency_key: Key = None
) -> Response:
    """Recommend for many assessments. A bad row gets its problem and stops no other."""
    wanted = body.shaped(AskedMany)
    most = here.settings.limits.batch_rows
    if len(wanted.rows) > most:
        raise refuse(422, "too_many_rows", rows=most)
    district, engine, on = _settled(
        here, request, actor, idempotency_key, body, wanted.district, wanted.on
    )
    lang, number = language(request), request_id(request)
    parts: list[str] = []
    refused = 0
    for place, raw in enumerate(wanted.rows):
        found = _row(engine, raw, on, lang, number)
        if isinstance(found, Refusal):
            refused += 1
            said = refusal_document(found, lang=lang, request_id=number)
            text = json.dumps(said, ensure_ascii=False)
            parts.append(f'{{"row":{place},"recommendation":null,"problem":{text}}}')
        else:
            here.metrics.count("recommendations", found.status)
            text = found.model_dump_json()
            parts.append(f'{{"row":{place},"recommendation":{text},"problem":null}}')
    head = json.dumps(
        {
            "on": on.isoformat(),
            "district": district,
            "recommended": len(parts) - refused,
            "refused": refused,
        }
    )
    content = f'{head[:-1]},"results":[{",".join(parts)}]}}'
    return Response(content, media_type="application/json", headers={"Content-Language": lang})


def _row(
    engine: Engine, raw: object, on: date, lang: Language, number: str
) -> Recommendation | Refusal:
    try:
        return recommend(engine, Row.model_validate_json(json.dumps(raw)), on, lang)
    except ValidationError as error:
        return from_shape(error)
    except RiskEngineError as error:
        return from_library(error)
    except Refusal as refusal:
        return refusal
    except Exception:
        # one row that meets a fault of ours must not take the others with it
        log.exception("request %s: a row of a batch failed", number)
        return refuse(500, "failed", request=number)


SHAPES: tuple[type[BaseModel], ...] = (Asked, AskedMany)
"""Shapes of bodies, for the description of the API."""
