"""Writing an evaluation into a folder, and reading it back."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import BaseModel

from riskengine.documents import load_document
from riskengine.errors import UseError
from riskengine.evaluation.document import Evaluation
from riskengine.evaluation.tables import performance_of, write_tables

EVALUATION_FILE = "evaluation.json"
PERFORMANCE_FILE = "performance.json"


def write_evaluation(found: Evaluation, folder: Path) -> list[Path]:
    """Write ``evaluation.json``, the tables, and the group figures for the model's page."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UseError(f"{folder}: {error.strerror}") from error
    path = folder / EVALUATION_FILE
    path.write_text(_pretty(found), encoding="utf-8")
    written = [path, *write_tables(found, folder)]
    performance = performance_of(found)
    if performance is not None:
        path = folder / PERFORMANCE_FILE
        path.write_text(_pretty(performance), encoding="utf-8")
        written.append(path)
    return written


def _pretty(document: BaseModel) -> str:
    value = document.model_dump(mode="json")
    return json.dumps(value, ensure_ascii=False, allow_nan=False, indent=1, sort_keys=True) + "\n"


def read_evaluation(path: Path) -> Evaluation:
    """Read ``evaluation.json``, or the folder that holds it.

    Raises
    ------
    UseError
        Where there is no such file.
    ArtefactError
        Where it is not of the format.
    """
    file = path / EVALUATION_FILE if path.is_dir() else path
    try:
        data = file.read_bytes()
    except OSError as error:
        raise UseError(f"{file}: {error.strerror}") from error
    return load_document(Evaluation, data, source=file.name)
