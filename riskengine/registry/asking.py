"""Asking the gate about a registered model, from files to the answer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from riskengine.errors import RiskEngineError
from riskengine.evaluation.document import Kind
from riskengine.instrument.model import Instrument
from riskengine.registry.entries import read_entry
from riskengine.registry.evidence import Candidate, column_of, gather
from riskengine.registry.gate import Evidence, GateReport, judge
from riskengine.registry.log import current, registry_home
from riskengine.registry.readiness import CONDITIONS, IMPACT, USERS, conditions_of, readiness
from riskengine.registry.rules import find_gate_rules
from riskengine.store.installation import installation
from riskengine.store.lookup import LoadedModel, find_instrument, find_model
from riskengine.store.stages import POOL

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ask"]


def ask(
    model: str,
    *,
    on: date,
    scope: str = POOL,
    policy: str | None = None,
    cohort: Path | str | pd.DataFrame | None = None,
    kind: Kind | None = None,
    extracted_on: date | None = None,
    practice: str | None = None,
    beside: str | None = None,
    documents: Mapping[str, bytes] | None = None,
    rules: str = "default",
) -> tuple[GateReport, Evidence]:
    """Ask the gate whether a registered model may go live; nothing is written.

    Parameters
    ----------
    model
        Name and version.
    scope
        The district that it is for, or ``pool``.
    policy
        Whose bands cut the score; as registered where it is left out.
    cohort
        People with outcomes whom the candidate has not seen.
    practice
        Column of the cohort with the tier as practised, for a first use.
    beside
        A model to compare with at a first use.
    documents
        Bytes of ``evaluation``, ``impact``, ``trained-users`` and ``stop-conditions``.
    """
    given = dict(documents or {})
    if CONDITIONS in given:
        conditions_of(model, given[CONDITIONS])
    entry = read_entry(model)
    name, _, version = model.partition("@")
    candidate = Candidate.find(model, registry_home() / "models" / name / version)
    serving = current().serving(entry.line, None if scope == POOL else scope)
    live = None if serving is None or serving == model else find_model(serving)
    live_policy = None if live is None else read_entry(live.name).policy
    people = tiers = None
    if cohort is not None and candidate.document is not None and not candidate.instruments:
        from riskengine.training.cohort import read_cohort
        from riskengine.training.cohort_files import open_whole

        # rows stay in memory only where a column of them is looked at
        rows = cohort if practice is None else open_whole(cohort)
        document = candidate.document
        people = read_cohort(
            rows,
            _instrument(candidate),
            document.outcome,
            horizon_days=document.horizon_days,
            extracted_on=extracted_on,
        )
        if practice is not None and people.at is not None:
            tiers = column_of(rows, practice, people.at)
    ready = None
    if live is None and candidate.loaded is not None:
        ready = readiness(
            candidate.loaded,
            on=on,
            impact=given.get(IMPACT),
            users=given.get(USERS),
            conditions=given.get(CONDITIONS),
        )
    thresholds = find_gate_rules(rules)
    evidence = gather(
        candidate,
        on=on,
        rules=thresholds,
        live=live,
        live_policy=live_policy,
        beside=None if beside is None else find_model(beside),
        policy=policy or entry.policy,
        cohort=people,
        kind=kind,
        practice=tiers,
        evaluation=given.get("evaluation"),
        readiness=ready,
        unsigned=_unsigned(candidate.loaded),
    )
    return judge(evidence, thresholds), evidence


def _instrument(candidate: Candidate) -> Instrument:
    assert candidate.document is not None
    belongs = candidate.document.instrument
    return find_instrument(f"{belongs.id}@{belongs.version}")


def _unsigned(model: LoadedModel | None) -> bool:
    """Whether a signature is asked for here, and none of a trusted key is there."""
    if model is None or not installation().signed_models_only:
        return False
    from riskengine.registry.signatures import signed_by

    try:
        return signed_by(model) is None
    except RiskEngineError:
        return True
