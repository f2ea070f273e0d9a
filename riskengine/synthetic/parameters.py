"""Every number behind a made-up province, each with where it comes from.

Almost all of them are illustrative: nobody has published the joint distribution of these answers,
how officers rate them or how often a violation is found. They are here to be read and changed
(`dataclasses.replace`), never to be quoted.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from typing import Literal

ILLUSTRATIVE = "illustrative"
RURAL_CASES = "illustrative; direction after court figures of a rural prefecture, Q1 2020"
PROFILE = "contact schedule of the policy cn_default (a proposal, not a national rule)"
NOTES_RATE = "illustrative; no published source exists"
EVIDENCE = "half of the published log-odds in data_schema/evidence/cn_community_corrections"

DistrictType = Literal["urban", "rural"]
Group = Literal["record", "lifestyle", "attitude", "means", "family", "mind"]
GROUPS: tuple[Group, ...] = ("record", "lifestyle", "attitude", "means", "family", "mind")

Shares = tuple[float, ...]


@dataclass(frozen=True)
class Number:
    """One number and where it comes from."""

    value: float
    source: str = ILLUSTRATIVE


@dataclass(frozen=True)
class Ordered:
    """An item whose answers follow a normal variable, cut where the shares of its levels say.

    Attributes
    ----------
    item
        Item id, or ``age_band``.
    group
        The latent factor that it shares with its neighbours.
    trouble, own
        Loadings on the general factor and on the group's; negative where trouble lowers the
        answer.
    urban, rural
        Shares of the levels, in the instrument's order (of 0, 1, 2, ... for a count).
    """

    item: str
    group: Group
    trouble: float
    own: float
    urban: Shares
    rural: Shares
    source: str = ILLUSTRATIVE


@dataclass(frozen=True)
class Choice:
    """An item without order: shares of its levels, tilted by the general factor.

    Attributes
    ----------
    tilt
        Added to a level's log share for one standard deviation more of trouble.
    """

    item: str
    urban: Shares
    rural: Shares
    tilt: Shares
    source: str = ILLUSTRATIVE


@dataclass(frozen=True)
class Effect:
    """What every level of an item adds to the true log hazard."""

    item: str
    log_hazard: Shares
    source: str = ILLUSTRATIVE


@dataclass(frozen=True)
class Pair:
    """What two answers add together, beyond their own effects."""

    first: str
    first_at_least: int
    second: str
    second_is: int
    log_hazard: float
    source: str = ILLUSTRATIVE


@dataclass(frozen=True)
class Kappa:
    """Agreement of two officers on a rated item beyond chance (Cohen, unweighted)."""

    item: str
    kappa: float
    ordered: bool = True
    source: str = "illustrative, around the assumed .6"


@dataclass(frozen=True)
class Kind:
    """One kind of violation.

    Attributes
    ----------
    name
        Outcome id, or ``short_absence`` for absconding of up to ten days.
    serious
        Part of the outcome ``serious_noncompliance_12m``.
    conduct_per_year
        How often it is done, found or not, by the mean person in a clean first year.
    recorded_per_year
        About how often that is then on record in the default province; printed, and tested.
    slope
        Share of the person's log hazard that moves it.
    found_anyway, found_per_contact
        Chance of being found with no contact at all; chance that one more contact finds it.
    """

    name: str
    serious: bool
    conduct_per_year: float
    recorded_per_year: float
    slope: float
    found_anyway: float
    found_per_contact: float
    source: str = NOTES_RATE


@dataclass(frozen=True)
class Schedule:
    """Contacts of a tier a month: visits by staff, and meetings (reports in person and talks)."""

    tier: str
    visits: float
    meetings: float
    source: str = PROFILE


@dataclass(frozen=True)
class Offices:
    """Officers and how they rate."""

    people_per_officer: Number = Number(60.0)
    leniency_sd: Number = Number(0.3)
    second_rater_share: Number = Number(0.10, "the notes' proposal: a second rater on 10 %")
    quick_form_share_urban: Number = Number(0.10)
    quick_form_share_rural: Number = Number(0.35)
    unknown_share: Number = Number(0.04)
    delivered_urban: Number = Number(0.90)
    delivered_rural: Number = Number(0.75)
    delivered_sd: Number = Number(0.08)


@dataclass(frozen=True)
class Practice:
    """How tiers are set in the province, month by month."""

    initial_months: Number = Number(2.0, "common local practice (one to three months)")
    strict_months_after_violation: Number = Number(6.0)
    step_down_after_clean_months: Number = Number(12.0)
    strict_share: Number = Number(0.2)
    relaxed_share: Number = Number(0.2)
    officer_sight: Number = Number(0.6)
    schedules: tuple[Schedule, ...] = (
        Schedule("relaxed", 30 / 180, 30 / 60 + 30 / 90),
        Schedule("ordinary", 30 / 90, 2.0),
        Schedule("strict", 1.0, 4.0),
    )


@dataclass(frozen=True)
class Ends:
    """How supervision ends other than by completion, and how hazards move in time."""

    death_per_year: Number = Number(0.006)
    transfer_per_year: Number = Number(0.02)
    condition_ended_per_year: Number = Number(0.10)
    over_a_month: Number = Number(0.3)
    revoked_after_over_a_month: Number = Number(0.6)
    revoked_after_second_warning: Number = Number(0.3)
    revocation_lag_days_least: Number = Number(30.0)
    revocation_lag_days_most: Number = Number(150.0)
    breach_share_of_penalties: Number = Number(0.4)
    clean_floor: Number = Number(0.4)
    clean_months: Number = Number(8.0)
    district_sd: Number = Number(0.25)
    months_followed: Number = Number(36.0)
    intake_window_days: Number = Number(730.0)
    end_recorded_within_days: Number = Number(30.0)


@dataclass(frozen=True)
class Reassessing:
    """How officers reassess people while supervision runs."""

    keeps_view: Number = Number(0.5)
    entry_months: Number = Number(3.0, "illustrative; local rules say how long a stage lasts")
    pre_release_months: Number = Number(
        3.0, "illustrative; local rules say how long a stage lasts"
    )
    appraisal_days: Number = Number(90.0)


_ORDERED: tuple[Ordered, ...] = (
    Ordered("age_band", "record", -0.35, 0.0,
            (0.06, 0.12, 0.16, 0.16, 0.14, 0.19, 0.12, 0.05),
            (0.03, 0.07, 0.11, 0.14, 0.18, 0.27, 0.14, 0.06), RURAL_CASES),
    Ordered("prior_convictions_n", "record", 0.4, 0.6,
            (0.80, 0.12, 0.04, 0.02, 0.01, 0.01), (0.84, 0.10, 0.03, 0.015, 0.01, 0.005)),
    Ordered("prior_admin_penalties_n", "record", 0.4, 0.5,
            (0.72, 0.16, 0.06, 0.03, 0.02, 0.01), (0.76, 0.14, 0.05, 0.03, 0.01, 0.01)),
    Ordered("early_conduct_problems", "record", 0.4, 0.5,
            (0.62, 0.22, 0.11, 0.05), (0.60, 0.24, 0.11, 0.05)),
    Ordered("intake_lateness", "attitude", 0.3, 0.4,
            (0.93, 0.05, 0.015, 0.005), (0.88, 0.08, 0.03, 0.01)),
    Ordered("education_level", "means", 0.3, 0.4,
            (0.01, 0.10, 0.12, 0.09, 0.18, 0.38, 0.11, 0.01),
            (0.0, 0.02, 0.04, 0.05, 0.09, 0.52, 0.23, 0.05), RURAL_CASES),
    Ordered("vocational_skill", "means", -0.3, -0.4, (0.40, 0.42, 0.18), (0.52, 0.40, 0.08)),
    Ordered("work_attitude", "attitude", 0.4, 0.4,
            (0.52, 0.30, 0.13, 0.05), (0.55, 0.30, 0.11, 0.04)),
    Ordered("residence_stability", "means", 0.3, 0.5,
            (0.62, 0.28, 0.08, 0.02), (0.84, 0.10, 0.05, 0.01)),
    Ordered("financial_strain", "means", 0.3, 0.6,
            (0.42, 0.33, 0.18, 0.07), (0.30, 0.36, 0.24, 0.10)),
    Ordered("family_relationship", "family", 0.35, 0.6,
            (0.55, 0.28, 0.12, 0.05), (0.60, 0.26, 0.10, 0.04)),
    Ordered("family_support", "family", -0.35, -0.6,
            (0.08, 0.20, 0.40, 0.32), (0.07, 0.18, 0.40, 0.35)),
    Ordered("family_offending", "family", 0.3, 0.3, (0.96, 0.04), (0.96, 0.04)),
    Ordered("caregiving_load", "family", 0.0, 0.2,
            (0.34, 0.34, 0.22, 0.10), (0.24, 0.34, 0.28, 0.14)),
    Ordered("antisocial_companions", "lifestyle", 0.5, 0.45,
            (0.60, 0.25, 0.11, 0.04), (0.66, 0.23, 0.08, 0.03)),
    Ordered("prosocial_ties", "lifestyle", -0.4, -0.3,
            (0.08, 0.24, 0.42, 0.26), (0.06, 0.20, 0.42, 0.32)),
    Ordered("co_offending_role", "lifestyle", 0.1, 0.3,
            (0.66, 0.16, 0.14, 0.04), (0.78, 0.12, 0.08, 0.02)),
    Ordered("drug_use", "lifestyle", 0.35, 0.45,
            (0.92, 0.05, 0.02, 0.01), (0.95, 0.03, 0.015, 0.005)),
    Ordered("alcohol_problem", "lifestyle", 0.3, 0.4,
            (0.58, 0.27, 0.11, 0.04), (0.46, 0.32, 0.16, 0.06), RURAL_CASES),
    Ordered("gambling", "lifestyle", 0.3, 0.4,
            (0.80, 0.13, 0.05, 0.02), (0.78, 0.14, 0.06, 0.02)),
    Ordered("leisure_structure", "lifestyle", 0.4, 0.4,
            (0.44, 0.34, 0.16, 0.06), (0.42, 0.36, 0.16, 0.06)),
    Ordered("remorse", "attitude", 0.3, 0.5,
            (0.88, 0.07, 0.04, 0.01), (0.90, 0.06, 0.03, 0.01)),
    Ordered("supervision_attitude", "attitude", 0.4, 0.6,
            (0.62, 0.25, 0.10, 0.03), (0.64, 0.24, 0.09, 0.03)),
    Ordered("denial_of_responsibility", "attitude", 0.35, 0.5,
            (0.55, 0.28, 0.12, 0.05), (0.55, 0.28, 0.12, 0.05)),
    Ordered("means_justify", "attitude", 0.4, 0.4,
            (0.66, 0.22, 0.09, 0.03), (0.68, 0.21, 0.08, 0.03)),
    Ordered("victim_attitude", "attitude", 0.3, 0.5,
            (0.58, 0.26, 0.12, 0.04), (0.60, 0.25, 0.11, 0.04)),
    Ordered("impulsivity_anger", "mind", 0.4, 0.5,
            (0.54, 0.28, 0.13, 0.05), (0.54, 0.28, 0.13, 0.05)),
    Ordered("distress", "mind", 0.15, 0.6,
            (0.52, 0.30, 0.13, 0.05), (0.54, 0.29, 0.12, 0.05)),
    Ordered("mental_disorder", "mind", 0.1, 0.5, (0.95, 0.035, 0.015), (0.95, 0.025, 0.025)),
    Ordered("self_harm_flag", "mind", 0.1, 0.6,
            (0.94, 0.04, 0.015, 0.005), (0.94, 0.04, 0.015, 0.005)),
    Ordered("reading_ability", "means", 0.1, 0.4, (0.93, 0.06, 0.01), (0.80, 0.14, 0.06)),
)  # fmt: skip

_CHOICES: tuple[Choice, ...] = (
    Choice("legal_status", (0.015, 0.94, 0.025, 0.02), (0.015, 0.945, 0.02, 0.02),
           (0.0, 0.0, 0.2, 0.0)),
    Choice("sex", (0.86, 0.14), (0.94, 0.06), (0.0, -0.3), RURAL_CASES),
    Choice("offence_type",
           (0.11, 0.02, 0.17, 0.05, 0.10, 0.02, 0.18, 0.07, 0.07, 0.11, 0.01, 0.08, 0.01),
           (0.08, 0.01, 0.06, 0.03, 0.11, 0.02, 0.32, 0.11, 0.06, 0.03, 0.11, 0.05, 0.01),
           (0.4, 0.4, 0.1, 0.4, 0.2, 0.1, -0.1, -0.4, 0.1, -0.3, -0.2, 0.1, 0.0), RURAL_CASES),
    Choice("employment_status",
           (0.46, 0.26, 0.04, 0.02, 0.11, 0.05, 0.06),
           (0.13, 0.24, 0.46, 0.01, 0.07, 0.04, 0.05),
           (-0.4, 0.1, -0.2, -0.2, 0.4, 0.6, 0.0), RURAL_CASES),
    Choice("unpaid_restitution", (0.78, 0.11, 0.03, 0.08), (0.76, 0.10, 0.02, 0.12),
           (0.0, 0.2, 0.4, 0.2)),
    Choice("domestic_violence", (0.93, 0.04, 0.015, 0.015), (0.91, 0.055, 0.02, 0.015),
           (0.0, 0.4, 0.5, 0.1)),
    Choice("work_season", (0.84, 0.05, 0.11), (0.46, 0.43, 0.11), (0.0, 0.0, 0.0)),
    Choice("phone_access", (0.95, 0.03, 0.01, 0.01), (0.84, 0.10, 0.04, 0.02),
           (0.0, 0.0, 0.0, 0.0)),
    Choice("language", (0.86, 0.13, 0.005, 0.005, 0.0), (0.50, 0.42, 0.07, 0.005, 0.005),
           (0.0, 0.0, 0.0, 0.0, 0.0)),
    Choice("residence_area_type", (0.78, 0.15, 0.07), (0.06, 0.26, 0.68), (0.0, 0.0, 0.0)),
    Choice("special_category", (0.998, 0.0, 0.002), (0.998, 0.0, 0.002), (0.0, 0.0, 0.0)),
)  # fmt: skip

# Motives follow the offence: driving, crimes for gain, and the rest.
_MOTIVES: tuple[Choice, ...] = (
    Choice("driving", (0.0, 0.03, 0.07, 0.45, 0.02, 0.41, 0.02),
           (0.0, 0.03, 0.06, 0.52, 0.02, 0.35, 0.02), (0.0, 0.2, 0.1, 0.1, 0.3, -0.2, 0.0)),
    Choice("gain", (0.58, 0.18, 0.05, 0.01, 0.10, 0.02, 0.06),
           (0.60, 0.17, 0.05, 0.02, 0.08, 0.02, 0.06), (0.0, 0.2, 0.0, 0.1, 0.5, -0.2, 0.0)),
    Choice("other", (0.12, 0.15, 0.38, 0.12, 0.06, 0.09, 0.08),
           (0.14, 0.13, 0.36, 0.15, 0.05, 0.09, 0.08), (0.0, 0.2, 0.2, 0.2, 0.5, -0.2, 0.0)),
)  # fmt: skip

_EFFECTS: tuple[Effect, ...] = (
    Effect("age_band", (0.70, 0.49, 0.43, 0.35, 0.33, 0.26, 0.0, 0.0), EVIDENCE),
    Effect("prior_convictions_n", (0.0, 0.23, 0.42, 0.62, 0.62, 0.90), EVIDENCE),
    Effect("prior_supervision_failure", (0.0, 0.17), EVIDENCE),
    Effect("offence_type",
           (0.33, 0.0, 0.0, 0.0, 0.0, 0.0, -0.06, -0.30, 0.0, 0.0, 0.0, 0.09, 0.0),
           "half of the published effects; traffic accidents (negligence) illustrative"),
    Effect("employment_status", (0.0, 0.0, 0.0, 0.0, 0.29, 0.29, 0.0), EVIDENCE),
    Effect("antisocial_companions", (0.0, 0.08, 0.28, 0.39), EVIDENCE),
    Effect("drug_use", (0.0, 0.12, 0.29, 0.42), EVIDENCE),
    Effect("alcohol_problem", (0.0, 0.14, 0.28, 0.42), EVIDENCE),
    Effect("impulsivity_anger", (0.0, 0.08, 0.16, 0.24), EVIDENCE),
    Effect("supervision_attitude", (0.0, 0.2, 0.4, 0.6)),
    Effect("residence_stability", (0.0, 0.05, 0.25, 0.4)),
    Effect("leisure_structure", (0.0, 0.1, 0.2, 0.3)),
    Effect("family_relationship", (0.0, 0.1, 0.2, 0.3)),
    Effect("family_support", (0.2, 0.1, 0.0, -0.1)),
    Effect("gambling", (0.0, 0.1, 0.25, 0.4)),
    Effect("intake_lateness", (0.0, 0.15, 0.35, 0.5)),
)  # fmt: skip

_KAPPAS: tuple[Kappa, ...] = (
    Kappa("early_conduct_problems", 0.55),
    Kappa("employment_status", 0.75, ordered=False),
    Kappa("vocational_skill", 0.65),
    Kappa("work_attitude", 0.5),
    Kappa("financial_strain", 0.55),
    Kappa("unpaid_restitution", 0.7, ordered=False),
    Kappa("family_relationship", 0.55),
    Kappa("family_support", 0.55),
    Kappa("domestic_violence", 0.6, ordered=False),
    Kappa("caregiving_load", 0.65),
    Kappa("antisocial_companions", 0.6),
    Kappa("prosocial_ties", 0.5),
    Kappa("alcohol_problem", 0.65),
    Kappa("gambling", 0.6),
    Kappa("leisure_structure", 0.5),
    Kappa("crime_motive", 0.6, ordered=False),
    Kappa("remorse", 0.55),
    Kappa("supervision_attitude", 0.6),
    Kappa("denial_of_responsibility", 0.5),
    Kappa("means_justify", 0.45),
    Kappa("victim_attitude", 0.55),
    Kappa("impulsivity_anger", 0.55),
    Kappa("distress", 0.5),
    Kappa("self_harm_flag", 0.6),
)

_KINDS: tuple[Kind, ...] = (
    Kind("reoffence", True, 0.0035, 0.0035, 1.0, 1.0, 0.0,
         "illustrative, .2-.5 %; official figures say .2 %"),
    Kind("warning", True, 0.068, 0.04, 0.9, 0.10, 0.25),
    Kind("admonition", False, 0.142, 0.08, 0.7, 0.10, 0.25),
    Kind("public_security_penalty", True, 0.038, 0.03, 0.9, 0.60, 0.15,
         "illustrative; high enough for officers' warnings to stay under half of the target"),
    Kind("absconding", True, 0.0205, 0.015, 0.9, 0.50, 0.20),
    Kind("short_absence", False, 0.054, 0.025, 0.7, 0.05, 0.20),
)  # fmt: skip


@dataclass(frozen=True)
class Parameters:
    """Everything that shapes a made-up province.

    Attributes
    ----------
    ordered, choices, motives
        How true answers are spread, by type of district.
    effects, pairs
        What they add to the true log hazard.
    kappas
        How well two officers agree.
    kinds
        Violations: how often, on whom, and how they are found.
    offices, practice, ends
        Officers, tiers as practised, ends of follow-up.
    reassessing
        How officers rate again while supervision runs.
    """

    ordered: tuple[Ordered, ...] = _ORDERED
    choices: tuple[Choice, ...] = _CHOICES
    motives: tuple[Choice, ...] = _MOTIVES
    effects: tuple[Effect, ...] = _EFFECTS
    pairs: tuple[Pair, ...] = (Pair("alcohol_problem", 2, "offence_type", 6, 0.4),)
    kappas: tuple[Kappa, ...] = _KAPPAS
    kinds: tuple[Kind, ...] = _KINDS
    offices: Offices = Offices()
    practice: Practice = Practice()
    ends: Ends = Ends()
    reassessing: Reassessing = Reassessing()


DEFAULT = Parameters()


def as_rows(parameters: Parameters = DEFAULT) -> list[tuple[str, str, str]]:
    """List every number as (name, value, source).

    Returns
    -------
    list of tuple
        In the order in which they stand in `Parameters`.
    """
    return list(_walk("", parameters))


def as_table(parameters: Parameters = DEFAULT) -> str:
    """Print every number with its source, as a Markdown table."""
    lines = ["| parameter | value | source |", "|---|---|---|"]
    lines += [f"| {name} | {value} | {source} |" for name, value, source in as_rows(parameters)]
    return "\n".join(lines)


def _walk(name: str, node: object) -> Iterator[tuple[str, str, str]]:
    if isinstance(node, Number):
        yield name, f"{node.value:g}", node.source
    elif isinstance(node, tuple):
        for entry in node:
            yield from _walk(f"{name}.{_label(entry)}", entry)
    elif is_dataclass(node):
        source = getattr(node, "source", None)
        for field in fields(node):
            value = getattr(node, field.name)
            inner = f"{name}.{field.name}" if name else field.name
            if source is None:
                yield from _walk(inner, value)
            elif isinstance(value, tuple):
                yield inner, ", ".join(f"{v:g}" for v in value), source
            elif isinstance(value, float | int) and not isinstance(value, bool):
                yield inner, f"{value:g}", source


def _label(entry: object) -> str:
    for name in ("item", "name", "tier", "first"):
        if hasattr(entry, name):
            return str(getattr(entry, name))
    raise TypeError(f"an entry without a name: {entry!r}")
