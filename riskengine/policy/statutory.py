"""The statutory layer: constraints as code, which no model and no policy can switch off.

A statutory set belongs to a jurisdiction, and the jurisdiction to the installation. A constraint
is a few small functions with dates. A released one is never edited: a later version is added with
the same id and a later first day, and an assessment is judged by the version that was in force on
its own day, so that an old one replays under the law of then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache
from types import MappingProxyType
from typing import Literal, Protocol

from riskengine.errors import InstrumentError, PolicyError, UseError
from riskengine.instrument.answers import is_known
from riskengine.instrument.assessment import Assessment
from riskengine.instrument.model import Instrument
from riskengine.policy.document import Citation, Contact, PolicyDocument
from riskengine.policy.law_provisions import Provision, Provisions
from riskengine.policy.tiers import Tier
from riskengine.text import Text

Consequence = Literal["refuse", "separate_profile", "hold", "caution"]
"""What a finding makes the engine do.

``refuse``: nothing at all is computed. ``separate_profile``: no adult score and no tier.
``hold``: the assessment is incomplete, so there is no tier yet. ``caution``: a sentence beside the
recommendation; the tier is not touched.
"""

Effect = Literal[
    "refuse", "separate_profile", "hold", "caution", "block_input", "refuse_policy",
    "refuse_instrument", "refuse_output",
]  # fmt: skip
"""Everything that a constraint can make the engine do."""


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
class Found:
    """What a check has to say: the reason, the fields concerned, the provisions it recalls."""

    reason: Text
    fields: tuple[str, ...] = ()
    provisions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Finding:
    """What one constraint found.

    ``contact`` is a duty that runs at every tier, where a verified provision sets one.
    """

    constraint: str
    title: Text
    consequence: Consequence
    reason: Text
    citation: Citation
    fields: tuple[str, ...] = ()
    contact: Contact | None = None


class TierLike(Protocol):
    """One tier of a recommendation."""

    @property
    def tier(self) -> Tier: ...  # noqa: D102


class ContactLike(Protocol):
    """One contact of a recommendation."""

    @property
    def kind(self) -> str: ...  # noqa: D102
    @property
    def label(self) -> str: ...  # noqa: D102


class Output(Protocol):
    """What a constraint may look at in a finished recommendation."""

    @property
    def tiers(self) -> tuple[TierLike, ...]: ...  # noqa: D102
    @property
    def needs(self) -> tuple[object, ...]: ...  # noqa: D102
    @property
    def review_on(self) -> date | None: ...  # noqa: D102
    @property
    def contacts(self) -> tuple[ContactLike, ...]: ...  # noqa: D102
    @property
    def caution_ids(self) -> frozenset[str]: ...  # noqa: D102


@dataclass(frozen=True)
class SealedCategory:
    """Records that are sealed by law: not asked, not used, and as if there were none.

    Attributes
    ----------
    item
        The item that such a record could stand in.
    none
        The answer of a person without such a record, or ``None`` where that is not known.
    reveals
        Whether an answer can only stand there because of such a record.
    provision
        Name of the provision to be verified before an answer is blocked; absence looks like none
        in any case, since that holds nothing against anybody.
    """

    id: str
    label: Text
    item: str
    none: Callable[[Case], object | None]
    reveals: Callable[[Case, object], bool]
    citation: Citation
    valid_from: date
    valid_to: date | None = None
    provision: str | None = None


@dataclass(frozen=True, kw_only=True)
class Constraint:
    """One version of one constraint.

    Attributes
    ----------
    says
        What it checks and what it makes the engine do, for a person who reads the set.
    consequence, check
        What is found in a case before anything is computed, and what follows.
    beside
        A caution that belongs beside a tier.
    refuses_policy, refuses_instrument, refuses_output
        Reasons, a sentence each, why something must not be used at all.
    sealed
        The sealed categories that it keeps out.
    since
        Version of the set in which it was added.
    """

    id: str
    title: Text
    says: Text
    citation: Citation
    valid_from: date
    valid_to: date | None = None
    since: str = "1.0.0"
    consequence: Consequence = "caution"
    check: Callable[[Case], Found | None] | None = None
    beside: Callable[[Case, Tier], Found | None] | None = None
    refuses_policy: Callable[[PolicyDocument], Iterator[str]] | None = None
    refuses_instrument: Callable[[Instrument], Iterator[str]] | None = None
    refuses_output: Callable[[Output], Iterator[str]] | None = None
    sealed: tuple[SealedCategory, ...] = ()

    @property
    def effects(self) -> tuple[Effect, ...]:
        """Everything that it can make the engine do."""
        found: list[Effect] = []
        if self.check is not None:
            found.append(self.consequence)
        if self.beside is not None and "caution" not in found:
            found.append("caution")
        if self.sealed:
            found.append("block_input")
        if self.refuses_policy is not None:
            found.append("refuse_policy")
        if self.refuses_instrument is not None:
            found.append("refuse_instrument")
        if self.refuses_output is not None:
            found.append("refuse_output")
        return tuple(found)

    def in_force(self, day: date) -> bool:
        """Whether this version is in force on a day; the last day counts."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)

    def overlaps(self, first: date | None, last: date | None) -> bool:
        """Whether it is in force on any day between two, both counted."""
        return (last is None or self.valid_from <= last) and (
            self.valid_to is None or first is None or first <= self.valid_to
        )

    def apply(self, case: Case) -> Finding | None:
        """Apply its check to a case, if it is in force on the day of the assessment."""
        if self.check is None or not self.in_force(case.assessment.assessed_on):
            return None
        found = self.check(case)
        return None if found is None else self.finding(found)

    def finding(self, found: Found, consequence: Consequence | None = None) -> Finding:
        """Make a finding. An unchecked text may warn, never bind."""
        meant = self.consequence if consequence is None else consequence
        bound = meant if self.citation.verified else "caution"
        return Finding(self.id, self.title, bound, found.reason, self.citation, found.fields)


