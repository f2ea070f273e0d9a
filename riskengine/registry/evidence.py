"""Gathering what the gate looks at, from files: the model's own, a cohort, the evaluation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from riskengine.documents import load_document
from riskengine.errors import (
    ArtefactError,
    NotFoundError,
    RiskEngineError,
    TrainingError,
    UseError,
)
from riskengine.evaluation.document import Evaluation, Kind
from riskengine.evaluation.people import Scored, audit_items, grouping, score_answers
from riskengine.instrument.model import Instrument
from riskengine.policy.bands import CutOffs, resolve
from riskengine.policy.tiers import Tier
from riskengine.registry.gate import Evidence, Readiness
from riskengine.registry.intercept import POOL_DATA
from riskengine.registry.measuring import Judged, Validation, measure
from riskengine.registry.rules import GateRules
from riskengine.scorecard.audit import instrument_hash
from riskengine.scorecard.compiled import Scorecard
from riskengine.scorecard.document import ScorecardDocument
from riskengine.scorecard.load import MODEL_FILE, parse_scorecard
from riskengine.store.lookup import LoadedModel, find_instrument, find_model, find_policy
from riskengine.training.axes import encode, scored_item
from riskengine.training.cohort import Cohort
from riskengine.training.leaks import check_leaks

if TYPE_CHECKING:
    from riskengine.training.cohort_files import Source

__all__ = ["Candidate", "gather", "leaks_of", "tiers_of", "validation_of"]


@dataclass(frozen=True)
class Candidate:
    """A candidate as its files are found, whatever is wrong with them.

    Attributes
    ----------
    loaded
        ``None`` where it did not pass its own checks.
    document
        Its ``model.json``, where that much can be read.
    faults, instruments
        See `riskengine.registry.gate.Evidence`.
    """

    name: str
    loaded: LoadedModel | None
    document: ScorecardDocument | None
    faults: tuple[str, ...]
    instruments: tuple[str, ...]

    @classmethod
    def find(cls, name: str, folder: Path) -> Candidate:
        """Load a registered model, or say what is wrong with it."""
        document = None
        instruments: list[str] = []
        try:
            data = (folder / MODEL_FILE).read_bytes()
            document = parse_scorecard(data, source=MODEL_FILE)
            instruments = list(_instrument_faults(document))
        except (OSError, ArtefactError) as error:
            return cls(name, None, None, (str(error),), ())
        try:
            return cls(name, find_model(name), document, (), tuple(instruments))
        except RiskEngineError as error:
            # a model of another instrument fails for that reason, and not as an edited one
            faults = () if instruments else (str(error),)
            return cls(name, None, document, faults, tuple(instruments))


def _instrument_faults(document: ScorecardDocument) -> Iterator[str]:
    """How a model's instrument differs from the one that assessments are made with here."""
    belongs = document.instrument
    try:
        here = find_instrument(belongs.id)
    except NotFoundError:
        yield f"[{belongs.id}@{belongs.version}] is not installed"
        return
    if here.version != belongs.version:
        yield (
            f"the model belongs to [{belongs.id}@{belongs.version}]; assessments are made with "
            f"[{here.id}@{here.version}]"
        )
    elif instrument_hash(here) != belongs.sha256:
        yield f"the model was made for another text of [{belongs.id}@{belongs.version}]"


def gather(
    candidate: Candidate,
    *,
    on: date,
    rules: GateRules,
    live: LoadedModel | None = None,
    live_policy: str | None = None,
    beside: LoadedModel | None = None,
    policy: str | None = None,
    cohort: Cohort | None = None,
    kind: Kind | None = None,
    practice: Sequence[object] | None = None,
    evaluation: bytes | None = None,
    readiness: Readiness | None = None,
    unsigned: bool = False,
) -> Evidence:
    """Gather the evidence for a candidate.

    Parameters
    ----------
    live
        What is in use; without one it is a first use.
    beside
        A model to compare with at first use, such as the shipped one.
    policy, live_policy
        Whose bands cut the scores.
    cohort
        People with outcomes, read through the candidate's instrument.
    kind
        How they stand to those that the candidate was learned from; what the evaluation says
        where it is left out. The same file is always ``apparent``.
    practice
        Everybody's tier as practised, where there is no model to compare with.
    evaluation
        The bytes of ``evaluation.json``.
    """
    document = candidate.document
    found = None if document is None else document.purpose
    calibrated = document is not None and document.scale == "calibrated"
    loaded = candidate.loaded
    instruments = list(candidate.instruments)
    same_outcome = True
    if live is not None and document is not None:
        other = live.scorecard.document
        if other.instrument != document.instrument and not instruments:
            instruments.append(
                f"the live model belongs to [{other.instrument.id}@{other.instrument.version}]"
            )
        same_outcome = (other.outcome, other.horizon_days) == (
            document.outcome,
            document.horizon_days,
        )
    if policy is not None and document is not None:
        asked = find_policy(policy)[0].instrument
        if asked != document.instrument.id:
            instruments.append(f"the policy [{policy}] is for instrument [{asked}]")
    standing, evaluated_on, said = _evaluation(evaluation, loaded, cohort)
    validation = None
    leaks: tuple[str, ...] = ()
    if loaded is not None and cohort is not None and not instruments:
        if policy is None:
            raise UseError("a policy is needed: its bands cut the score (--policy)")
        against = live if same_outcome else None
        validation = validation_of(
            loaded,
            policy,
            cohort,
            against=against or beside,
            against_policy=live_policy or policy,
            practice=practice,
            kind=_kind(loaded, cohort, kind, said),
            level=rules.values["interval_level"],
        )
        leaks = leaks_of(loaded.scorecard, cohort)
    return Evidence(
        on=on,
        candidate=candidate.name,
        live=None if live is None else live.name,
        purpose=found or "unknown",
        calibrated=calibrated,
        live_calibrated=live is not None and live.scorecard.document.scale == "calibrated",
        faults=candidate.faults,
        instruments=tuple(instruments),
        same_outcome=same_outcome,
        leaks=leaks,
        evaluation=standing,
        evaluated_on=evaluated_on,
        validation=validation,
        readiness=readiness,
        unsigned=unsigned,
    )


