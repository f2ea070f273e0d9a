"""A scorecard on day one: from published evidence, with nobody's data."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from pathlib import Path

from riskengine.errors import TrainingError
from riskengine.instrument.model import Instrument
from riskengine.scorecard.document import ScorecardDocument
from riskengine.store.lookup import find_catalogue
from riskengine.training.evidence import EvidenceDocument
from riskengine.training.evidence_card import evidence_card
from riskengine.training.published import build_all
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
    instrument: Instrument, outcome: str | None = None
) -> list[tuple[ScorecardDocument, dict[str, str]]]:
    """Build the scorecards that rest on evidence alone, each with its cards by file name.

    Parameters
    ----------
    outcome
        One outcome; all of the evidence file where it is left out.

    Raises
    ------
    TrainingError
        Naming the outcomes that there is evidence for.
    """
    evidence = find_evidence(instrument)
    found = [
        (
            document,
            {
                "card.en.md": evidence_card(document, evidence, instrument, "en"),
                "card.zh.md": evidence_card(document, evidence, instrument, "zh"),
            },
        )
        for document in build_all(evidence, instrument)
        if outcome in (None, document.outcome)
    ]
    if not found:
        have = ", ".join(model.outcome for model in evidence.models)
        raise TrainingError(f"no evidence for outcome [{outcome}]; there is some for: {have}")
    return found


def train_from_evidence(
    instrument: Instrument, outcome: str, out: Path, *, by: str = "riskengine train"
) -> ScorecardDocument:
    """Build one scorecard from evidence and write its folder."""
    started = time.monotonic()
    ((document, cards), *others) = evidence_models(instrument, outcome)
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
