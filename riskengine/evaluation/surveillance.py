"""Whether an outcome may be found by supervision itself.

Who is seen more often is caught more often. The figures here show how contact, tier and recorded
events go together, and the words say what that can mean. Nothing is corrected: supervision and
risk are entangled, and no weighting of observed data parts them.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit
from scipy.stats import norm

from riskengine.evaluation import figures
from riskengine.evaluation.cells import Cells, Draw, Sums, everybody, marks, resampled
from riskengine.evaluation.document import (
    ContactBand,
    Figure,
    Surveillance,
    TierExposure,
    Trend,
)
from riskengine.evaluation.groups import FEWEST_EVENTS
from riskengine.evaluation.intervals import interval
from riskengine.evaluation.logistic import fit, weighted_quantiles
from riskengine.evaluation.measuring import Score, Task, measure
from riskengine.evaluation.people import Grouping, People
from riskengine.evaluation.suppression import hidden
from riskengine.evaluation.words import percent, text
from riskengine.evaluation.writing_figures import drawn, figure, rounded
from riskengine.text import Text

Floats = NDArray[np.float64]

MOSTLY = 0.5
"""Share of events by discretion above which an outcome counts as mostly found by supervision."""
DAYS_OF_A_MONTH = 30.4375
_THIRDS = (1 / 3, 2 / 3)


@dataclass(frozen=True)
class Exposure:
    """What is known about how people were supervised.

    Attributes
    ----------
    outcome_by_discretion
        Whether the instrument says that an officer's discretion makes the outcome.
    by_discretion
        Events that rest on nothing but discretion, where the file tells.
    tiers
        The tier people were really in, or the band of the score where ``recorded`` is false.
    """

    outcome_by_discretion: bool
    by_discretion: int | None
    tiers: Grouping | None
    recorded: bool
    contacts_column: str | None = None
    tier_column: str | None = None


def surveillance_of(
    people: People,
    exposure: Exposure,
    *,
    draws: int,
    seed: int,
    level: float,
    smallest: int,
) -> Surveillance:
    """Look at contact, tier and recorded events together."""
    share = None
    if exposure.by_discretion is not None and people.events:
        share = exposure.by_discretion / people.events
    contacts, per_month = _contacts(people)
    looked_at: list[TierExposure] = []
    trend = overall = within = None
    if exposure.tiers is not None:
        looked_at, overall, within = _tiers(
            people, exposure.tiers, contacts, draws, seed, level, smallest
        )
    if contacts is not None:
        trend = _trend(people, contacts, exposure.tiers, level)
    rising = trend is not None and trend.low > 0
    mostly = exposure.outcome_by_discretion or (share is not None and share > MOSTLY) or rising
    return Surveillance(
        outcome_by_discretion=exposure.outcome_by_discretion,
        by_discretion=None if share is None else rounded(share),
        contacts_column=exposure.contacts_column,
        tier_column=exposure.tier_column,
        tiers_are=None
        if exposure.tiers is None
        else ("recorded" if exposure.recorded else "by_score"),
        per_month=per_month,
        tiers=tuple(looked_at),
        trend=trend,
        mostly_found_by_supervision=mostly,
        words=tuple(
            _words(
                exposure, share, trend, overall, within, contacts is not None, per_month, mostly
            )
        ),
    )


def _contacts(people: People) -> tuple[Floats | None, bool]:
    """Contacts per month followed where the file tells how long, else as counted."""
    if people.contacts is None:
        return None, False
    days = people.followed_days
    if days is None or not np.isfinite(days[np.isfinite(people.contacts)]).all():
        return people.contacts, False
    # a person is followed for at least one day
    return people.contacts / (np.maximum(days, 1.0) / DAYS_OF_A_MONTH), True


def _tiers(
    people: People,
    tiers: Grouping,
    contacts: Floats | None,
    draws: int,
    seed: int,
    level: float,
    smallest: int,
) -> tuple[list[TierExposure], float | None, float | None]:
    """Figures within every tier; and the AUC over everybody and, averaged, within tiers."""
    size = np.bincount(tiers.of, minlength=len(tiers.levels))
    secret = hidden(size, smallest)

    def compute(sums: Sums) -> Mapping[Hashable, Floats]:
        return {"event_share": figures.event_share(sums), "auc": figures.auc(sums)}

    score = Score(people.score)
    tasks = [Task(score, compute), Task(score, compute, tiers)]
    everyone, found = measure(tasks, people.outcome, people.weight, draws=draws, seed=seed)
    exposed = None if contacts is None else _per_contact(people, contacts, tiers, draws, seed)
    written, parts = [], []
    for at, (name, label) in enumerate(zip(tiers.levels, tiers.labels, strict=True)):
        here = tiers.of == at
        if secret[at]:
            written.append(TierExposure(tier=name, label=label, suppressed=True))
            continue
        if not size[at]:
            continue
        events = int(people.outcome[here].sum())
        few = min(events, int(size[at]) - events) < FEWEST_EVENTS
        listed = [figure("event_share", drawn(found, "event_share", at, level), "nobody")]
        if few:
            listed.append(Figure(name="auc", why_not="few_events"))
        else:
            listed.append(figure("auc", drawn(found, "auc", at, level), "few_events"))
            auc = float(found.value["auc"][at])
            weight = float(people.weight[here].sum())
            parts.append((auc, weight))
        bands: tuple[ContactBand, ...] = ()
        trend = None
        if contacts is not None and exposed is not None:
            counted, per_100, drawn_counted, drawn_100 = exposed
            for title, value, many in (
                ("contacts", counted, drawn_counted),
                ("events_per_100_contacts", per_100, drawn_100),
            ):
                one = interval(float(value[at]), many[:, at], level=level)
                listed.append(figure(title, one, "nobody"))  # type: ignore[arg-type]
            bands = _bands(people, here & np.isfinite(contacts), contacts, smallest)
            trend = None if few else _trend(people.take(here), contacts[here], None, level)
        written.append(
            TierExposure(
                tier=name,
                label=label,
                people=int(size[at]),
                events=events,
                figures=tuple(listed),
                bands=bands,
                trend=trend,
            )
        )
    whole = float(everyone.value["auc"][0])
    total = sum(weight for _, weight in parts)
    inside = sum(auc * weight for auc, weight in parts) / total if total else None
    return written, whole if np.isfinite(whole) else None, inside


def _per_contact(
    people: People, contacts: Floats, tiers: Grouping, draws: int, seed: int
) -> tuple[Floats, Floats, Floats, Floats]:
    """Mean contacts, and events per 100 contacts, of those whose contacts are known, by tier.

    Parameters
    ----------
    contacts
        Shape (people,): per month where the file tells how long, as in the bands within a tier.
        Events are counted per contact that took place.
    """
    assert people.contacts is not None
    known = np.isfinite(people.contacts)
    counts = np.where(known, people.contacts, 0.0)
    rates = np.where(known, contacts, 0.0)
    width = len(tiers.levels)

    def both(draw: Draw) -> tuple[Floats, Floats]:
        people_in, met, monthly, events = (
            Draw(draw.weight * each).totals(tiers.of, width)
            for each in (known, counts, rates, known * people.outcome)
        )
        return figures.ratio(monthly, people_in), 100 * figures.ratio(events, met)

    (mean,), (per_100,) = both(everybody(people.weight))
    drawn_mean, drawn_100 = [], []
    for draw in resampled(people.weight, draws, seed):
        one, other = both(draw)
        drawn_mean.append(one)
        drawn_100.append(other)
    none = np.zeros((0, width))
    return (
        mean,
        per_100,
        np.concatenate(drawn_mean) if drawn_mean else none,
        np.concatenate(drawn_100) if drawn_100 else none,
    )


def _bands(
    people: People, here: NDArray[np.bool_], contacts: Floats, smallest: int
) -> tuple[ContactBand, ...]:
    """Thirds of a tier's people by contact, with the share of events in each."""
    if not here.any():
        return ()
    values, weight = contacts[here], people.weight[here]
    edges = np.unique(weighted_quantiles(values, weight, _THIRDS))
    of = np.searchsorted(edges, values, side="left")
    size = np.bincount(of, minlength=len(edges) + 1)
    secret = hidden(size, smallest)
    outcome = people.outcome[here]
    found = []
    for at in range(len(edges) + 1):
        if not size[at]:
            continue
        if secret[at]:
            found.append(ContactBand(suppressed=True))
            continue
        inside = of == at
        sums = Cells(marks(np.zeros(int(size[at])), None, None), outcome[inside]).sums(
            everybody(weight[inside])
        )
        share = float(figures.event_share(sums)[0, 0])
        mean = float(np.average(values[inside], weights=weight[inside]))
        found.append(
            ContactBand(
                low=rounded(values[inside].min()),
                high=rounded(values[inside].max()),
                people=int(size[at]),
                events=int(outcome[inside].sum()),
                figures=(
                    Figure(name="event_share", value=rounded(share)),
                    Figure(name="contacts", value=rounded(mean)),
                ),
            )
        )
    return tuple(found)


