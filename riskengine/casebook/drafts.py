"""Assessments that are being answered. A draft is sealed, may change, and is nobody's record."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select

from riskengine.canonical import canonical_json, parse_json
from riskengine.casebook import keys, sealing
from riskengine.casebook.actors import Actor, Role, require
from riskengine.casebook.cases import file_block
from riskengine.casebook.database import Transaction
from riskengine.casebook.errors import refusal
from riskengine.casebook.lookups import live_case
from riskengine.casebook.schema import Draft
from riskengine.casebook.times import stamp


def start_draft(tx: Transaction, actor: Actor, case: str, *, at: datetime) -> str:
    """Begin an assessment with what is on file already; return the draft's id."""
    row = live_case(tx, actor, case)
    return save_draft(tx, actor, case, {"answers": file_block(tx, row.id)}, at=at)


def save_draft(
    tx: Transaction,
    actor: Actor,
    case: str,
    raw: Mapping[str, Any],
    *,
    at: datetime,
    draft: str | None = None,
) -> str:
    """Keep a draft as it stands, unchecked; return its id.

    Parameters
    ----------
    raw
        A JSON-like mapping as `riskengine.Assessment.from_dict` takes it, complete or not.
    draft
        The draft that it replaces.
    """
    require(actor, Role.OFFICER)
    row = live_case(tx, actor, case)
    name = draft or sealing.new_id("d")
    if draft is not None:
        _find(tx, actor, draft)
        tx.session.execute(delete(Draft).where(Draft.id == draft))
    body = canonical_json(dict(raw)).encode()
    sealed = sealing.encrypt(keys.the_key(tx, row.subject), body, f"draft:{name}")
    tx.session.add(
        Draft(
            id=name,
            case=row.id,
            district=row.district,
            author=actor.id,
            saved_at=stamp(at),
            key=row.subject,
            sealed=sealed,
        )
    )
    tx.session.flush()
    return name


def read_draft(tx: Transaction, actor: Actor, draft: str) -> dict[str, Any]:
    """Give a draft as it was saved."""
    row = _find(tx, actor, draft)
    body = sealing.decrypt(keys.the_key(tx, row.key), row.sealed, f"draft:{row.id}")
    found: dict[str, Any] = parse_json(body, source=row.id)
    return found


def drafts_of(tx: Transaction, actor: Actor, case: str) -> list[Draft]:
    """Drafts of a case, the newest first."""
    row = live_case(tx, actor, case)
    wanted = select(Draft).where(Draft.case == row.id).order_by(Draft.saved_at.desc())
    return list(tx.session.scalars(wanted))


def drop_draft(tx: Transaction, actor: Actor, draft: str) -> None:
    """Throw a draft away."""
    _find(tx, actor, draft)
    tx.session.execute(delete(Draft).where(Draft.id == draft))


def _find(tx: Transaction, actor: Actor, draft: str) -> Draft:
    found = tx.session.get(Draft, draft)
    if found is None or found.district != actor.district:
        raise refusal("no_such_draft", id=draft)
    return found
