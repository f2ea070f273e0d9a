"""What becomes of people: conduct by its true hazard, what of it is found, and how it ends.

Time runs in months of 365/12 days from the intake assessment. Within a month hazards are
constant; of each kind the first violation that is found and the first that is not are kept. The
more contacts there were that month, the more is found. Any reoffence found ends in revocation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riskengine.synthetic.parameters import Ends, Parameters
from riskengine.synthetic.people import Codes, Floats
from riskengine.synthetic.risk import reference
from riskengine.synthetic.supervision import ORDINARY, TIERS, Practised

MONTH_DAYS = 365 / 12
YEAR_MONTHS = 12

DEATH, TRANSFER, CONDITION_ENDED, COMPLETION, REVOCATION, FOLLOWED = range(6)
ENDS = ("death", "transfer", "condition_ended", "completion", "revocation", "administrative_end")
NEW_OFFENCE, VIOLATION = "new_offence", "violation"

_ROUNDING = 1e-9
_MOST_CONTACTS = 30


@dataclass(frozen=True)
class Course:
    """What happened to one district's people.

    Attributes
    ----------
    who, kind, day, month, tier, contacts, found, over_a_month
        One entry for every violation, found or not; ``day`` counts from the assessment.
    end, end_day, left_day, new_offence
        One entry a person: how and when follow-up ended; when the person left the community,
        which for a revocation is some weeks before the ruling; whether it was for an offence.
    contact_who, contact_month, contact_tier, visits, meetings
        One entry for every person and month under supervision.
    """

    who: Codes
    kind: Codes
    day: Codes
    month: Codes
    tier: Codes
    contacts: Codes
    found: NDArray[np.bool_]
    over_a_month: NDArray[np.bool_]
    end: Codes
    end_day: Codes
    left_day: Codes
    new_offence: NDArray[np.bool_]
    contact_who: Codes
    contact_month: Codes
    contact_tier: Codes
    visits: Codes
    meetings: Codes


@dataclass(frozen=True)
class Hazards:
    """Monthly hazards of one district's people.

    Attributes
    ----------
    conduct
        Of each kind in a mean month of the first year, shape (kinds, people).
    death, transfer
        A month.
    condition_ended
        A month, shape (people,): zero but for temporary execution outside prison.
    """

    conduct: Floats
    death: float
    transfer: float
    condition_ended: Floats


def clean_factor(clean: Codes, ends: Ends) -> Floats:
    """How hazards fall with clean time; one on average over a clean first year."""

    def falling(months: Floats) -> Floats:
        floor = ends.clean_floor.value
        values: Floats = floor + (1.0 - floor) * np.exp(-months / ends.clean_months.value)
        return values

    factor: Floats = (
        falling(clean.astype(np.float64)) / falling(np.arange(YEAR_MONTHS, dtype=float)).mean()
    )
    return factor


def found_chance(parameters: Parameters, contacts: Codes) -> Floats:
    """Chance that a violation is found, by kind and number of contacts in its month.

    Every contact finds it with the same chance, whatever the others do.

    Returns
    -------
    Floats
        Shape (kinds, len(contacts)).
    """
    missed = [
        (1.0 - kind.found_anyway) * (1.0 - kind.found_per_contact) ** contacts
        for kind in parameters.kinds
    ]
    chance: Floats = 1.0 - np.stack(missed)
    return chance


def hazards(
    predictor: Floats, outside_prison: NDArray[np.bool_], parameters: Parameters
) -> Hazards:
    """Turn true log hazards into monthly hazards of every kind.

    Parameters
    ----------
    predictor
        Shape (people,), the district's own shift included.
    outside_prison
        Who is under temporary execution outside prison.
    parameters
        The numbers.
    """
    _, _, log_means = reference(parameters)
    conduct = np.stack(
        [
            kind.conduct_per_year / YEAR_MONTHS * np.exp(kind.slope * predictor - log_mean)
            for kind, log_mean in zip(parameters.kinds, log_means, strict=True)
        ]
    )
    ends = parameters.ends
    return Hazards(
        conduct=conduct,
        death=np.float64(ends.death_per_year.value / YEAR_MONTHS),
        transfer=np.float64(ends.transfer_per_year.value / YEAR_MONTHS),
        condition_ended=outside_prison * ends.condition_ended_per_year.value / YEAR_MONTHS,
    )


@dataclass(frozen=True)
class Standing:
    """Where people stand on a day: all that their hazards depend on beside their answers.

    Attributes
    ----------
    day
        Days since the assessment, shape (people,).
    clean
        Months since the last serious violation on record, or since intake, as the running month
        began.
    sanctioned
        Whether there had been one by then.
    reset
        Whether one was found in the running month, up to the day.
    """

    day: Codes
    clean: Codes
    sanctioned: NDArray[np.bool_]
    reset: NDArray[np.bool_]

    @classmethod
    def at_intake(cls, count: int) -> Standing:
        """Nothing has happened yet."""
        none, never = np.zeros(count, dtype=np.int64), np.zeros(count, dtype=bool)
        return cls(day=none, clean=none, sanctioned=never, reset=never)


def true_risk(
    hazard: Hazards,
    practised: Practised,
    term_days: Codes,
    parameters: Parameters,
    *,
    standing: Standing | None = None,
    days: int = 365,
    same_contact: bool = False,
) -> Floats:
    """Probability of a serious violation on record within so many days or by the end of the term.

    Death competes; transfer and a ground that ended are censoring and do not enter. Until the
    next such record a person's tier and clean time follow from the month alone, so that this is
    an exact sum over months and over the Poisson numbers of contacts in them. (From a day within
    a month it forgets that a kind is found once a month at most, which is next to nothing.)

    Parameters
    ----------
    hazard, practised
        True hazards; tiers and contacts.
    term_days
        Days from the assessment to the end of the term, shape (people,).
    parameters
        The numbers.
    standing
        The day from which to look ahead, and where people stand on it; intake where it is left
        out. It speaks of people who are in the community on that day.
    days
        How far to look ahead.
    same_contact
        As if everybody had the full contacts of the ordinary tier all along: conduct without the
        bias that closer contact brings.
    """
    count = len(term_days)
    now = Standing.at_intake(count) if standing is None else standing
    serious = np.asarray([kind.serious for kind in parameters.kinds])
    numbers = np.arange(_MOST_CONTACTS + 1)
    # of every serious kind, shape (people, kinds), and what so many contacts find of it
    conduct = hazard.conduct[serious].T
    found = found_chance(parameters, numbers)[serious]
    means = practised.contacts
    if same_contact:
        full = next(s for s in parameters.practice.schedules if s.tier == TIERS[ORDINARY])
        means = np.full(len(TIERS), full.visits + full.meetings)
    weights = _poisson(means)
    on_record = conduct @ found
    alive, risk = np.ones(count), np.zeros(count)
    month = np.floor(now.day / MONTH_DAYS + _ROUNDING).astype(np.int64)
    until = np.minimum(now.day + days, term_days) / MONTH_DAYS
    since = now.day / MONTH_DAYS
    clean, sanctioned, reset = now.clean, now.sanctioned, now.reset
    while bool((since < until).any()):
        tier = practised.tier(month, clean, sanctioned)
        total = on_record * clean_factor(clean, parameters.ends)[:, None]
        exposed = np.clip(np.minimum(month + 1, until) - since, 0.0, 1.0)[:, None]
        leaving = -np.expm1(-(total + hazard.death) * exposed)
        share = weights[tier]
        risk += alive * (share * leaving * total / (total + hazard.death)).sum(axis=1)
        alive *= 1.0 - (share * leaving).sum(axis=1)
        # the next month begins: what was found before the day has put the clock back by now
        clean = np.where(reset, 0, clean + 1)
        sanctioned, reset = sanctioned | reset, np.zeros(count, dtype=bool)
        month = month + 1
        since = month.astype(np.float64)
    return risk


def _poisson(means: Floats) -> Floats:
    """Chances of 0, 1, ... contacts for every mean; the last column takes what is left."""
    numbers = np.arange(_MOST_CONTACTS + 1)
    log_factorial = np.concatenate([[0.0], np.cumsum(np.log(numbers[1:]))])
    chances: Floats = np.exp(numbers * np.log(means)[:, None] - means[:, None] - log_factorial)
    chances[:, -1] = 1.0 - chances[:, :-1].sum(axis=1)
    return chances


def simulate(
    rng: np.random.Generator,
    hazard: Hazards,
    practised: Practised,
    term_days: Codes,
    parameters: Parameters,
) -> Course:
    """Live through the months of one district's people.

    Parameters
    ----------
    rng
        Source of randomness.
    hazard, practised
        True hazards; tiers and contacts.
    term_days
        Days from the assessment to the end of the term, shape (people,).
    parameters
        The numbers.
    """
    kinds, ends, count = parameters.kinds, parameters.ends, len(term_days)
    names = [kind.name for kind in kinds]
    reoffence, warning, absconding = (
        names.index(name) for name in ("reoffence", "warning", "absconding")
    )
    months = int(ends.months_followed.value)
    serious = np.asarray([kind.serious for kind in kinds])

    clean, warnings = np.zeros(count, dtype=np.int64), np.zeros(count, dtype=np.int64)
    sanctioned, left = np.zeros(count, dtype=bool), np.zeros(count, dtype=bool)
    end = np.full(count, FOLLOWED)
    end_at = np.full(count, float(months))
    new_offence = np.zeros(count, dtype=bool)
    lag = rng.integers(
        int(ends.revocation_lag_days_least.value),
        int(ends.revocation_lag_days_most.value) + 1,
        count,
    )
    violations: list[tuple[NDArray[Any], ...]] = []
    contacts_made: list[tuple[NDArray[Any], ...]] = []
    for month in range(months):
        tier = practised.tier(month, clean, sanctioned)
        visits = rng.poisson(practised.visits[tier])
        meetings = rng.poisson(practised.meetings[tier])
        contacts = visits + meetings
        at, unseen, leaves = _waiting_times(rng, hazard, parameters, contacts, clean)
        long = rng.random(count) < ends.over_a_month.value
        revoked = rng.random((2, count))
        after_long = long & (revoked[0] < ends.revoked_after_over_a_month.value)
        after_second = (warnings >= 1) & (revoked[1] < ends.revoked_after_second_warning.value)
        exposed = term_days / MONTH_DAYS - month
        custody = np.minimum.reduce(
            [
                at[reoffence],
                np.where(after_long, at[absconding], np.inf),
                np.where(after_second, at[warning], np.inf),
            ]
        )
        over = np.where(exposed <= 1.0, exposed, np.inf)
        # in the order of ENDS
        ways = np.stack([*leaves, over, custody])
        until = ways.min(axis=0)
        here = ~left
        goes = here & (until <= 1.0)
        end[goes] = ways.argmin(axis=0)[goes]
        end_at[goes] = month + until[goes]
        new_offence |= goes & (at[reoffence] <= until)

        within = np.minimum(until, 1.0)
        done = here & (at <= within)
        for times, was_found in ((at, True), (unseen, False)):
            number, who = np.nonzero(done if was_found else here & (times <= within))
            violations.append(
                (who, number, month + times[number, who], np.full(len(who), month), tier[who],
                 contacts[who], np.full(len(who), was_found), long[who] & (number == absconding))
            )  # fmt: skip
        staying = np.flatnonzero(here)
        contacts_made.append(
            (staying, np.full(len(staying), month), tier[staying], visits[staying],
             meetings[staying])
        )  # fmt: skip
        warnings += done[warning]
        reset = (done & serious[:, None]).any(axis=0)
        sanctioned |= reset
        clean = np.where(reset, 0, clean + 1)
        left |= goes

    who, number, when, in_month, tier, made, seen, long = (
        np.concatenate(column) for column in zip(*violations, strict=True)
    )
    left_day = _day(end_at)
    # the ruling follows some weeks after custody began; the term's end does not stop it
    end_day = np.where(end == REVOCATION, left_day + lag, left_day)
    first = [np.concatenate(column) for column in zip(*contacts_made, strict=True)]
    return Course(
        who=who,
        kind=number,
        day=_day(when),
        month=in_month,
        tier=tier,
        contacts=made,
        found=seen.astype(bool),
        over_a_month=long.astype(bool),
        end=end,
        end_day=end_day,
        left_day=left_day,
        new_offence=new_offence,
        contact_who=first[0],
        contact_month=first[1],
        contact_tier=first[2],
        visits=first[3],
        meetings=first[4],
    )


def _waiting_times(
    rng: np.random.Generator,
    hazard: Hazards,
    parameters: Parameters,
    contacts: Codes,
    clean: Codes,
) -> tuple[Floats, Floats, tuple[Floats, ...]]:
    """Months until each kind is found, until one is not, and until death, transfer, ground's end.

    What is found and what is not are two processes, each with its part of the hazard; that is the
    same as one process whose events are found or not by chance.
    """
    chance = found_chance(parameters, contacts)
    rate = hazard.conduct * clean_factor(clean, parameters.ends)
    with np.errstate(divide="ignore"):
        at = rng.standard_exponential(rate.shape) / (rate * chance)
        unseen = rng.standard_exponential(rate.shape) / (rate * (1.0 - chance))
        leaves = tuple(
            rng.standard_exponential(len(contacts)) / rate_of_end
            for rate_of_end in (hazard.death, hazard.transfer, hazard.condition_ended)
        )
    return at, unseen, leaves


def _day(months: Floats) -> Codes:
    """Day on which a moment falls; the first day after the assessment is 1."""
    days: Codes = np.maximum(np.ceil(months * MONTH_DAYS - _ROUNDING), 1).astype(np.int64)
    return days
