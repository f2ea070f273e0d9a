"""From a model and a cohort file to an evaluation."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from riskengine.errors import PolicyError, UseError, shown
from riskengine.evaluation.comparing import Rival
from riskengine.evaluation.document import (
    EvaluatedCohort,
    EvaluatedModel,
    EvaluatedPolicy,
    Evaluation,
    Kind,
    Notice,
)
from riskengine.evaluation.evaluate import Bands, Settings, evaluate_people
from riskengine.evaluation.kinds import standing_of
from riskengine.evaluation.measuring import Score
from riskengine.evaluation.people import (
    Floats,
    Grouping,
    People,
    audit_items,
    column_grouping,
    grouping,
    people_of,
    plain,
    score_answers,
)
from riskengine.evaluation.stability import stability_of
from riskengine.evaluation.surveillance import Exposure
from riskengine.evaluation.words import text
from riskengine.instrument.model import Instrument
from riskengine.instrument.outcomes import Outcome
from riskengine.policy.bands import CutOffs, resolve
from riskengine.policy.document import PolicyDocument
from riskengine.policy.tiers import Tier
from riskengine.scorecard.compiled import Scorecard
from riskengine.scorecard.document import ScorecardDocument
from riskengine.store.lookup import LoadedModel, find_policy
from riskengine.text import Text
from riskengine.training.cohort import AHEAD, Cohort, read_cohort
from riskengine.training.cohort_files import Source, open_whole

if TYPE_CHECKING:
    import pandas as pd

STRATA = ("legal_status", "offence_type")
"""Items within whose levels groups are always compared, where the file holds them."""


@dataclass(frozen=True)
class Columns:
    """Columns of the cohort file beside its answers; each may be left out.

    Attributes
    ----------
    incumbent
        The score in use today, a higher one meaning more risk.
    contacts
        Contacts with supervision during follow-up.
    followed
        Days for which everybody was followed.
    tier
        The tier that people were really in.
    district, assessed_on
        Where, and when (year-month-day), people were assessed.
    """

    incumbent: str | None = None
    contacts: str | None = None
    followed: str | None = None
    tier: str | None = None
    district: str | None = None
    assessed_on: str | None = None


def evaluate_cohort(
    model: LoadedModel,
    source: Path | str | pd.DataFrame,
    *,
    on: date,
    settings: Settings,
    policy: str | None = None,
    against: LoadedModel | None = None,
    kind: Kind | None = None,
    population: Text | None = None,
    by: Sequence[str] = (),
    within: Sequence[str] = (),
    columns: Columns | None = None,
    extracted_on: date | None = None,
) -> Evaluation:
    """Evaluate a model on a cohort, by the model's own outcome and horizon.

    Parameters
    ----------
    source
        As for `riskengine.training.cohort.read_cohort`.
    policy
        Whose bands the tier cuts are.
    against
        The live model, to be compared with on the same people.
    kind
        How the people stand to those of the training, as the analyst states it; where the files
        show that they are the same, they count.
    population
        Where, when and on whom.
    by
        Items or columns to group by, beside the items that the instrument audits.
    within
        Items or columns within whose levels groups are compared, beside `STRATA` and the tier.

    Raises
    ------
    TrainingError
        Where file or outcome cannot be used.
    UseError
        Where a column, an item or a setting cannot.
    """
    named = columns or Columns()
    scorecard = model.scorecard
    document, instrument = scorecard.document, scorecard.instrument
    opened = open_whole(source)
    cohort = read_cohort(
        opened,
        instrument,
        document.outcome,
        horizon_days=document.horizon_days,
        extracted_on=extracted_on,
    )
    if not cohort.people:
        raise UseError(
            f"{cohort.source}: nobody in it has the outcome [{document.outcome}] or its absence; "
            f"[{len(cohort.rejects)}] rows were rejected, [{len(cohort.unlabelled)}] have no "
            f"outcome, [{cohort.outside}] lie outside its risk set"
        )
    assert cohort.at is not None
    table = _Table(opened.frame, cohort, instrument)
    people = _people(table, scorecard, cohort, by, within, named)
    described = _cohort(cohort, document.outcome, document.horizon_days, population, people)
    rules, digest = (None, "") if policy is None else find_policy(policy)
    bands = None if rules is None else _bands(rules, digest, scorecard)
    rivals = [] if named.incumbent is None else [_incumbent(named.incumbent, people)]
    if against is not None:
        rivals.append(_other_model(against, opened, scorecard, cohort, rules, extracted_on))
    outcome = instrument.outcomes_by_id[document.outcome]
    tiers, recorded = _tiers(people, named, bands)
    exposure = Exposure(
        outcome_by_discretion=outcome.discretion,
        by_discretion=cohort.by_discretion,
        tiers=tiers,
        recorded=recorded,
        contacts_column=named.contacts,
        tier_column=named.tier,
    )
    stability = None
    if rules is not None and bands is not None:
        stability = stability_of(
            scorecard,
            cohort.answers,
            bands.cut_offs,
            bound=rules.either_tier_below,
            seed=settings.seed,
            smallest=settings.smallest,
        )
    calibrated = document.scale == "calibrated"
    return evaluate_people(
        people,
        model=model_summary(model),
        cohort=described,
        standing=standing_of(document, described, kind),
        on=on,
        settings=replace(
            settings, further=(*settings.further, *table.notices(), *_ahead(outcome))
        ),
        bands=bands,
        risk_of=(lambda score: _risk_of(scorecard, score)) if calibrated else None,
        rivals=rivals,
        exposure=exposure,
        stability=stability,
    )


def _ahead(outcome: Outcome) -> list[Notice]:
    if outcome.looks_ahead is None:
        return []
    said = text("notice_looks_ahead", why=outcome.looks_ahead)
    return [Notice(code="looks_ahead", severity="warning", text=said)]


def model_summary(model: LoadedModel) -> EvaluatedModel:
    """What the document says about a model."""
    document = model.scorecard.document
    outcome = model.scorecard.instrument.outcomes_by_id[document.outcome]
    training = document.training
    return EvaluatedModel(
        id=document.id,
        version=document.version,
        sha256=model.sha256,
        title=document.title,
        instrument=document.instrument,
        outcome=document.outcome,
        outcome_label=outcome.label,
        horizon_days=document.horizon_days,
        scale=document.scale,
        form=document.form,
        purpose=document.purpose,
        validation=document.validation,
        trained_on=training.population,
        training_people=training.people,
        training_events=training.events,
        training_first=training.first,
        training_last=training.last,
        training_sha256=training.data_sha256,
    )


def _risk_of(scorecard: Scorecard, score: int) -> float:
    return float(scorecard.probabilities(np.array([score], dtype=np.int64))[0])


def _bands(document: PolicyDocument, digest: str, scorecard: Scorecard) -> Bands:
    name = f"{document.id}@{document.version}"
    cut_offs = resolve(document.bands, scorecard.document, policy=name)
    return Bands(
        EvaluatedPolicy(
            id=document.id,
            version=document.version,
            sha256=digest,
            title=document.title,
            relaxed_below=cut_offs.relaxed_below,
            strict_from=cut_offs.strict_from,
        ),
        cut_offs,
    )


# --- The file beside its answers -----------------------------------------------------------------


class _Table:
    """The rows of the cohort in the file."""

    def __init__(self, frame: pd.DataFrame, cohort: Cohort, instrument: Instrument) -> None:
        assert cohort.at is not None
        self.rows = cohort.at
        self.frame = frame.iloc[cohort.at - 1]
        self.source = cohort.source
        self.cohort = cohort
        self.instrument = instrument
        self.ahead: list[Text] = []

    def column(self, name: str) -> list[object]:
        if name not in self.frame.columns:
            raise UseError(
                f"{self.source}: there is no column {shown(name)}; there are: "
                + ", ".join(str(column) for column in self.frame.columns)
            )
        values: list[object] = self.frame[name].tolist()
        return values

    def numbers(self, name: str) -> Floats:
        """A column of numbers, ``nan`` where it is blank."""
        found = np.full(len(self.rows), np.nan)
        for at, value in enumerate(self.column(name)):
            said = plain(value)
            if not said:
                continue
            try:
                number = float(said)
            except ValueError:
                number = math.nan
            if not math.isfinite(number):
                raise UseError(
                    f"{self.source}, row [{self.rows[at]}], column {shown(name)}: {shown(said)} "
                    "is no number; accepted: numbers, or a blank where it is not known"
                )
            found[at] = number
        return found

    def days(self, name: str) -> np.ndarray[Any, np.dtype[np.datetime64]]:
        """A column of days, ``NaT`` where it is blank."""
        found = np.full(len(self.rows), np.datetime64("NaT"), dtype="datetime64[D]")
        for at, value in enumerate(self.column(name)):
            said = plain(value)[:10]
            if not said or said == "NaT":
                continue
            try:
                found[at] = np.datetime64(date.fromisoformat(said), "D")
            except ValueError as error:
                raise UseError(
                    f"{self.source}, row [{self.rows[at]}], column {shown(name)}: {shown(said)} "
                    "is no day; accepted: year-month-day, such as 2026-01-31"
                ) from error
        return found

    def grouping(self, name: str) -> Grouping:
        """Group by an item that was read, or by a column of the file."""
        item = self.instrument.by_id.get(name)
        if name in self.cohort.present or name in self.instrument.derived_by_id:
            return grouping(self.instrument, name, self.cohort.column(name))
        if item is None:
            return column_grouping(name, self.column(name))
        from riskengine.intake.native import NativeMap

        native = NativeMap(self.instrument)
        plan = native.columns([str(c) for c in self.frame.columns])
        if name not in plan.items:
            raise UseError(f"{self.source}: there is no column for item [{name}]")
        if item.known_at in AHEAD:
            self.ahead.append(item.label)
        raw = [native.value(name, cell) for cell in self.column(plan.items[name])]
        return column_grouping(name, raw, item.label)

    def notices(self) -> list[Notice]:
        return [
            Notice(
                code="group_ahead", severity="warning", text=text("notice_group_ahead", item=label)
            )
            for label in self.ahead
        ]


def _people(
    table: _Table,
    scorecard: Scorecard,
    cohort: Cohort,
    by: Sequence[str],
    within: Sequence[str],
    named: Columns,
) -> People:
    groups = dict.fromkeys([*audit_items(scorecard.instrument, cohort.present), *by])
    district = None if named.district is None else table.grouping(named.district)
    strata = dict.fromkeys([*(item for item in STRATA if item in cohort.present), *within])
    people = people_of(cohort, scorecard, by=())
    return replace(
        people,
        groups={name: table.grouping(name) for name in groups}
        | ({} if district is None else {district.id: district}),
        strata={name: table.grouping(name) for name in strata}
        | ({} if named.tier is None else {named.tier: table.grouping(named.tier)}),
        district=district,
        date=None if named.assessed_on is None else table.days(named.assessed_on),
        contacts=None if named.contacts is None else table.numbers(named.contacts),
        followed_days=None if named.followed is None else table.numbers(named.followed),
        incumbent=None if named.incumbent is None else table.numbers(named.incumbent),
    )


def _cohort(
    cohort: Cohort, outcome: str, days: int, population: Text | None, people: People
) -> EvaluatedCohort:
    seen = cohort.follow_up
    first = last = None
    if people.date is not None:
        known = people.date[~np.isnat(people.date)]
        if len(known):
            first, last = known.min().item(), known.max().item()
    return EvaluatedCohort(
        source=cohort.source,
        sha256=cohort.data_sha256,
        population=population
        or text(
            "population_default",
            source=cohort.source,
            people=cohort.people,
            outcome=outcome,
            days=days,
        ),
        rows=cohort.rows,
        people=cohort.people,
        events=cohort.events,
        effective=round(people.effective, 3),
        weighted=cohort.censoring_weight is not None,
        rejected=len({one.row for one in cohort.rejects}),
        unlabelled=len(cohort.unlabelled),
        outside=cohort.outside,
        not_yet=0 if seen is None else seen.not_yet,
        censored={} if seen is None else dict(seen.censored),
        competing={} if seen is None else dict(seen.competing),
        median_follow_up_days=None if seen is None else seen.median_days,
        by_discretion=cohort.by_discretion,
        first=first,
        last=last,
    )


def _tiers(people: People, named: Columns, bands: Bands | None) -> tuple[Grouping | None, bool]:
    """The tier people were really in; else the band of the score."""
    if named.tier is not None:
        return people.strata[named.tier], True
    if bands is None:
        return None, False
    cut = bands.cut_offs
    of = (people.score >= cut.relaxed_below).astype(np.int64) + (people.score >= cut.strict_from)
    labels = tuple(tier.label for tier in Tier)
    label = Text(zh="评分所落的段", en="band of the score")
    return Grouping("band", label, tuple(tier.value for tier in Tier), labels, of), False


# --- Other scores --------------------------------------------------------------------------------


def _incumbent(name: str, people: People) -> Rival:
    assert people.incumbent is not None
    known = np.isfinite(people.incumbent)
    if not known.any():
        raise UseError(f"column {shown(name)}: nobody has a score in it")
    return Rival(
        against="incumbent",
        label=text("rival_incumbent", name=name),
        name=name,
        known=known,
        score=Score(people.incumbent[known]),
        note=text("rival_same_share", name=name),
    )


def _other_model(
    other: LoadedModel,
    source: Source,
    scorecard: Scorecard,
    cohort: Cohort,
    rules: PolicyDocument | None,
    extracted_on: date | None,
) -> Rival:
    """Score the same people with another model, through its own instrument."""
    document = other.scorecard.document
    name = f"{document.id}@{document.version}"
    ours = scorecard.document
    answers = cohort.answers
    known = np.ones(cohort.people, dtype=bool)
    if document.instrument != ours.instrument:
        again = read_cohort(
            source,
            other.scorecard.instrument,
            document.outcome,
            horizon_days=document.horizon_days,
            extracted_on=extracted_on,
        )
        assert again.at is not None and cohort.at is not None
        by_row = dict(zip(again.at.tolist(), again.answers, strict=True))
        known = np.array([row in by_row for row in cohort.at.tolist()])
        answers = tuple(by_row[row] for row in cohort.at[known].tolist())
        if not answers:
            raise UseError(f"nobody in {cohort.source} can be scored by [{name}]")
    scored = score_answers(other.scorecard, answers)
    same = (document.outcome, document.horizon_days) == (ours.outcome, ours.horizon_days)
    score = Score.of(scored, _cut(document, rules))
    note = None
    if not same:
        score = Score(score.rank, None, None, score.cut)
        note = text(
            "rival_other_outcome", name=name, outcome=document.outcome, days=document.horizon_days
        )
    elif score.cut is None and rules is not None:
        note = text("rival_same_share", name=name)
    return Rival(
        against="model",
        label=text("rival_model", name=name),
        name=name,
        known=known,
        score=score,
        sha256=other.sha256,
        note=note,
    )


def _cut(document: ScorecardDocument, rules: PolicyDocument | None) -> float | None:
    """Where the same policy would cut the other model, if it can."""
    if rules is None:
        return None
    try:
        cut_offs: CutOffs = resolve(rules.bands, document, policy=f"{rules.id}@{rules.version}")
    except PolicyError:
        return None
    return float(cut_offs.strict_from)
