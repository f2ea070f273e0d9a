"""A catalogue of assistance checked against its instrument when it is built."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from riskengine.authoring.sources import build_value
from riskengine.errors import ArtefactError
from riskengine.explanation.assistance import AssistanceCatalogue, compile_assistance
from riskengine.instrument.model import Instrument
from riskengine.store.lookup import find_instrument


def build_assistance(path: Path) -> dict[str, Any]:
    """Give the JSON value of one catalogue.

    Raises
    ------
    ArtefactError
        A line a mistake: file, need, item and what is accepted.
    """
    value = build_value(path, AssistanceCatalogue)
    catalogue = AssistanceCatalogue.model_validate_json(json.dumps(value))
    beside = path.parent.parent / "instruments" / f"{catalogue.instrument}.yaml"
    if beside.is_file():
        instrument = Instrument.model_validate_json(json.dumps(build_value(beside, Instrument)))
    else:
        instrument = find_instrument(catalogue.instrument)
    try:
        compile_assistance(catalogue, instrument)
    except ArtefactError as error:
        lines = "\n".join(f"{path.name}: {line}" for line in str(error).splitlines())
        raise ArtefactError(lines) from error
    return value
