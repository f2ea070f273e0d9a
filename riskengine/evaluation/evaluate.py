"""One evaluation: everything about one score on one set of people, as one document.

`evaluate_people` takes plain data and reads no file and no clock. `riskengine.evaluation.run`
brings a model, a policy and a cohort file to it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from importlib.metadata import version
from typing import Literal

import numpy as np

from riskengine.errors import UseError
from riskengine.evaluation.comparing import Rival, calibrated_here, comparison
from riskengine.evaluation.document import (
    FORMAT,
    Comparison,
    DecisionCurve,
    EvaluatedCohort,
    EvaluatedModel,
    EvaluatedPolicy,
    Evaluation,
    Figure,
    FigureName,
    Groups,
    Method,
    Multiplicity,
    Notice,
    Stability,
)
from riskengine.evaluation.groups import Division, group_task, groups_of, with_multiplicity
from riskengine.evaluation.intervals import LEVEL
from riskengine.evaluation.kinds import Standing
from riskengine.evaluation.measuring import Score, measure
from riskengine.evaluation.overall import (
    CutAt,
    Line,
    StrategyId,
    calibration_plot,
    curve_task,
    cuts_of,
    decision_curve,
    layout,
    overall_figures,
    overall_task,
    spread_of,
    thresholds_of,
    top_cut,
)
from riskengine.evaluation.paired import DRAWS
from riskengine.evaluation.people import People
from riskengine.evaluation.suppression import SMALLEST
from riskengine.evaluation.surveillance import Exposure, surveillance_of
from riskengine.evaluation.words import joined, text
from riskengine.policy.bands import CutOffs
from riskengine.text import Text

FEWEST_EVENTS = 100
"""Events, and people without, that a validation should have (Collins, Ogundimu and Altman 2016,
Statistics in Medicine 35, 214-226); fewer are said to be few, and nothing is withheld."""
OPERATING = "strict"

RiskOf = Callable[[int], float]


@dataclass(frozen=True)
class Bands:
    """The cuts of a policy on this model."""

    policy: EvaluatedPolicy
    cut_offs: CutOffs


@dataclass(frozen=True)
class Settings:
    """What an analyst may choose.

    Attributes
    ----------
    operating
        Id of the cut at which groups and other scores are compared: ``strict``, ``not_relaxed``
        or a ``top_NN``.
    top_shares
        Shares of people for whom there are officers; each gives a cut.
    draws, seed, level
        Of the bootstrap.
    smallest
        Fewest people in a group that is shown; never below `SMALLEST`.
    """

    seed: int
    operating: str = OPERATING
    top_shares: tuple[float, ...] = ()
    draws: int = DRAWS
    level: float = LEVEL
    smallest: int = SMALLEST
    further: tuple[Notice, ...] = field(default=())


def evaluate_people(
    people: People,
    *,
    model: EvaluatedModel,
    cohort: EvaluatedCohort,
    standing: Standing,
    on: date,
    settings: Settings,
    bands: Bands | None = None,
    risk_of: RiskOf | None = None,
    rivals: Sequence[Rival] = (),
    exposure: Exposure | None = None,
    stability: Stability | None = None,
) -> Evaluation:
    """Evaluate one score on some people.

    Parameters
    ----------
    people
        With groups, and with strata within whose levels groups are compared.
    standing
        How the people stand to those of the training.
    on
        The day of the evaluation.
    bands
        Cuts of a policy; without them only the shares of `Settings.top_shares`.
    risk_of
        Calibrated risk of a score; without it that of the nearest person at or above it.
    rivals
        Other scores of the same people.
    exposure
        How people were supervised; without it nothing was known.

    Raises
    ------
    UseError
        Where there is nobody, or settings cannot be.
    """
    _check(people, settings)
    cuts = cuts_at(people, bands, settings.top_shares, risk_of)
    operating = next((cut for cut in cuts if cut.id == settings.operating), None)
    if operating is None and cuts:
        if bands is not None or settings.operating != OPERATING:
            raise UseError(
                f"operating cut [{settings.operating}]: there is none; accepted: "
                + ", ".join(cut.id for cut in cuts)
            )
        operating = cuts[0]
    plan = layout(people, cuts, settings.smallest)
    divisions = [Division.of(grouping) for grouping in people.groups.values()]
    divisions += [
        Division.of(grouping, stratum)
        for stratum in people.strata.values()
        for grouping in people.groups.values()
        if grouping.id != stratum.id
    ]
    at_operating = [] if operating is None else [operating]
    tasks = [overall_task(people, plan)]
    tasks += [
        group_task(people, one, cuts if one.stratum is None else at_operating, plan.smoother)
        for one in divisions
    ]
    measured = measure(
        tasks, people.outcome, people.weight, draws=settings.draws, seed=settings.seed
    )
    tables: list[Groups] = []
    for division, found in zip(divisions, measured[1:], strict=True):
        tables += groups_of(
            people,
            division,
            found,
            cuts if division.stratum is None else at_operating,
            level=settings.level,
            smallest=settings.smallest,
            operating=None if operating is None else operating.id,
        )
    groups, multiplicity = with_multiplicity(tables, settings.level)
    figures = overall_figures(people, measured[0], settings.level)
    surveillance = surveillance_of(
        people,
        exposure or Exposure(False, None, None, False),
        draws=settings.draws,
        seed=settings.seed,
        level=settings.level,
        smallest=settings.smallest,
    )
    comparisons = [
        comparison(
            people,
            rival,
            cuts,
            operating,
            draws=settings.draws,
            seed=settings.seed,
            level=settings.level,
            smallest=settings.smallest,
        )
        for rival in rivals
    ]
    notices = [
        *standing.notices,
        *settings.further,
        *_about_people(people, cohort),
        *_about_model(people, bands),
        *_about_figures({one.name: one for one in figures}),
        *_about_rest(groups, multiplicity, comparisons, people, settings),
    ]
    if surveillance.mostly_found_by_supervision:
        notices.append(_notice("surveillance", "warning"))
    return Evaluation(
        format=FORMAT,
        kind=standing.kind,
        kind_by=standing.by,
        kind_words=text(f"kind_{standing.kind}"),
        on=on,
        model=model,
        cohort=cohort,
        policy=None if bands is None else bands.policy,
        method=Method(
            draws=settings.draws,
            seed=settings.seed,
            level=settings.level,
            smallest=settings.smallest,
            fewest_events=FEWEST_EVENTS,
            smoother=text("smoother" if people.risk is not None else "smoother_none"),
            versions={name: version(name) for name in ("numpy", "scipy", "riskengine")},
        ),
        notices=tuple(notices),
        figures=figures,
        spread=spread_of(people, settings.smallest),
        calibration=calibration_plot(people, plan, measured[0], settings.level, settings.smallest),
        cuts=cuts_of(people, plan, measured[0], settings.level),
        operating_cut=None if operating is None else operating.id,
        decision_curve=_decision_curve(people, rivals, cuts, settings),
        comparisons=tuple(comparisons),
        groups=groups,
        multiplicity=multiplicity if multiplicity.looked_at else None,
        stability=stability,
        surveillance=surveillance,
    )


def _check(people: People, settings: Settings) -> None:
    if not len(people):
        raise UseError("there is nobody to evaluate on")
    if settings.smallest < SMALLEST:
        raise UseError(
            f"smallest group [{settings.smallest}]: accepted are [{SMALLEST}] or more, since "
            "people in smaller groups could be recognised"
        )
    if not 0 < settings.level < 1 or settings.draws < 0:
        raise UseError(f"level [{settings.level}], draws [{settings.draws}] cannot be")
    if any(not 0 < share < 1 for share in settings.top_shares):
        raise UseError(f"shares {list(settings.top_shares)}: accepted are shares between 0 and 1")


def cuts_at(
    people: People,
    bands: Bands | None,
    top_shares: Sequence[float] = (),
    risk_of: RiskOf | None = None,
) -> list[CutAt]:
    """Cuts of the policy, then those as far as staff reaches."""

    def risk(score: int) -> float | None:
        if people.risk is None:
            return None
        if risk_of is not None:
            return risk_of(score)
        above = people.risk[people.score >= score]
        return float(above.min()) if len(above) else None

    found = []
    if bands is not None:
        for name, score in (
            ("strict", bands.cut_offs.strict_from),
            ("not_relaxed", bands.cut_offs.relaxed_below),
        ):
            found.append(CutAt(name, "tier", text(f"cut_{name}"), score, risk(score)))
    for share in top_shares:
        score = top_cut(people, share)
        said = f"{100 * share:g}"
        name = f"top_{said}".replace(".", "_")
        found.append(CutAt(name, "top_share", text("cut_top", percent=said), score, risk(score)))
    return found


def _decision_curve(
    people: People, rivals: Sequence[Rival], cuts: Sequence[CutAt], settings: Settings
) -> DecisionCurve | None:
    """Net benefit of every score, on people who have all of them."""
    if people.risk is None or people.events in (0, len(people)):
        return None
    known = np.ones(len(people), dtype=bool)
    for rival in rivals:
        known &= rival.known
    here = people.take(known)
    if here.events in (0, len(here)):
        return None
    lines = [Line("model", text("strategy_model"), Score.of(here))]
    for rival in rivals:
        among = known[rival.known]
        score: Score | None = Score(
            rival.score.rank[among],
            None if rival.score.log_odds is None else rival.score.log_odds[among],
            None if rival.score.risk is None else rival.score.risk[among],
        )
        note = rival.note
        if rival.score.risk is None:
            assert score is not None
            score = calibrated_here(score, here)
            said = text("rival_calibrated_here", name=rival.name)
            note = said if note is None else joined(note, said)
        if score is not None:
            which: StrategyId = "incumbent" if rival.against == "incumbent" else "against"
            lines.append(Line(which, rival.label, score, note))
    thresholds = thresholds_of(here, cuts)
    found = measure(
        [curve_task(line, thresholds) for line in lines],
        here.outcome,
        here.weight,
        draws=settings.draws,
        seed=settings.seed,
    )
    return decision_curve(len(here), lines, found, thresholds, settings.level)


# --- What a reader has to know -------------------------------------------------------------------


Severity = Literal["stop", "warning", "note"]


def _notice(code: str, severity: Severity, **values: object) -> Notice:
    said: Text = text(f"notice_{code}", **values)
    return Notice(code=code, severity=severity, text=said)


def _about_people(people: People, cohort: EvaluatedCohort) -> list[Notice]:
    found = []
    events, others = people.events, len(people) - people.events
    if events < FEWEST_EVENTS:
        found.append(_notice("few_events", "warning", events=events, fewest=FEWEST_EVENTS))
    if others < FEWEST_EVENTS:
        found.append(_notice("few_without", "warning", others=others, fewest=FEWEST_EVENTS))
    if cohort.weighted:
        lost = sum(cohort.censored.values())
        found.append(_notice("weighted", "note", lost=lost, effective=f"{cohort.effective:.0f}"))
    return found


def _about_model(people: People, bands: Bands | None) -> list[Notice]:
    found = []
    if people.risk is None:
        found.append(_notice("relative", "note"))
    if bands is None:
        found.append(_notice("no_policy", "note"))
    return found


def _about_figures(figures: dict[str, Figure]) -> list[Notice]:
    """What intervals show beyond doubt."""
    found = []
    auc = figures["auc"]
    if auc.low is not None and auc.high is not None:
        ends = {"low": f"{auc.low:.3f}", "high": f"{auc.high:.3f}"}
        if auc.high < 0.5:
            found.append(_notice("wrong_way", "warning", **ends))
        elif auc.low <= 0.5:
            found.append(_notice("no_better", "warning", **ends))
    beyond: tuple[tuple[FigureName, str, float, str, str, str], ...] = (
        ("observed_expected", "observed", 100, ".0f", "too_high", "too_low"),
        ("calibration_slope", "slope", 1, ".2f", "too_extreme", "too_flat"),
    )
    for name, word, times, form, below, above in beyond:
        one = figures[name]
        if one.value is None or one.low is None or one.high is None:
            continue
        said = {
            place: f"{times * value:{form}}"
            for place, value in ((word, one.value), ("low", one.low), ("high", one.high))
        }
        if one.high < 1:
            found.append(_notice(below, "warning", **said))
        elif one.low > 1:
            found.append(_notice(above, "warning", **said))
    return found


def _about_rest(
    groups: Sequence[Groups],
    multiplicity: Multiplicity,
    comparisons: Sequence[Comparison],
    people: People,
    settings: Settings,
) -> list[Notice]:
    found = []
    if multiplicity.looked_at:
        found.append(
            _notice(
                "multiplicity",
                "note",
                looked=multiplicity.looked_at,
                chance=f"{multiplicity.by_chance:.0f}",
                outside=multiplicity.outside,
                stand=multiplicity.stand_out,
            )
        )
    secret = sum(cell.suppressed for table in groups for cell in table.cells)
    if secret:
        found.append(_notice("hidden", "note", hidden=secret, smallest=settings.smallest))
    for one in comparisons:
        missing = len(people) - one.people
        if missing:
            found.append(_notice("incumbent_missing", "note", missing=missing, name=one.name))
    return found
