"""Erasing a person's content by destroying the person's key.

What is left is codes, tiers and days under a random id, so that the chain verifies and statistics
hold. In the running database the wrapped key is overwritten and the write-ahead log cut
(`scrub`). A backup's record file holds no keys; only its key file does, which is why key files are
replaced by every new one and never kept (`riskengine.casebook.backup`).
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select, text

from riskengine.casebook import facts as f
from riskengine.casebook.actors import Actor, Role, require
from riskengine.casebook.database import Casebook, Transaction
from riskengine.casebook.errors import refusal
from riskengine.casebook.keys import destroy_key
from riskengine.casebook.lookups import the_case, written
from riskengine.casebook.projection import record
from riskengine.casebook.schema import CaseRow, Draft
from riskengine.casebook.times import day_of, stamp

_AFTER_THE_END = ("retention_over",)


def erase(
    tx: Transaction,
    actor: Actor,
    case: str,
    *,
    ground: str,
    words: str,
    at: datetime,
    confirmed_by: str | None = None,
) -> None:
    """Destroy the key of the person of a case, for a ground of the local list.

    Call `scrub` once the transaction is over.

    Parameters
    ----------
    confirmed_by
        A second person who confirmed it, where the rules of the record ask for one. Whoever calls
        this has made sure that it was that person.

    Raises
    ------
    Refused
        Where the ground is not on the list, needs a closed case, or it was done already.
    """
    require(actor, Role.ADMINISTRATOR)
    row = the_case(tx, actor, case)
    if row.erased_on is not None:
        raise refusal("already_erased", id=case)
    accepted = [entry.id for entry in tx.rules.erasure]
    if ground not in accepted:
        raise refusal("unknown_ground", ground=ground, accepted=", ".join(accepted))
    if ground in _AFTER_THE_END:
        still = tx.session.scalar(
            select(CaseRow.id).where(CaseRow.subject == row.subject, CaseRow.closed_on.is_(None))
        )
        if still is not None:
            raise refusal("still_open", id=still)
    if tx.rules.erasure_second_person and confirmed_by in (None, "", actor.id):
        raise refusal("erasure_second")
    record(
        tx,
        f.Erased(
            subject=row.subject, ground=ground, on=day_of(stamp(at)), confirmed_by=confirmed_by
        ),
        {"words": written(tx, words, "grounds")},
        actor=actor.id,
        at=at,
        case=row.id,
        subject=row.subject,
        for_chain=True,
    )
    forget(tx, row.subject)


def forget(tx: Transaction, subject: str) -> None:
    """Destroy a key and what it sealed beside the record."""
    destroy_key(tx, subject)
    tx.session.execute(delete(Draft).where(Draft.key == subject))


def scrub(book: Casebook) -> bool:
    """Remove what a destroyed key left behind in the files of the running database.

    Returns
    -------
    bool
        Whether all of it is gone. On SQLite, false where a reader kept the log from being cut; on
        PostgreSQL the log segments and archives go by the rules of their keeper.
    """
    if book.engine.dialect.name == "sqlite":
        with book.engine.connect() as connection:
            raw = connection.connection.driver_connection
            assert raw is not None
            connection.rollback()
            busy, *_ = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return not busy
    with book.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM keys"))
    return False
