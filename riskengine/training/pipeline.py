"""Training from end to end: a cohort in, a checked model folder out."""

from __future__ import annotations

import platform
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from riskengine import __version__
from riskengine.instrument.conditions import Scalar
from riskengine.instrument.model import Instrument
from riskengine.scorecard.document import Metric, ScorecardDocument
from riskengine.training.approach import (
    Approach,
    Options,
    data_alone,
    from_evidence,
    has_evidence,
    points_alone,
)
from riskengine.training.assessments import read_answers
from riskengine.training.calibration import Sigmoid
from riskengine.training.card import CARDS, card
from riskengine.training.cohort import Cohort, read_cohort
from riskengine.training.ebm import threaded
from riskengine.training.export import Learning, export
from riskengine.training.guards import (
    GivenAway,
    check_discretion,
    check_events,
    check_leaks,
    check_outcome,
    check_proxies,
)
from riskengine.training.informed import Informed
from riskengine.training.measures import description, measured, price
from riskengine.training.people import People, further_of, people_of
from riskengine.training.points_draws import points_draws
from riskengine.training.points_export import export_points
from riskengine.training.points_form import PointsProcedure, PointsTables
from riskengine.training.progress import Report, silent
from riskengine.training.replicates import Spread, replicate, sample_of, summed_up
from riskengine.training.settings import (
    POSTERIOR_DRAWS,
    Settings,
    check_settings,
    learner_of,
    updates,
)
from riskengine.training.tables import Floats, Tables
from riskengine.training.unopened import replicates as posterior_draws
from riskengine.training.writing import write_folder

if TYPE_CHECKING:
    import pandas as pd

_PACKAGES = ("numpy", "scipy", "interpret-core", "scikit-learn", "clarabel")


@dataclass(frozen=True)
class Trained:
    """A trained model and what its cohort left behind.

    Attributes
    ----------
    score
        Shape (people,): everybody's calibrated log-odds by models that had not seen the person;
        by the model itself where too few had the event to hold any back.
    """

    document: ScorecardDocument
    cohort: Cohort
    explained: tuple[GivenAway, ...]
    score: Floats


def learn(
    instrument: Instrument,
    outcome: str,
    source: Path | str | pd.DataFrame,
    settings: Settings,
    report: Report = silent,
    *,
    assessments: Path | str | None = None,
) -> Trained:
    """Learn a scorecard; nothing is written and no clock is read.

    Parameters
    ----------
    assessments
        A file of unlabelled assessments of the district, which is a better reference population
        than the few whose outcome is known; its outcomes, where it has any, are not read.

    Raises
    ------
    TrainingError
        Where the cohort, the outcome or an item may not be learned from, with what to do instead.
    """
    evidence = has_evidence(instrument)
    check_settings(settings, evidence=evidence)
    definition = instrument.outcomes_by_id.get(outcome)
    if definition is not None:
        check_outcome(
            instrument,
            definition,
            include_protected=settings.include_protected,
            allow_look_ahead=settings.allow_look_ahead,
        )
    cohort = read_cohort(
        source,
        instrument,
        outcome,
        horizon_days=settings.horizon_days,
        extracted_on=settings.extracted_on,
    )
    definition = instrument.outcomes_by_id[outcome]
    starts_at_evidence = updates(settings, evidence=evidence)
    if not starts_at_evidence:
        check_events(cohort, definition)
    check_discretion(instrument, cohort, definition)
    population = None if assessments is None else read_answers(assessments, instrument)
    further = further_of(source, instrument, cohort, settings.also, settings.extracted_on)
    people = people_of(
        instrument,
        cohort,
        population,
        further,
        include_protected=settings.include_protected,
    )
    check_leaks(
        people.items, people.states, cohort.outcome, settings.seed, times=cohort.event_times
    )
    explained = check_proxies(instrument, cohort, people.items, people.states, settings.seed)

    approach = _approach(instrument, people, settings, report)
    metrics = _measured(instrument, people, approach, settings.seed)
    metrics += _price_of_protection(instrument, people, approach, settings, report)
    final = _final(people, approach, settings, report)
    learning = Learning(
        instrument=instrument,
        outcome=definition,
        horizon_days=settings.horizon_days or definition.horizon_days[0],
        cohort=cohort,
        items=people.items,
        states=people.reference,
        tables=final.tables,
        sigmoid=final.sigmoid,
        spread=final.spread,
        metrics=tuple(metrics),
        learner=approach.name,
        options={**final.told, **_options(settings, approach, people, explained)},
        versions=versions(),
        seed=settings.seed,
        cited=approach.cited,
        ranks=any(m.name == "auc" and m.low is not None and m.low > 0.5 for m in metrics),
        population=population,
    )
    if final.points is None:
        document = export(learning, version=settings.version)
    else:
        document = export_points(learning, final.points, version=settings.version)
    score = _scores(approach, people)
    if score is None:
        score = final.tables.score(people.states)
    return Trained(document, cohort, explained, score)


