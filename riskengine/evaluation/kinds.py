"""How the people of a cohort stand to those that a model was learned from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from riskengine.evaluation.document import EvaluatedCohort, Kind, Notice
from riskengine.evaluation.words import joined, text
from riskengine.scorecard.document import ScorecardDocument

FEWEST_ALIKE = 100
"""From so many people on, equal numbers of people and events are no coincidence."""


@dataclass(frozen=True)
class Standing:
    """The kind of validation, who says so, and what has to be said about it."""

    kind: Kind
    by: Literal["files", "stated"]
    notices: tuple[Notice, ...]


def standing_of(
    model: ScorecardDocument, cohort: EvaluatedCohort, stated: Kind | None
) -> Standing:
    """Tell the kind from the files where they give it away, else take what was stated.

    Files go before words: the training file is never a validation. What the files cannot show is
    whether *some* people of the cohort were used in training; that has to be stated honestly.
    """
    training = model.training
    how = None
    if training.people > 0:
        if training.data_sha256 == cohort.sha256:
            how = text("apparent_same_file")
        elif (training.people, training.events) == (cohort.people, cohort.events) and (
            cohort.people >= FEWEST_ALIKE
        ):
            how = text("apparent_same_counts", people=cohort.people, events=cohort.events)
    if how is not None:
        if stated not in (None, "apparent"):
            how = joined(how, text("apparent_over_stated", stated=stated))
        return Standing("apparent", "files", (_stop("apparent", how=how),))
    if stated == "apparent":
        return Standing("apparent", "stated", (_stop("apparent", how=text("apparent_stated")),))
    notices: list[Notice] = []
    if training.people > 0 and training.options.get("cohort") == cohort.source:
        said = text("notice_same_name", source=cohort.source)
        notices.append(Notice(code="same_name", severity="warning", text=said))
    if stated is not None and stated != "not_stated":
        return Standing(stated, "stated", tuple(notices))
    if training.people == 0:
        # learned from publications only: nobody's outcome from here was used
        return Standing("geographic", "files", tuple(notices))
    return Standing("not_stated", "files", (_stop("not_stated"), *notices))


def _stop(code: str, **values: object) -> Notice:
    return Notice(code=code, severity="stop", text=text(f"notice_{code}", **values))