def _trend(people: People, contacts: Floats, tiers: Grouping | None, level: float) -> Trend | None:
    """Log-odds of the event for a doubling of contact, at equal score and within tiers.

    Weighted logistic regression; the interval from the sandwich variance (HC0), which holds for
    weights that are not counts.
    """
    known = np.isfinite(contacts)
    outcome, weight = people.outcome[known], people.weight[known]
    if min(int(outcome.sum()), int((1 - outcome).sum())) < FEWEST_EVENTS:
        return None
    line = people.log_odds[known]
    columns = [np.log2(contacts[known] + 1.0), line - line.mean()]
    if tiers is None:
        columns.append(np.ones(len(outcome)))
    else:
        of = tiers.of[known]
        columns += [(of == at).astype(np.float64) for at in np.unique(of)]
    found = robust(np.column_stack(columns), outcome, weight)
    if found is None:
        return None
    value, error = found[0][0], found[1][0]
    reach = float(norm.ppf((1 + level) / 2)) * error
    return Trend(value=rounded(value), low=rounded(value - reach), high=rounded(value + reach))


def robust(
    design: Floats, outcome: NDArray[np.int64], weight: Floats
) -> tuple[Floats, Floats] | None:
    """Weighted logistic regression with sandwich standard errors (White 1982; HC0).

    Parameters
    ----------
    design
        Shape (people, columns).

    Returns
    -------
    tuple or None
        Coefficients and their standard errors; nothing where there is no finite estimate.
    """
    line = fit(design, weight * (1 - outcome), weight * outcome)
    if not np.isfinite(line).all():
        return None
    chance = expit(design @ line)
    bread = np.linalg.inv((design * (weight * chance * (1 - chance))[:, None]).T @ design)
    scores = design * (weight * (outcome - chance))[:, None]
    variance = bread @ (scores.T @ scores) @ bread
    return line, np.sqrt(np.diag(variance))


