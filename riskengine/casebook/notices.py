"""What the person was told, in which language and by whom, and what the person said."""

from __future__ import annotations

from datetime import date, datetime

from riskengine.casebook import facts as f
from riskengine.casebook.actors import Actor, Role, require
from riskengine.casebook.database import Transaction
from riskengine.casebook.errors import refusal
from riskengine.casebook.lookups import day_given, kept_case, the_assessment, the_decision
from riskengine.casebook.projection import record
from riskengine.casebook.times import day_of, stamp


def record_notice(
    tx: Transaction,
    actor: Actor,
    decision: str,
    *,
    read_by: str,
    language: str,
    aloud: bool,
    said: str,
    at: datetime,
    on: date | None = None,
    interpreter: str | None = None,
    signed: bool = True,
) -> None:
    """Record that a decision was made known.

    Parameters
    ----------
    read_by, language, aloud
        Who gave the notice, in which language or dialect, and whether it was read aloud.
    said
        What the person said; empty where the person said nothing.
    signed
        Whether the person signed; nobody has to.
    """
    require(actor, Role.OFFICER, Role.APPROVER, Role.ADMINISTRATOR)
    row = the_decision(tx, actor, decision)
    case = kept_case(tx, actor, row.case)
    day = day_given(on, first=row.decided_on, at=at)
    record(
        tx,
        f.NoticeRead(decision=row.id, on=day, by=read_by, language=language, aloud=aloud),
        {"said": said, "interpreter": interpreter, "signed": signed},
        actor=actor.id,
        at=at,
        case=case.id,
        subject=case.subject,
    )


def record_comment(
    tx: Transaction,
    actor: Actor,
    case: str,
    *,
    words: str,
    at: datetime,
    assessment: str | None = None,
    on: date | None = None,
) -> None:
    """Keep what the person said about an assessment or the case, as it was said.

    Any member of staff takes it in. A comment is no input of any score.
    """
    require(actor, *Role)
    row = kept_case(tx, actor, case)
    if assessment is not None and the_assessment(tx, actor, assessment).case != row.id:
        raise refusal("no_such_assessment", id=assessment)
    record(
        tx,
        f.Commented(about=assessment, on=on or day_of(stamp(at))),
        {"words": words},
        actor=actor.id,
        at=at,
        case=row.id,
        subject=row.subject,
    )
