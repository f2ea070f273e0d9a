"""Published scales as scorecards, and rebuilding every shipped model that needs no cohort.

``python -m riskengine.training.published`` rebuilds them in the checkout.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

from riskengine.errors import TrainingError
from riskengine.instrument.model import Instrument
from riskengine.scorecard.audit import instrument_hash
from riskengine.scorecard.compiled import Scorecard
from riskengine.scorecard.document import (
    FORMAT,
    LOG_ODDS_BITS,
    Axis,
    Calibration,
    EvidenceSource,
    Golden,
    InstrumentReference,
    LinearTerm,
    LogOdds,
    ReferencePopulation,
    ScorecardDocument,
    TableTerm,
    Training,
    Uncertainty,
)
from riskengine.scorecard.encoding import axis_encoder
from riskengine.scorecard.load import compile_scorecard
from riskengine.store.places import shipped
from riskengine.training.evidence import EvidenceDocument, PublishedTable, build_evidence
from riskengine.training.evidence_card import evidence_cards
from riskengine.training.evidence_model import build_evidence_model
from riskengine.training.evidence_rules import CATALOGUE, EvidenceRules, build_rules
from riskengine.training.population import (
    Part,
    answer_at,
    answer_keys,
    axis_with_weights,
    golden_of,
    item_of,
    mean_of,
    pair_weights,
    parts_of,
    quantiles,
    score_spread,
)
from riskengine.training.writing import write_folder

_MEAN_DECIMALS = 9


def build_published(
    evidence: EvidenceDocument, instrument: Instrument, model_id: str
) -> ScorecardDocument:
    """Build a scorecard that is a published scale, number for number; equal bytes every time.

    The published tables have no cell for an answer that is not known. It gets the mean of the
    reference population, given the other answer where a pair has one.

    Raises
    ------
    TrainingError, ScorecardError
        Where the table does not fit the instrument, or the audit finds anything.
    """
    published, model = evidence.published, evidence.model(model_id)
    if published is None:
        raise TrainingError(f"evidence [{evidence.id}] holds effects, not a published scale")
    assert model.intercept is not None
    outcome = instrument.outcomes_by_id[model.outcome]
    parts = parts_of(evidence.reference, instrument)
    items = [item_of(instrument, i) for table in published.tables for i in table.items]
    axes = {item.id: axis_with_weights(item, parts) for item in items}
    people = published.development.people
    document = ScorecardDocument(
        format=FORMAT,
        id=model.id,
        version=model.version,
        title=model.title,
        purpose=model.purpose,
        published=True,
        instrument=InstrumentReference(
            id=instrument.id, version=instrument.version, sha256=instrument_hash(instrument)
        ),
        outcome=outcome.id,
        horizon_days=model.horizon_days,
        estimand=outcome.estimand,
        scale="calibrated",
        form="full",
        validation="calibrated_in_pool",
        log_odds=LogOdds(unit=1, offset=0),
        intercept=_units(model.intercept),
        axes=tuple(axes.values()),
        terms=(
            *(_table(table, axes, instrument, parts, evidence) for table in published.tables),
            *_linear_terms(evidence, instrument, parts),
        ),
        reference=ReferencePopulation(
            id=evidence.reference.id,
            label=evidence.reference.label,
            illustrative=evidence.reference.illustrative,
            score_quantiles=(0, 0),
        ),
        uncertainty=Uncertainty(
            method="published", replicates=0, rank=0, note=evidence.uncertainty_note
        ),
        calibration=Calibration(
            population=published.development.population,
            people=people,
            slope=1.0,
            intercept=0.0,
            method="as published; nothing was refitted",
        ),
        training=Training(
            learner="published",
            people=people,
            weight=float(people),
            data_sha256=evidence.source_sha256,
            options={"evidence": f"{evidence.id}@{evidence.version}"},
            protected_used=tuple(dict.fromkeys(item.id for item in items if item.protected)),
            population=published.development.population,
        ),
        evidence=(
            EvidenceSource(
                id=published.source,
                citation=evidence.source(published.source).citation,
                effect="the whole published table of weights",
                certainty="high",
            ),
        ),
        not_for=evidence.not_for,
        golden=(Golden(answers={}, score=0),),
    )
    scorecard = Scorecard(document=document, instrument=instrument)
    reference = document.reference.model_copy(
        update={"score_quantiles": quantiles(score_spread(scorecard, parts))}
    )
    document = document.model_copy(
        update={"reference": reference, "golden": golden_of(scorecard, evidence)}
    )
    compile_scorecard(document, instrument)
    return document


def _units(log_odds: float) -> int:
    """Log-odds in units of 2^-40, to the nearest."""
    return round(log_odds * 2.0**LOG_ODDS_BITS)


def _linear_terms(
    evidence: EvidenceDocument, instrument: Instrument, parts: Sequence[Part]
) -> list[LinearTerm]:
    assert evidence.published is not None
    return [
        LinearTerm(
            kind="linear",
            id=linear.item,
            item=linear.item,
            slope=_units(linear.slope),
            valid=linear.valid,
            reference_mean=round(
                mean_of(instrument.derived_by_id[linear.item], parts), _MEAN_DECIMALS
            ),
            evidence=(evidence.published.source,),
        )
        for linear in evidence.published.linear
    ]


def _table(
    table: PublishedTable,
    axes: dict[str, Axis],
    instrument: Instrument,
    parts: Sequence[Part],
    evidence: EvidenceDocument,
) -> TableTerm:
    assert evidence.published is not None
    own = [axes[item] for item in table.items]
    given = _states(table, own, instrument)
    joint = pair_weights(own[0], own[1], instrument, parts) if len(own) == 2 else ()
    weights = joint or own[0].reference
    columns = own[1].states if len(own) == 2 else 1
    shape = [(row, column) for row in range(own[0].states) for column in range(columns)]
    weight_at = dict(zip(shape, weights, strict=True))
    return TableTerm(
        kind="table",
        id=":".join(axis.id for axis in own),
        axes=tuple(axis.id for axis in own),
        cells=tuple(
            given[place] if place in given else _mean(place, given, weight_at) for place in shape
        ),
        reference=joint,
        evidence=(evidence.published.source,),
    )


def _states(
    table: PublishedTable, axes: Sequence[Axis], instrument: Instrument
) -> dict[tuple[int, int], int]:
    """Cell of every pair of known states; a single table stands in column 0."""
    items = [item_of(instrument, axis.item) for axis in axes]
    encoders = [axis_encoder(axis, item) for axis, item in zip(axes, items, strict=True)]
    given: dict[tuple[int, int], int] = {}
    for cell in table.cells:
        states = []
        for item, encode, key in zip(items, encoders, cell.at, strict=True):
            if key not in answer_keys(item):
                raise TrainingError(
                    f"published table {list(table.items)}: [{key}] is no answer to [{item.id}]; "
                    f"there are: {', '.join(answer_keys(item))}"
                )
            states.append(encode(answer_at(item, key)))
        given[states[0], states[1] if len(states) == 2 else 0] = _units(cell.weight)
    size = axes[0].known_states * (axes[1].known_states if len(axes) == 2 else 1)
    if len(given) != size:
        raise TrainingError(
            f"published table {list(table.items)}: {len(given)} weights where {size} are needed"
        )
    return given


def _mean(
    place: tuple[int, int],
    given: dict[tuple[int, int], int],
    weight_at: dict[tuple[int, int], int],
) -> int:
    """Mean cell of the population where an answer is not known, given the one that is."""
    rows = {row for row, _ in given}
    columns = {column for _, column in given}
    alike = [
        known
        for known in given
        if (place[0] not in rows or known[0] == place[0])
        and (place[1] not in columns or known[1] == place[1])
    ]
    weight = sum(weight_at[known] for known in alike)
    if not weight:  # nobody there: all alike
        weight_at, weight = dict.fromkeys(alike, 1), len(alike)
    return round(Fraction(sum(weight_at[k] * given[k] for k in alike), weight))


# --- Shipped models -----------------------------------------------------------------------------


def build_all(
    evidence: EvidenceDocument, instrument: Instrument, rules: EvidenceRules | None
) -> list[ScorecardDocument]:
    """Build every model of an evidence file that ships with the package."""
    return [
        build_published(evidence, instrument, model.id)
        if rules is None
        else build_evidence_model(evidence, instrument, model.id, rules=rules)
        for model in evidence.models
        if model.shipped
    ]


def rebuild_shipped(
    models: Path,
    data_schema: Path | None = None,
    *,
    by: str = "riskengine",
    now: datetime | None = None,
) -> list[Path]:
    """Rebuild every model that rests on an evidence file, straight from the YAML sources.

    A folder whose files come out as they were keeps its manifest, date included.

    Parameters
    ----------
    models
        Where model folders are, such as ``models`` of a checkout.
    data_schema
        Where the sources are; beside ``models`` where it is left out.
    by, now
        Who and when, for the manifests.

    Returns
    -------
    list of Path
        The folders that changed.
    """
    # a case system never needs a YAML reader
    from riskengine.authoring.build import build_instrument
    from riskengine.canonical import canonical_json
    from riskengine.documents import load_document

    sources = data_schema or models.parent / "data_schema"
    changed = []
    for path in sorted((sources / "evidence").glob("*.yaml")):
        started = time.monotonic()
        evidence = build_evidence(path)
        name, value = build_instrument(sources / "instruments" / f"{evidence.instrument}.yaml")
        content = canonical_json(value).encode("utf-8")
        instrument = load_document(Instrument, content, source=name)
        rules = None
        if evidence.rules is not None:
            rules = build_rules(sources / CATALOGUE / f"{evidence.rules}.yaml")
        for document in build_all(evidence, instrument, rules):
            folder = models / document.id / document.version
            wrote = write_folder(
                folder,
                document,
                evidence_cards(document, evidence, instrument, rules),
                by=by,
                now=now or datetime.now(UTC),
                run_seconds=time.monotonic() - started,
            )
            if wrote:
                changed.append(folder)
    return changed


def main(arguments: Sequence[str] | None = None) -> int:
    """Rebuild the shipped models of a checkout and name those that changed."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    models = Path(given[0]) if given else shipped() / "models"
    changed = rebuild_shipped(models)
    for folder in changed:
        print(f"{folder.parent.name}@{folder.name}")
    if not changed:
        print("nothing changed")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
