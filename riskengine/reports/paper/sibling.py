"""Which model a form can be printed for, and which other one where it cannot."""

from __future__ import annotations

from riskengine.errors import ArtefactError, NotFoundError, UseError
from riskengine.scorecard.document import ScorecardDocument
from riskengine.store.lookup import find_model, model_folders


def require_points(document: ScorecardDocument) -> None:
    """Refuse a scorecard that nobody can add up by hand.

    Raises
    ------
    UseError
        Naming the points models of the same instrument and outcome, or how to train one.
    """
    if document.form == "points":
        return
    name = f"{document.id}@{document.version}"
    siblings = points_siblings(document)
    if siblings:
        instead = f"use its points sibling: {', '.join(siblings)}"
    else:
        instead = (
            "there is no points model of the same instrument and outcome; train one: "
            f"`riskengine train --instrument {document.instrument.id} --outcome "
            f"{document.outcome} --form points`"
        )
    raise UseError(
        f"model [{name}] is in the full form: its tables hold fractions of log-odds that nobody "
        f"adds up by hand, so there is no paper form of it; {instead}"
    )


def points_siblings(document: ScorecardDocument) -> list[str]:
    """Points models in reach of the same instrument and outcome, newest version last."""
    found = []
    for stem, versions in sorted(model_folders().items()):
        for version in versions:
            try:
                other = find_model(f"{stem}@{version}").scorecard.document
            except (ArtefactError, NotFoundError, ValueError):
                continue  # a damaged neighbour is no answer, and no reason to say nothing
            if (
                other.form == "points"
                and other.instrument.id == document.instrument.id
                and other.outcome == document.outcome
            ):
                found.append(f"{other.id}@{other.version}")
    return found
