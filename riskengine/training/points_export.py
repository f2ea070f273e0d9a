"""From a learned points form to ``model.json``: the cells are the points themselves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from riskengine.instrument.answers import complete, parse_answers
from riskengine.scorecard.compiled import Scorecard
from riskengine.scorecard.document import (
    LOG_ODDS_BITS,
    Golden,
    LogOdds,
    ScorecardDocument,
    TableTerm,
)
from riskengine.scorecard.load import compile_scorecard
from riskengine.text import Text
from riskengine.training.export import Learning, export, golden_answers
from riskengine.training.points_form import PointsTables
from riskengine.training.tables import Tables


def export_points(learning: Learning, points: PointsTables, *, version: str) -> ScorecardDocument:
    """Write a points form down and check it as if it had been read from a file.

    Everything that is not the form itself (people, calibration, figures, texts) is written as for
    a full model; then log-odds give way to points, with a unit and an offset beside them.

    Parameters
    ----------
    learning
        As for the full form: ``items`` and ``states`` are those of all candidates, a ``spread``
        has a table for every item of the form. Its ``tables`` are not looked at.
    points
        The form, calibrated by ``learning.sigmoid``.

    Raises
    ------
    ScorecardError, TrainingError
        Where the audit finds anything.
    """
    own = replace(
        learning,
        items=tuple(learning.items[column] for column in points.columns),
        states=learning.states[:, list(points.columns)],
        tables=Tables(
            intercept=points.offset,
            mains=tuple(points.unit * cells.astype(np.float64) for cells in points.cells),
            pairs={},
        ),
    )
    full = export(own, version=version)
    document = full.model_copy(
        update={
            "id": f"{full.id}_points",
            "title": Text(
                zh=f"{full.title.zh}（计分表）",
                en=f"{full.title.en} (points form)",
            ),
            "form": "points",
            "log_odds": LogOdds(unit=_units(points.unit), offset=_units(points.offset)),
            "intercept": 0,
            "terms": tuple(
                term.model_copy(update={"cells": tuple(cells.tolist())})
                for term, cells in zip(full.terms, points.cells, strict=True)
                if isinstance(term, TableTerm)
            ),
        }
    )
    document = _with_people(document, own)
    # read as strictly as a file would be: a copy that was updated is not checked by itself
    checked = ScorecardDocument.model_validate_json(document.model_dump_json())
    compile_scorecard(checked, learning.instrument)
    return checked


def _units(log_odds: float) -> int:
    return int(np.rint(log_odds * 2.0**LOG_ODDS_BITS))


def _with_people(document: ScorecardDocument, learning: Learning) -> ScorecardDocument:
    """State the places of the reference population and the golden assessments in points."""
    scorecard = Scorecard(document=document, instrument=learning.instrument)
    scores = np.sort(scorecard.cells[scorecard.table_index(learning.states)].sum(axis=1))
    steps = len(document.reference.score_quantiles)
    at = np.linspace(0, len(scores) - 1, steps).round().astype(np.int64)
    reference = document.reference.model_copy(
        update={"score_quantiles": tuple(int(score) for score in scores[at])}
    )
    golden = []
    for raw in golden_answers(learning.instrument, learning.items, learning.seed):
        answers, _ = parse_answers(learning.instrument, raw)
        encoded = scorecard.encode([complete(learning.instrument, answers)])
        score = scorecard.scores(scorecard.term_parts(encoded))
        risk = f"{scorecard.probabilities(score)[0]:.9f}"
        golden.append(Golden(answers=raw, score=int(score[0]), probability=risk))
    return document.model_copy(update={"reference": reference, "golden": tuple(golden)})