def _words(
    exposure: Exposure,
    share: float | None,
    trend: Trend | None,
    overall: float | None,
    within: float | None,
    contacts: bool,
    per_month: bool,
    mostly: bool,
) -> Sequence[Text]:
    found = []
    if exposure.outcome_by_discretion:
        found.append(text("surveillance_discretion"))
    if share is not None and share > 0:
        found.append(text("surveillance_by_discretion", percent=percent(share)))
    if not contacts and not exposure.recorded:
        found.append(text("surveillance_nothing"))
    if exposure.tiers is not None and not exposure.recorded and contacts:
        found.append(text("surveillance_by_score"))
    if exposure.recorded and overall is not None and within is not None:
        found.append(text("surveillance_within", within=f"{within:.2f}", overall=f"{overall:.2f}"))
    if trend is not None:
        key = "surveillance_trend_up" if trend.low > 0 else "surveillance_trend_flat"
        found.append(
            text(
                key,
                value=f"{trend.value:.2f}",
                low=f"{trend.low:.2f}",
                high=f"{trend.high:.2f}",
            )
        )
    if contacts:
        if not per_month:
            found.append(text("surveillance_count"))
        found.append(text("surveillance_per_contact"))
    if mostly:
        found += [text("surveillance_mostly"), text("surveillance_remedy")]
    return found
