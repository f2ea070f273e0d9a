"""The same request twice is one request (``Idempotency-Key``).

What is kept holds nothing about a supervised person: of a recommendation the day and the versions
that it was computed with, since the same input then gives the same answer; of an action its
receipt, which names events and no content.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Annotated

from fastapi import Header, Request
from sqlalchemy import delete
from sqlalchemy.orm import Session

from riskengine.canonical import sha256
from riskengine.server.accounts.database import transaction
from riskengine.server.accounts.tables import Answered
from riskengine.server.problems import refuse
from riskengine.server.services import Services

KEPT_SECONDS = 48 * 3600
FINISHED = 200

Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        max_length=128,
        description="Any text of your own; the same key with the same body gives the same answer "
        "for 48 hours.",
        # no example: a key that stands in the description would be used for many requests
        json_schema_extra={"pattern": "^[!-~]{1,128}$"},
    ),
]


@dataclass(frozen=True)
class Asked:
    """A request with its key, told apart from every other."""

    actor: str
    key: str
    body_sha256: str


def asked(request: Request, actor: str, key: str | None, body_sha256: str) -> Asked | None:
    """Tell a request apart, or nothing where it carries no key."""
    if key is None:
        return None
    if not 1 <= len(key) <= 128 or not all("!" <= c <= "~" for c in key):
        raise refuse(400, "bad_key")
    what = f"{request.method} {request.url.path} {body_sha256}"
    return Asked(actor, sha256(key.encode()), sha256(what.encode()))


def _kept(session: Session, one: Asked, now: int) -> Answered | None:
    session.execute(delete(Answered).where(Answered.created_at < now - KEPT_SECONDS))
    row = session.get(Answered, (one.actor, one.key))
    if row is not None and row.body_sha256 != one.body_sha256:
        raise refuse(422, "key_reused")
    return row


def _new(one: Asked, *, on: date, now: int, status: int = 0, receipt: str = "") -> Answered:
    return Answered(
        actor=one.actor,
        key_sha256=one.key,
        body_sha256=one.body_sha256,
        on=on.isoformat(),
        status=status,
        receipt=receipt,
        created_at=now,
    )


def computed_on(here: Services, one: Asked | None, *, on: date, versions: str) -> date:
    """Day for which an answer is computed: that of the first time this was asked.

    Raises
    ------
    Refusal
        409 where model or policy are others than at the first time; 422 where the key was used
        for another request.
    """
    if one is None:
        return on
    now = here.now()
    with transaction(here.accounts) as session:
        row = _kept(session, one, now)
        if row is None:
            session.add(_new(one, on=on, now=now, status=FINISHED, receipt=versions))
            return on
        if row.receipt != versions:
            raise refuse(409, "key_other_versions")
        return date.fromisoformat(row.on)


def once(
    here: Services, one: Asked | None, *, on: date, act: Callable[[], str]
) -> tuple[str, bool]:
    """Carry an action out once; return its receipt, and whether it was there already.

    The key is kept before the action begins. Where the service dies in between, the key stays
    unfinished, and the next request with it is told to look at the record first.
    """
    if one is None:
        return act(), False
    now = here.now()
    with transaction(here.accounts) as session:
        row = _kept(session, one, now)
        if row is not None and row.status == FINISHED:
            return row.receipt, True
        if row is not None:
            raise refuse(409, "key_in_progress")
        session.add(_new(one, on=on, now=now))
    try:
        receipt = act()
    except Exception:
        # nothing was recorded, so the same key may be used again
        with transaction(here.accounts) as session:
            session.execute(
                delete(Answered).where(Answered.actor == one.actor, Answered.key_sha256 == one.key)
            )
        raise
    _finish(here, one, receipt)
    return receipt, False


def _finish(here: Services, one: Asked, receipt: str) -> None:
    with transaction(here.accounts) as session:
        row = session.get_one(Answered, (one.actor, one.key))
        row.status, row.receipt = FINISHED, receipt
