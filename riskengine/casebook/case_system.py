"""To and from the agency's case system: its file in, tier, days and reasons back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select

from riskengine.casebook.actors import Actor, Role, require
from riskengine.casebook.cases import file_block, find_case, open_case, person_of, update_file
from riskengine.casebook.chain import content_of, event_at
from riskengine.casebook.database import Transaction
from riskengine.casebook.errors import refusal, say
from riskengine.casebook.schema import CaseRow, DecisionRow
from riskengine.casebook.times import day_of, stamp
from riskengine.engine import Engine
from riskengine.errors import Language
from riskengine.instrument.assessment import Assessment
from riskengine.intake.read import Assessments, Row
from riskengine.policy.tiers import Tier

COLUMNS = (
    *("person", "case", "tier", "tier_label", "decided_on", "review_on", "how", "reason"),
    *("reason_label", "grounds", "proposed_by", "decided_by", "entered_by", "decision"),
)


@dataclass
class Prefilled:
    """What became of the rows of a case system's file.

    Attributes
    ----------
    rejected
        Rows that cannot be used, with their problems; none of them stopped another.
    """

    opened: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: list[Row] = field(default_factory=list)


def recorded_answers(assessment: Assessment) -> dict[str, object]:
    """Answers that come from a file; what a person rates is never taken from one."""
    by_id = assessment.instrument.by_id
    answers = assessment.to_dict()["answers"]
    assert isinstance(answers, Mapping)
    return {item: answer for item, answer in answers.items() if by_id[item].rated == "recorded"}


def prefill(
    tx: Transaction,
    actor: Actor,
    rows: Assessments,
    *,
    office: str,
    engine: Engine,
    at: datetime,
    officer: str | None = None,
) -> Prefilled:
    """Open cases for new persons, and keep newer file blocks of known ones.

    Parameters
    ----------
    rows
        As `riskengine.intake.read.read_assessments` gives them.
    officer
        In charge of new cases; the actor if not given.

    Raises
    ------
    Refused
        Where no column names the person; rows have numbers then, and a number is nobody.
    """
    require(actor, Role.OFFICER, Role.ADMINISTRATOR)
    found = Prefilled()
    for row in rows:
        if row.assessment is None:
            found.rejected.append(row)
            continue
        assessment = row.assessment
        if engine.law is not None:  # what is sealed by law is not kept either
            assessment = engine.law.admit(assessment, day_of(stamp(at)))
        block = recorded_answers(assessment)
        case = find_case(tx, actor, assessment.person)
        if case is None or case.closed_on is not None:
            open_case(
                tx,
                actor,
                person=assessment.person,
                office=office,
                officer=officer,
                file_block=block,
                at=at,
            )
            found.opened += 1
        elif file_block(tx, case.id) != block:
            update_file(tx, actor, case.id, block, at=at)
            found.updated += 1
        else:
            found.unchanged += 1
    if rows.plan.person is None:  # known once every row was read
        raise refusal("no_person_column")
    return found


def give_back(tx: Transaction, actor: Actor, *, lang: Language) -> Iterator[dict[str, str]]:
    """Tier, days and reasons of every open case of the actor's district that has a tier.

    Yields
    ------
    dict
        `COLUMNS` to text; for `riskengine.batch.writing.write_rows`, which keeps a spreadsheet
        from taking a text for a formula.
    """
    require(actor, Role.OFFICER, Role.ADMINISTRATOR)
    labels = {entry.id: entry.label[lang] for entry in tx.rules.override_reasons}
    labels |= {entry.id: entry.label[lang] for entry in tx.rules.without_score}
    found = tx.session.execute(
        select(CaseRow, DecisionRow)
        .join(DecisionRow, DecisionRow.id == CaseRow.decision)
        .where(
            CaseRow.district == actor.district,
            CaseRow.closed_on.is_(None),
            CaseRow.erased_on.is_(None),
        )
        .order_by(CaseRow.id)
    )
    for case, decision in found:
        person = person_of(tx, case)
        content = content_of(tx, event_at(tx, decision.chain, decision.seq))
        if person is None or content is None:
            continue  # the key of another office's case did not come along
        yield {
            "person": person,
            "case": case.id,
            "tier": decision.tier,
            "tier_label": Tier(decision.tier).label[lang],
            "decided_on": decision.decided_on.isoformat(),
            "review_on": decision.review_on.isoformat(),
            "how": say(f"how_{decision.kind}", lang),
            "reason": decision.reason or "",
            "reason_label": labels.get(decision.reason or "", ""),
            "grounds": content["grounds"],
            "proposed_by": decision.proposed_by,
            "decided_by": decision.decided_by,
            "entered_by": decision.entered_by or "",
            "decision": decision.id,
        }