def _evaluation(
    data: bytes | None, loaded: LoadedModel | None, cohort: Cohort | None
) -> tuple[Literal["missing", "other", "there"], date | None, Kind | None]:
    """Whether there is an evaluation of this very model and cohort, its day and its kind."""
    if data is None:
        return "missing", None, None
    found = load_document(Evaluation, data, source="evaluation")
    same = (
        loaded is not None
        and cohort is not None
        and found.model.sha256 == loaded.sha256
        and found.cohort.sha256 == cohort.data_sha256
    )
    return ("there" if same else "other"), found.on, found.kind


def _kind(loaded: LoadedModel, cohort: Cohort, stated: Kind | None, said: Kind | None) -> Kind:
    """The file that the tables or the level were learned from is apparent, whatever is stated."""
    training = loaded.scorecard.document.training
    if cohort.data_sha256 in (training.data_sha256, training.options.get(POOL_DATA)):
        return "apparent"
    if said == "apparent":
        return "apparent"
    return stated or said or "not_stated"


def leaks_of(scorecard: Scorecard, cohort: Cohort, seed: int = 0) -> tuple[str, ...]:
    """What a cohort says about a model's items, by the guards of training."""
    instrument = scorecard.instrument
    names = [n for n in scorecard.document.items if _answered(cohort, instrument, n)]
    if not names or not 0 < cohort.events < cohort.people:
        return ()
    items = tuple(scored_item(instrument.every_item[name]) for name in names)
    try:
        check_leaks(items, encode(cohort, items), cohort.outcome, seed, times=cohort.event_times)
    except TrainingError as error:
        return (str(error),)
    return ()


def _answered(cohort: Cohort, instrument: Instrument, name: str) -> bool:
    item = instrument.every_item[name]
    sources = getattr(item, "sources", (name,))
    return any(source in cohort.present for source in sources)


def validation_of(
    candidate: LoadedModel,
    policy: str,
    cohort: Cohort,
    *,
    kind: Kind,
    against: LoadedModel | None = None,
    against_policy: str | None = None,
    practice: Sequence[object] | None = None,
    by: Sequence[str] | None = None,
    level: float = 0.95,
) -> Validation:
    """Measure a candidate beside what is in use, on one cohort.

    Parameters
    ----------
    by
        Items to group by; those that the instrument audits where it is left out.
    """
    card = candidate.scorecard
    cuts = _cuts(policy, card.document)
    threshold = None
    if card.document.scale == "calibrated":
        threshold = float(card.probabilities(np.array([cuts.strict_from]))[0])
    other = None
    if against is not None:
        named = _cuts(against_policy or policy, against.scorecard.document)
        other = _judged(score_answers(against.scorecard, cohort.answers), named)
    elif practice is not None:
        strict = np.array([tier is Tier.STRICT for tier in tiers_of(practice)])
        other = Judged(rank=None, log_odds=None, risk=None, flagged=strict)
    instrument = card.instrument
    items = audit_items(instrument, cohort.present) if by is None else by
    return measure(
        _judged(score_answers(card, cohort.answers), cuts),
        other,
        cohort.outcome,
        cohort.weight,
        kind=kind,
        threshold=threshold,
        groups={name: grouping(instrument, name, cohort.column(name)) for name in items},
        level=level,
    )


def _judged(scored: Scored, cuts: CutOffs) -> Judged:
    calibrated = scored.risk is not None
    return Judged(
        rank=scored.score,
        log_odds=scored.log_odds if calibrated else None,
        risk=scored.risk,
        flagged=np.asarray(scored.score >= cuts.strict_from, dtype=np.bool_),
    )


def _cuts(policy: str, document: ScorecardDocument) -> CutOffs:
    found, _ = find_policy(policy)
    return resolve(found.bands, document, policy=found.id)


def tiers_of(values: Sequence[object]) -> list[Tier]:
    """Read tiers by id or by their name in either language.

    Raises
    ------
    UseError
        Naming the row and the value that is none.
    """
    names = {name: tier for tier in Tier for name in (tier.value, tier.label.zh, tier.label.en)}
    found = []
    for row, value in enumerate(values, start=1):
        tier = names.get(str(value).strip())
        if tier is None:
            raise UseError(f"row {row}: tier [{value}]; accepted: {', '.join(sorted(names))}")
        found.append(tier)
    return found


def column_of(source: Source, name: str, at: NDArray[np.int64]) -> list[object]:
    """A column of a cohort's file for the people who were read from it.

    Raises
    ------
    UseError
        Where there is no such column.
    """
    from riskengine.training.cohort_files import open_table

    frame, _, _ = open_table(source)
    if name not in frame.columns:
        there = ", ".join(map(str, frame.columns))
        raise UseError(f"the file has no column [{name}]; it has {there}")
    return list(frame[name].iloc[at - 1])