def train(
    instrument: Instrument,
    outcome: str,
    source: Path | str | pd.DataFrame,
    out: Path,
    settings: Settings | None = None,
    *,
    assessments: Path | str | None = None,
    by: str = "riskengine train",
    now: datetime | None = None,
    report: Report = silent,
) -> Trained:
    """Learn a scorecard and write its folder: model, cards, and the manifest last.

    Parameters
    ----------
    out
        The model's own folder, such as ``models/georgia_parole_1y/1.0.0``.
    assessments
        See `learn`.
    by, now
        Who and when, for the manifest; ``model.json`` knows neither.
    """
    started = time.monotonic()
    settings = settings or Settings()
    trained = learn(instrument, outcome, source, settings, report, assessments=assessments)
    write_folder(
        out,
        trained.document,
        {name: card(trained.document, lang) for lang, name in CARDS.items()},
        by=by,
        now=now or datetime.now(UTC),
        run_seconds=time.monotonic() - started,
        environment={"threads": str(settings.threads)},
    )
    return trained


# --- Steps --------------------------------------------------------------------------------------


def _approach(
    instrument: Instrument, people: People, settings: Settings, report: Report
) -> Approach:
    if settings.form == "points":
        return points_alone(people, settings, report)
    events = people.cohort.events
    if updates(settings, evidence=has_evidence(instrument)):
        on_top = learner_of(settings, events, on_top=True)
        return from_evidence(instrument, on_top, people, settings, report)
    return data_alone(learner_of(settings, events), people, settings, report)


@dataclass(frozen=True)
class _Final:
    """The model of everybody; ``sigmoid`` is folded into all of it already."""

    tables: Tables
    sigmoid: Sigmoid | None
    spread: Spread | None
    points: PointsTables | None = None
    told: Options = field(default_factory=dict)


def _final(people: People, approach: Approach, settings: Settings, report: Report) -> _Final:
    """Learn from everybody, as was tried out of fold."""
    procedure, cohort = approach.procedure, people.cohort
    done = report("final model", 1)
    draws = settings.replicates or POSTERIOR_DRAWS
    if isinstance(procedure, Informed):
        updated = approach.updated
        assert updated is not None, "what starts at the evidence was updated when it was tried"
        tables = procedure.kept(updated.tables, people.reference)
        drawn = posterior_draws(updated, draws, settings.seed)
        done()
        return _Final(tables, None, summed_up(drawn, sample_of(people.reference), "posterior"))
    found, weight = approach.out_of_fold, cohort.censoring_weight
    assert found is not None, "what is learned from data alone was tried out of fold"
    sigmoid = Sigmoid.fitted(found.kept, cohort.outcome, weight)
    if isinstance(procedure, PointsProcedure):
        form = procedure.form(people.states, cohort.outcome, weight=weight)
        drawn = points_draws(
            form,
            people.items,
            people.states,
            cohort.outcome,
            weight=people.counts,
            number=draws,
            seed=settings.seed,
        )
        done()
        points = form.tables.calibrated(sigmoid)
        reference = people.reference[:, list(points.columns)]
        spread = summed_up([sigmoid.fold(d) for d in drawn], sample_of(reference), "posterior")
        tables = points.in_log_odds(people.items)
        return _Final(tables, sigmoid, spread, points, form.options())
    learned = procedure.learn(
        people.states,
        cohort.outcome,
        learner=threaded(procedure.learner, settings.threads),
        weight=weight,
        further=people.further,
    )
    done()
    refitted: Spread | None = None
    if settings.replicates:
        refitted = replicate(
            procedure,
            learned.tables,
            sigmoid,
            people.states,
            cohort.outcome,
            settings.replicates,
            report("bootstrap refits", settings.replicates),
            held=learned.held,
            weight=weight,
            further=people.further,
            processes=settings.threads,
        )
    return _Final(sigmoid.fold(learned.tables), sigmoid, refitted)


def _sexes(instrument: Instrument, cohort: Cohort) -> list[object] | None:
    """Everybody's sex, where the cohort has it for all."""
    sex = instrument.by_id.get("sex")
    if sex is None or "sex" not in cohort.present:
        return None
    answers = cohort.column("sex")
    return answers if set(answers) == set(sex.level_ids) else None