@dataclass(frozen=True)
class SafetyAlert:
    """A danger that opens a task for a person on the same day and moves no tier."""

    id: str
    label: Text
    task: Text
    check: Callable[[Case], tuple[str, ...]]


@dataclass(frozen=True, eq=False)
class StatutorySet:
    """The law of one jurisdiction, as far as it binds a recommendation.

    Attributes
    ----------
    constraints
        Every version of every constraint.
    assistance_for_all
        What is offered to a person in whom no need was found: its label, and what may help.
    provisions
        Numbers and texts that a named person has to check; they come from a data file.
    """

    jurisdiction: str
    constraints: tuple[Constraint, ...]
    alerts: tuple[SafetyAlert, ...] = ()
    assistance_for_all: tuple[Text, tuple[Text, ...]] | None = None
    provisions: Provisions = field(default_factory=Provisions)

    @property
    def version(self) -> str:
        """Version of the newest constraint in the set."""
        return max((c.since for c in self.constraints), key=_as_numbers)

    def in_force(self, day: date) -> tuple[Constraint, ...]:
        """The constraints in force on a day, one version each."""
        return _on_day(self, day).constraints

    def version_on(self, day: date) -> str:
        """Version of the newest constraint that was in force on a day."""
        return _on_day(self, day).version

    def findings(self, case: Case) -> tuple[Finding, ...]:
        """Everything that the law says about a case before anything is computed."""
        found: list[Finding] = []
        for constraint in _on_day(self, case.assessment.assessed_on).checking:
            assert constraint.check is not None
            if (one := constraint.check(case)) is not None:
                found.append(constraint.finding(one))
                found += self._recalled(constraint, one, case)
        return tuple(found)

    def stops(self, case: Case) -> bool:
        """Whether anything in a case stops the engine before a score."""
        return any(
            constraint.consequence != "caution"
            and constraint.citation.verified
            and constraint.check is not None
            and constraint.check(case) is not None
            for constraint in _on_day(self, case.assessment.assessed_on).checking
        )

    def sealed_items(self, day: date) -> frozenset[str]:
        """Items that a sealed record could stand in, by the law of a day."""
        return frozenset(category.item for category in _on_day(self, day).sealed)

    def seals(self, case: Case, item: str, answer: object) -> bool:
        """Whether an answer without a legal basis would be taken out; see `admit`."""
        for category in _on_day(self, case.assessment.assessed_on).sealed:
            if category.item != item or not category.reveals(case, answer):
                continue
            if category.provision is None:
                return True
            provision = self.provisions.get(category.provision, case.assessment.assessed_on)
            if provision is not None and self.provisions.verified(provision, case.on):
                return True
        return False

    def beside(self, case: Case, tier: Tier) -> tuple[Finding, ...]:
        """What belongs beside a tier."""
        found: list[Finding] = []
        for constraint in _on_day(self, case.assessment.assessed_on).beside:
            assert constraint.beside is not None
            if (one := constraint.beside(case, tier)) is not None:
                found.append(constraint.finding(one, "caution"))
                found += self._recalled(constraint, one, case)
        return tuple(found)

    def _recalled(self, constraint: Constraint, found: Found, case: Case) -> Iterator[Finding]:
        """The provisions that go with a finding, each in its own state."""
        for name in found.provisions:
            provision = self.provisions.get(name, case.assessment.assessed_on)
            if provision is None:
                continue
            verified = self.provisions.verified(provision, case.on)
            yield Finding(
                f"{constraint.id}.{name}",
                constraint.title,
                "caution",
                provision.sentence,
                _cited(provision, verified),
                contact=provision.contact if verified else None,
            )

    def raised(self, case: Case) -> dict[str, tuple[str, ...]]:
        """Alerts that the answers raise, each with the answers, in the order of the set."""
        return {alert.id: items for alert in self.alerts if (items := alert.check(case))}

    def admit(self, assessment: Assessment, on: date) -> Assessment:
        """Give the assessment without what is sealed: as it would be if there were no such record.

        An answer that was not given, and one that gives a sealed record away, become the answer of
        a person who has none, without a source: nothing in any output can tell them apart.
        """
        case = Case(assessment, on)
        answers: dict[str, object] = {}
        for category in _on_day(self, assessment.assessed_on).sealed:
            none = self.as_none(category, case)
            if none is not None:
                answers[category.item] = none
        if not answers:
            return assessment
        if all(
            assessment.answers.get(item) == answer and item not in assessment.sources
            for item, answer in answers.items()
        ):
            return assessment
        # in the order of the instrument, as every assessment: an order may tell as well
        merged = {**assessment.answers, **answers}
        return replace(
            assessment,
            answers=MappingProxyType(
                {item: merged[item] for item in assessment.instrument.by_id if item in merged}
            ),
            sources=MappingProxyType(
                {i: source for i, source in assessment.sources.items() if i not in answers}
            ),
        )

    def as_none(self, category: SealedCategory, case: Case) -> object | None:
        """The answer of nobody's record, where it has to stand; otherwise ``None``."""
        assessment = case.assessment
        if category.item not in assessment.instrument.by_id:
            return None
        none = category.none(case)
        answer = assessment.answers.get(category.item, "not_asked")
        if none is None or not is_known(answer) or answer == none:
            return none
        source = assessment.sources.get(category.item)
        if not category.reveals(case, answer) or (source is not None and source.legal_basis):
            return None
        if category.provision is not None:
            provision = self.provisions.get(category.provision, assessment.assessed_on)
            if provision is None or not self.provisions.verified(provision, case.on):
                return None
        return none

    def check_instrument(self, instrument: Instrument) -> None:
        """Refuse an instrument that asks what must not be asked, or fails to block it.

        Raises
        ------
        InstrumentError
            A line a reason, each with the constraint and its article.
        """
        lines = [
            _line(f"instrument [{instrument.id}]", constraint, why)
            for constraint in self._latest()
            if constraint.refuses_instrument is not None
            for why in constraint.refuses_instrument(instrument)
        ]
        if lines:
            raise InstrumentError("\n".join(lines))

    def check_policy(self, policy: PolicyDocument) -> None:
        """Refuse a policy that asks for what the law forbids while the policy is in force.

        Raises
        ------
        PolicyError
            A line a reason, each with the rule or contact, the constraint and its article.
        """
        lines = [
            _line(f"policy [{policy.id}]", constraint, why)
            for constraint in self.constraints
            if constraint.refuses_policy is not None
            and constraint.overlaps(policy.valid_from, policy.valid_to)
            for why in constraint.refuses_policy(policy)
        ]
        if lines:
            raise PolicyError("\n".join(dict.fromkeys(lines)))

    def check_output(self, found: Output, day: date) -> None:
        """Refuse to hand out a recommendation that the law does not allow.

        Raises
        ------
        UseError
            A line a reason. It means a fault of the engine or of a catalogue, never of a person.
        """
        lines = [
            _line("recommendation", constraint, why)
            for constraint in _on_day(self, day).guarding
            if constraint.refuses_output is not None
            for why in constraint.refuses_output(found)
        ]
        if lines:
            raise UseError("\n".join(lines))

    def _latest(self) -> Iterable[Constraint]:
        return {constraint.id: constraint for constraint in self.constraints}.values()


