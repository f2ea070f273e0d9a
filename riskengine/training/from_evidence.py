"""A scorecard on day one: from published evidence, with nobody's outcomes."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from pathlib import Path

from riskengine.errors import TrainingError
from riskengine.instrument.model import Instrument
from riskengine.scorecard.document import ScorecardDocument
from riskengine.store.lookup import find_catalogue
from riskengine.training.assessments import Answers, read_answers
from riskengine.training.evidence import EvidenceDocument
from riskengine.training.evidence_card import evidence_cards
from riskengine.training.evidence_model import build_evidence_model
from riskengine.training.evidence_rules import find_rules
from riskengine.training.published import build_published
from riskengine.training.writing import write_folder


def find_evidence(instrument: Instrument) -> EvidenceDocument:
    """Find the evidence on an instrument's items.

    Raises
    ------
    TrainingError
        Where there is none.
    """
    raw = find_catalogue("evidence", instrument.id)
    if raw is None:
        raise TrainingError(
            f"there is no evidence file for [{instrument.id}]; write data_schema/evidence/"
            f"{instrument.id}.yaml and run `riskengine schema build`"
        )
    return EvidenceDocument.model_validate_json(json.dumps(raw))


def evidence_models(
    instrument: Instrument,
    outcome: str | None = None,
    *,
    answers: Answers | None = None,
    base_rate: float | None = None,
) -> list[tuple[ScorecardDocument, dict[str, str]]]:
    """Build the scorecards that rest on evidence alone, each with its cards by file name.

    Parameters
    ----------
    outcome
        One outcome; all of the evidence file where it is left out.
    answers
        Unlabelled assessments as the reference population.
    base_rate
        Assumed share of people with the outcome.

    Raises
    ------
    TrainingError
        Naming the outcomes that there is evidence for.
    """
    evidence = find_evidence(instrument)
    wanted = [model for model in evidence.models if outcome in (None, model.outcome)]
    if not wanted:
        have = ", ".join(model.outcome for model in evidence.models)
        raise TrainingError(f"no evidence for outcome [{outcome}]; there is some for: {have}")
    if evidence.rules is None:
        if answers is not None or base_rate is not None:
            raise TrainingError(
                f"[{evidence.id}] is a published scale, taken as printed: it takes neither "
                f"assessments nor a base rate"
            )
        published = [build_published(evidence, instrument, model.id) for model in wanted]
        return [(d, evidence_cards(d, evidence, instrument, None)) for d in published]
    rules = find_rules(evidence.rules)
    found = []
    for model in wanted:
        document = build_evidence_model(
            evidence, instrument, model.id, rules=rules, answers=answers, base_rate=base_rate
        )
        found.append((document, evidence_cards(document, evidence, instrument, rules, answers)))
    return found


def train_from_evidence(
    instrument: Instrument,
    outcome: str,
    out: Path,
    *,
    assessments: Path | str | None = None,
    base_rate: float | None = None,
    by: str = "riskengine train",
) -> ScorecardDocument:
    """Build one scorecard from evidence and write its folder.

    Parameters
    ----------
    assessments
        A file of unlabelled assessments, for the reference population; its outcomes, where it has
        any, are not read.
    base_rate
        Assumed share of people with the outcome.
    """
    started = time.monotonic()
    answers = None if assessments is None else read_answers(assessments, instrument)
    ((document, cards), *others) = evidence_models(
        instrument, outcome, answers=answers, base_rate=base_rate
    )
    if others:
        raise TrainingError(f"the evidence file holds two models of [{outcome}]")
    write_folder(
        out,
        document,
        cards,
        by=by,
        now=datetime.now(UTC),
        run_seconds=time.monotonic() - started,
    )
    return document
