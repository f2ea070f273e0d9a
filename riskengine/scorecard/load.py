"""Reading a scorecard: parse, audit, and only then construct. Nothing in a file is ever run."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel

from riskengine.documents import load_document
from riskengine.errors import ArtefactError, ScorecardError
from riskengine.instrument.model import Instrument
from riskengine.scorecard.audit import audit, check_golden
from riskengine.scorecard.compiled import Scorecard
from riskengine.scorecard.document import ScorecardDocument, Sha256
from riskengine.text import FROZEN

MODEL_FILE = "model.json"
MANIFEST_FILE = "manifest.json"


class Manifest(BaseModel):
    """``manifest.json`` beside a model: what belongs to it, and who made it when."""

    model_config = FROZEN

    format: Literal["riskengine/manifest/1"]
    files: dict[str, Sha256]
    created_at: str
    created_by: str
    run_seconds: float
    environment: dict[str, str] = {}


def parse_scorecard(data: bytes, *, source: str) -> ScorecardDocument:
    """Parse ``model.json`` of any released format.

    Raises
    ------
    ScorecardError
        Naming the source, the place and what was refused.
    """
    try:
        return load_document(ScorecardDocument, data, source=source)
    except ArtefactError as error:
        raise ScorecardError(str(error)) from error


def compile_scorecard(
    document: ScorecardDocument, instrument: Instrument, *, source: str = MODEL_FILE
) -> Scorecard:
    """Check a scorecard against its instrument and its own golden assessments.

    Raises
    ------
    ScorecardError
        With everything that the audit found.
    """
    found = audit(document, instrument)
    if found:
        raise ScorecardError("\n".join(f"{source}: {line}" for line in found))
    scorecard = Scorecard(document=document, instrument=instrument)
    try:
        check_golden(scorecard)
    except ScorecardError as error:
        raise ScorecardError(f"{source}: {error}") from error
    return scorecard