def _line(what: str, constraint: Constraint, why: str) -> str:
    return f"{what}: {why} ({constraint.id}, {constraint.citation.text.en})"


def _cited(provision: Provision, verified: bool) -> Citation:
    return Citation(text=provision.citation, verified=verified)


def _as_numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


@dataclass(frozen=True)
class _Day:
    """A set as it is in force on one day, sorted by what its constraints do."""

    constraints: tuple[Constraint, ...]
    version: str
    checking: tuple[Constraint, ...]
    beside: tuple[Constraint, ...]
    guarding: tuple[Constraint, ...]
    sealed: tuple[SealedCategory, ...]


@lru_cache(maxsize=4096)
def _on_day(law: StatutorySet, day: date) -> _Day:
    newest: dict[str, Constraint] = {}
    for constraint in law.constraints:
        if constraint.valid_from > day:
            continue
        known = newest.get(constraint.id)
        if known is None or known.valid_from <= constraint.valid_from:
            newest[constraint.id] = constraint
    # what a later version replaced never comes back when that version ends
    chosen = tuple(one for one in newest.values() if one.in_force(day))
    return _Day(
        constraints=chosen,
        version=max((one.since for one in chosen), key=_as_numbers, default="0.0.0"),
        checking=tuple(one for one in chosen if one.check is not None),
        beside=tuple(one for one in chosen if one.beside is not None),
        guarding=tuple(one for one in chosen if one.refuses_output is not None),
        sealed=tuple(
            category
            for one in chosen
            for category in one.sealed
            if category.valid_from <= day
            and (category.valid_to is None or day <= category.valid_to)
        ),
    )
