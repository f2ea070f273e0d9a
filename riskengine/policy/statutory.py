"""The statutory layer: constraints as code, which no model and no policy can switch off.

A statutory set belongs to a jurisdiction, and the jurisdiction to the installation. Each
constraint is one small dated function; a released one is never edited, so that an old assessment
replays under the law then in force.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from riskengine.instrument.assessment import Assessment
from riskengine.policy.document import Citation
from riskengine.text import Text

Consequence = Literal["refuse", "separate_profile", "hold", "caution"]
"""What a finding makes the engine do.

``refuse``: nothing at all is computed. ``separate_profile``: no adult score and no tier.
``hold``: the assessment is incomplete, so there is no tier yet. ``caution``: a sentence beside the
recommendation; the tier is not touched.
"""


@dataclass(frozen=True)
class Case:
    """What a constraint may look at."""

    assessment: Assessment
    on: date

    @property
    def known(self) -> Mapping[str, object]:
        """Known answers and derived items."""
        return self.assessment.known


@dataclass(frozen=True)
class Finding:
    """What one constraint found."""

    constraint: str
    title: Text
    consequence: Consequence
    reason: Text
    citation: Citation
    fields: tuple[str, ...] = ()


@dataclass(frozen=True)
class Constraint:
    """One constraint with its dates.

    ``check`` gives the reason and the fields concerned, or ``None`` where it has nothing to say.
    """

    id: str
    title: Text
    consequence: Consequence
    citation: Citation
    valid_from: date
    check: Callable[[Case], tuple[Text, tuple[str, ...]] | None]
    valid_to: date | None = None

    def apply(self, case: Case) -> Finding | None:
        """Apply it to a case, if it is in force on the day of the assessment."""
        day = case.assessment.assessed_on
        if day < self.valid_from or (self.valid_to is not None and day > self.valid_to):
            return None
        found = self.check(case)
        if found is None:
            return None
        reason, fields = found
        # an unchecked text may warn, never bind
        bound = self.consequence if self.citation.verified else "caution"
        return Finding(self.id, self.title, bound, reason, self.citation, fields)


@dataclass(frozen=True)
class SafetyAlert:
    """A danger that opens a task for a person on the same day and moves no tier."""

    id: str
    label: Text
    task: Text
    check: Callable[[Case], tuple[str, ...]]


@dataclass(frozen=True)
class StatutorySet:
    """The law of one jurisdiction, as far as it binds a recommendation."""

    jurisdiction: str
    version: str
    constraints: tuple[Constraint, ...]
    alerts: tuple[SafetyAlert, ...] = field(default=())

    def findings(self, case: Case) -> tuple[Finding, ...]:
        """Everything that the law says about a case."""
        return tuple(found for constraint in self.constraints if (found := constraint.apply(case)))
