"""Decisions of a district as plain rows, for counting what became of them.

No officer and no person stands in a row: a decision has an id that is drawn anew for every file,
so that two files cannot be laid side by side, and offices with few decisions are left out.
"""

from __future__ import annotations

import secrets
from collections import Counter
from datetime import date

import numpy as np
from sqlalchemy import select

from riskengine.casebook.actors import Actor, Role, require
from riskengine.casebook.database import Transaction
from riskengine.casebook.schema import AssessmentRow, CaseRow, DecisionRow
from riskengine.evaluation.suppression import SMALLEST_INSIDE, hidden

COLUMNS = ("id", "decided_on", "office", "recommended", "decided", "direction", "reason", "rule")
KEY_COLUMNS = ("id", "case", "assessment")

Rows = list[dict[str, str]]


def decisions_of(
    tx: Transaction, actor: Actor, *, since: date | None = None, until: date | None = None
) -> tuple[Rows, Rows]:
    """Decisions of the actor's district in the order of their days, and what their ids stand for.

    Decisions that contradict another and those of erased cases are left out. The key of the ids is
    for whoever joins outcomes, and is not to be kept with the rows.

    Parameters
    ----------
    since, until
        Days of decision, both included; all where they are left out.

    Returns
    -------
    tuple
        Rows of `COLUMNS`: ``recommended`` blank where there was no tier, two joined by a comma;
        ``direction`` ``up``, ``down`` or blank; ``reason`` of an override only; ``rule`` that
        bound the recommendation; ``office`` blank where it has too few
        cases. And rows of `KEY_COLUMNS`.
    """
    require(actor, Role.ANALYST, Role.REVIEWER)
    row = DecisionRow
    asked = (
        select(row, AssessmentRow.binding_rule)
        .join(CaseRow, CaseRow.id == row.case)
        .outerjoin(AssessmentRow, AssessmentRow.id == row.assessment)
        .where(
            row.district == actor.district, row.disputed.is_(False), CaseRow.erased_on.is_(None)
        )
        .order_by(row.decided_on)
    )
    if since is not None:
        asked = asked.where(row.decided_on >= since)
    if until is not None:
        asked = asked.where(row.decided_on <= until)
    found = tx.session.execute(asked).all()
    # several decisions on one person are one person in an office
    offices = Counter(office for office, _ in {(one.office, one.case) for one, _ in found})
    named = _named(offices)
    # the order within a day would say which came first on record
    chance = secrets.SystemRandom()
    found = sorted(found, key=lambda pair: (pair[0].decided_on, chance.random()))
    rows: Rows = []
    keys: Rows = []
    for one, rule in found:
        name = secrets.token_hex(8)
        rows.append(
            {
                "id": name,
                "decided_on": one.decided_on.isoformat(),
                "office": one.office if one.office in named else "",
                "recommended": one.recommended or "",
                "decided": one.tier,
                "direction": one.direction or "",
                "reason": one.reason or "" if one.kind == "override" else "",
                "rule": rule or "",
            }
        )
        keys.append({"id": name, "case": one.case, "assessment": one.assessment or ""})
    return rows, keys


def _named(offices: Counter[str]) -> set[str]:
    """Offices with enough cases; a small one takes others with it, so that no sum names it."""
    names = sorted(offices)
    secret = hidden(np.array([offices[name] for name in names], dtype=np.int64), SMALLEST_INSIDE)
    return {name for name, small in zip(names, secret, strict=True) if not small}
