"""A policy's YAML checked: each mistake with its line, its rule and what is accepted."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from riskengine.authoring.sources import build_value
from riskengine.authoring.yaml_source import Source, read_yaml
from riskengine.canonical import sha256
from riskengine.errors import NotFoundError, PolicyError
from riskengine.instrument.model import Instrument
from riskengine.policy.bands import resolve
from riskengine.policy.checks import faults
from riskengine.policy.compiled import seal
from riskengine.policy.document import PolicyDocument
from riskengine.policy.fault import Fault
from riskengine.policy.faults import shape_faults
from riskengine.scorecard.document import ScorecardDocument
from riskengine.store.lookup import find_instrument


def read_policy_source(
    path: Path, *, instrument: Instrument | None = None, scorecard: ScorecardDocument | None = None
) -> tuple[PolicyDocument, Instrument, dict[str, Any]]:
    """Read and check a policy's YAML.

    Parameters
    ----------
    instrument
        The instrument to check it against; the one that it names where none is given.
    scorecard
        A scorecard that it is to be used with: its bands and scored items are checked as well.

    Raises
    ------
    PolicyError
        A line a mistake: file, line, rule, value and what is accepted.
    """
    source = read_yaml(path)
    if not isinstance(source.value, dict):
        raise PolicyError(f"{source.name}: line 1: the file must hold a mapping")
    value = {**source.value, "source_sha256": sha256(path.read_bytes())}
    try:
        document = PolicyDocument.model_validate_json(json.dumps(value))
    except ValidationError as error:
        _refuse(source, shape_faults(error, value))
        raise  # not reached: a refused shape has faults
    if instrument is None:
        instrument = _instrument(path, source, document)
    found = faults(document, instrument, scored=() if scorecard is None else scorecard.items)
    if scorecard is not None and not found:
        found += _bands(document, scorecard)
    _refuse(source, found)
    return document, instrument, value


def build_policy(path: Path) -> dict[str, Any]:
    """Give the JSON value of one policy source, with the hash of what was checked."""
    document, instrument, value = read_policy_source(path)
    return {**value, "checked": seal(document, instrument)}


def _refuse(source: Source, found: Iterable[Fault]) -> None:
    lines = [f"{source.name}: line {source.line(one.place)}: {one.text()}" for one in found]
    if lines:
        raise PolicyError("\n".join(lines))


def _bands(document: PolicyDocument, scorecard: ScorecardDocument) -> list[Fault]:
    try:
        resolve(document.bands, scorecard, policy=document.id)
    except PolicyError as error:
        said = str(error).removeprefix(f"policy [{document.id}]: ")
        return [Fault(("bands",), None, f"{said}; accepted: bands that suit the scorecard")]
    return []


def _instrument(path: Path, source: Source, document: PolicyDocument) -> Instrument:
    """The instrument's own source beside the policy, else the built one in reach."""
    beside = path.parent.parent / "instruments" / f"{document.instrument}.yaml"
    if beside.is_file():
        return Instrument.model_validate_json(json.dumps(build_value(beside, Instrument)))
    try:
        return find_instrument(document.instrument)
    except NotFoundError as error:
        said = str(error).replace("; there are: ", "; accepted: ")
        fault = Fault(("instrument",), None, said)
        _refuse(source, [fault])
        raise