def _scores(approach: Approach, people: People, *, free: bool = False) -> Floats | None:
    """Log-odds out of fold on the scale of the model, if anybody was held out."""
    found = approach.out_of_fold
    if found is None:
        return None
    scores = found.free if free else found.kept
    if not approach.from_data:
        return scores  # a posterior is not calibrated again
    return found.calibrated(scores, people.cohort.outcome, people.cohort.censoring_weight)


def _how(approach: Approach, cohort: Cohort) -> str:
    assert approach.out_of_fold is not None
    follow_up = cohort.follow_up
    weighted = cohort.censoring_weight is not None and follow_up is not None
    return description(
        approach.out_of_fold,
        cohort.people,
        cohort.events,
        effective=follow_up.effective if weighted and follow_up else None,
        calibrated=approach.from_data,
    )


def _measured(
    instrument: Instrument, people: People, approach: Approach, seed: int
) -> list[Metric]:
    cohort = people.cohort
    kept, free = _scores(approach, people), _scores(approach, people, free=True)
    if kept is None or free is None:
        return []
    how, sexes = _how(approach, cohort), _sexes(instrument, cohort)
    weight = cohort.censoring_weight
    metrics = measured(kept, cohort.outcome, sexes, how=how, seed=seed, weight=weight)
    what, said = approach.restraint
    return metrics + price(
        what, kept, free, cohort.outcome, sexes, how=f"{said}, paired; {how}", seed=seed,
        weight=weight,
    )  # fmt: skip


def _price_of_protection(
    instrument: Instrument,
    people: People,
    approach: Approach,
    settings: Settings,
    report: Report,
) -> list[Metric]:
    """Measure what it costs to leave protected items and telling gaps out."""
    cohort = people.cohort
    if settings.include_protected or not settings.compare or instrument.purpose != "benchmark":
        return []
    if settings.form == "points":  # it refuses protected items
        return []
    every = people_of(
        instrument, cohort, people.population, people.further, include_protected=True
    )
    learned = {item.id: item.learned for item in people.items}
    added = [item.id for item in every.items if item.id not in learned]
    gaps = [item.id for item in every.items if item.learned and learned.get(item.id) is False]
    if not added and not gaps:
        return []
    own = _scores(approach, people)
    other = _scores(_approach(instrument, every, settings, report), every)
    if own is None or other is None:
        return []
    how = (
        f"without minus with [{', '.join(added)}] and the unknown cell of [{', '.join(gaps)}], "
        f"paired; {_how(approach, cohort)}"
    )
    return price(
        "protection",
        own,
        other,
        cohort.outcome,
        _sexes(instrument, cohort),
        how=how,
        seed=settings.seed,
        weight=cohort.censoring_weight,
    )


def _options(
    settings: Settings,
    approach: Approach,
    people: People,
    explained: Sequence[GivenAway],
) -> dict[str, Scalar | tuple[Scalar, ...]]:
    cohort, items = people.cohort, people.items
    options: dict[str, Scalar | tuple[Scalar, ...]] = {
        **approach.told,
        "folds": settings.folds,
        "replicates": settings.replicates,
        "include_protected": settings.include_protected,
        "cohort": cohort.source,
        "rows": cohort.rows,
        "rows_rejected": len({reject.row for reject in cohort.rejects}),
        "rows_without_outcome": len(cohort.unlabelled),
        "rows_outside_risk_set": cohort.outside,
        "enforced": tuple(item.id for item in items if item.sign),
        "unknown_learned": tuple(item.id for item in items if item.learned),
        "unknown_at_zero": tuple(
            item.id
            for item in items
            if not item.learned and any(item.axis.reference[item.known :])
        ),
        "explained_proxies": tuple(one.brief() for one in explained),
    }
    if settings.also:
        options["also"] = settings.also
    if people.population is not None:
        options["assessments"] = people.population.source
        options["assessments_sha256"] = people.population.data_sha256
    if cohort.censoring_weight is not None and cohort.follow_up is not None:
        options["censored"] = sum(cohort.follow_up.censored.values())
        options["effective_sample_size"] = round(cohort.follow_up.effective, 1)
        options["largest_weight"] = round(cohort.follow_up.largest, 3)
    return options


def versions() -> dict[str, str]:
    """Versions of the packages on which the numbers depend."""
    return {
        "python": platform.python_version(),
        "riskengine": __version__,
        **{package: version(package) for package in _PACKAGES},
    }
