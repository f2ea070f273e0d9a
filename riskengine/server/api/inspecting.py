"""Looking into the record over the API: who read a case, packs, replay, chain, suspension."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from riskengine.canonical import canonical_json
from riskengine.casebook.actors import Role, require
from riskengine.casebook.checks import keep_check, standing
from riskengine.casebook.for_authority import authority_pack
from riskengine.casebook.for_person import person_pack
from riskengine.casebook.lookups import suspension
from riskengine.casebook.reads import reads_of
from riskengine.casebook.replay import replay
from riskengine.server.api.answers import BODY, SIGNED, problems
from riskengine.server.api.desks import AtDesk, Exporting, Id, case_of
from riskengine.server.api.views import ChainView, ReadList, ReplayView, SuspensionView, answered
from riskengine.server.texts import language

router = APIRouter(prefix="/v1", tags=["casebook"])


@router.get("/cases/{id}/reads", response_model=ReadList, responses=problems(404, 422, *SIGNED))
def read_reads(desk: AtDesk, id: Id) -> Response:
    """Who looked at a case, and when."""
    desk.look(id, "reads")
    with desk.reading() as tx:
        found = reads_of(tx, desk.member, id)
    entries = [{"at": one.at, "actor": one.actor, "what": one.what} for one in found]
    return answered(ReadList, {"entries": entries})


_PACKS: dict[str, Callable[..., dict[str, Any]]] = {
    "person": person_pack,
    "authority": authority_pack,
}


@router.post(
    "/cases/{id}/packs/{whose}",
    response_model=dict[str, Any],
    responses=problems(404, 409, *SIGNED, *BODY),
)
def make_pack(
    request: Request, desk: Exporting, id: Id, whose: Literal["person", "authority"]
) -> Response:
    """Everything of a case for the person, or for an authority that reviews it; it is logged."""
    desk.look(id, f"pack_{whose}")
    with desk.writing() as tx:
        found = _PACKS[whose](tx, desk.member, id, at=desk.at, lang=language(request))
    return Response(canonical_json(found), media_type="application/json")


@router.get(
    "/assessments/{id}/replay", response_model=ReplayView, responses=problems(404, 422, *SIGNED)
)
def replay_assessment(request: Request, desk: AtDesk, id: Id) -> Response:
    """Compute again what was shown for an assessment, and compare it; for reviewers."""
    require(desk.member, Role.REVIEWER)
    desk.look(case_of(desk, id), "replay")
    with desk.reading() as tx:
        found = replay(tx, desk.member, id)
    value = {
        "state": found.state,
        "words": found.text(language(request)),
        "compared": found.compared,
        "differing": [path for path, _, _ in found.numbers],
        "reworded": list(found.words),
    }
    return answered(ReplayView, value)


@router.get("/chain", response_model=ChainView, responses=problems(404, 422, *SIGNED))
def check_chain(request: Request, desk: AtDesk) -> Response:
    """Check what was added since the last check, and say when all was checked; for reviewers.

    Only `riskengine casebook verify` and the button on the reviewer's page check everything again.
    """
    require(desk.member, Role.REVIEWER)
    with desk.reading() as tx:
        found = standing(tx, at=desk.at)
    keep_check(desk.book, found.found, at=desk.at)
    value = {
        "sound": found.sound,
        "events": found.events,
        "chains": found.chains,
        "erased": found.erased,
        "findings": [one.text(language(request)) for one in found.findings[:200]],
        "whole_at": found.whole_at,
        "whole_events": found.whole_events,
    }
    return answered(ChainView, value)


@router.get("/suspension", response_model=SuspensionView, responses=problems(404, 422, *SIGNED))
def read_suspension(desk: AtDesk) -> Response:
    """Whether scores are hidden in the district, and since when."""
    with desk.reading() as tx:
        found = suspension(tx, desk.district)
    return JSONResponse(
        {
            "suspended": found is not None,
            "since": None if found is None else found.since,
            "by": None if found is None else found.by,
        }
    )
