"""The printed sheets as parts of a page: the same templates that make the files."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from riskengine.casebook.assessing import signed_answers
from riskengine.casebook.cases import Past
from riskengine.casebook.database import Transaction
from riskengine.casebook.lookups import the_case
from riskengine.casebook.revealing import shown
from riskengine.casebook.schema import AssessmentRow, CaseRow
from riskengine.explanation.document import Explanation
from riskengine.recommendation import Recommendation
from riskengine.reports.html import Reader, sheet_fragment
from riskengine.server.desk import Desk as OfficeDesk
from riskengine.server.pages.viewer import Desk
from riskengine.server.problems import refuse


@dataclass(frozen=True)
class Sheet:
    """A recommendation as it was shown, and the sheet that explains it.

    Attributes
    ----------
    fragment
        ``None`` where model or policy are others now: then nothing is explained after the event.
    only_open
        The reader need not know what was told in confidence, so the sheet leaves it out.
    """

    recommendation: Recommendation
    fragment: Markup | None
    only_open: bool = False


def knows(desk: Desk, tx: Transaction, case: CaseRow, row: AssessmentRow | None = None) -> bool:
    """Whether what was told in confidence is this reader's business.

    It is for the officer in charge, whoever gave the answers, reviewers, and an approver with a
    proposal of the case to decide.
    """
    if row is not None and row.signed_by == desk.official.id:
        return True
    return OfficeDesk(desk.here, desk.official, desk.at).needs_to_know(tx, case)


def require_knowing(
    desk: Desk, tx: Transaction, case: CaseRow, row: AssessmentRow | None = None
) -> None:
    """Refuse a reader who need not know what was told in confidence."""
    if not knows(desk, tx, case, row):
        raise refuse(403, "needs_role", roles=desk.say("in_charge"))


def explained(
    desk: Desk, tx: Transaction, row: AssessmentRow
) -> tuple[Recommendation, Explanation | None]:
    """What was recommended, and why; the reasons are computed again from what was kept.

    They are given only where they come to the very recommendation that was shown.
    """
    kept = shown(tx, desk.official, row.id)
    then = kept.recommendation
    if then.provenance != desk.engine.provenance:
        return then, None
    past = Past.of_json(then.person, kept.past)
    found = desk.engine.explain(
        desk.engine.assessment(signed_answers(tx, desk.official, row.id)),
        on=then.on,
        history=past.history,
        events=past.events,
        alerts=past.alerts,
        lang=desk.lang,
    )
    now = found.recommendation
    same = [view.tier for view in now.tiers] == [view.tier for view in then.tiers]
    value = None if then.score is None else then.score.value
    same = same and value == (None if now.score is None else now.score.value)
    return then, found if same else None


def sheet(desk: Desk, tx: Transaction, row: AssessmentRow, reader: Reader = "officer") -> Sheet:
    """The sheet of an assessment for one reader.

    Whoever need not know what was told in confidence gets the sheet that holds nothing of it.
    """
    then, found = explained(desk, tx, row)
    if found is None:
        return Sheet(then, None)
    all_of_it = knows(desk, tx, the_case(tx, desk.official, row.case), row)
    return Sheet(then, sheet_fragment(found, reader if all_of_it else "person"), not all_of_it)
