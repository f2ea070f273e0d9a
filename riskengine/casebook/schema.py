"""Tables of the record.

Three kinds stand side by side:

- ``events`` is the record: append-only, one hash chain a chain id. ``reads`` is append-only too.
- ``keys`` and ``drafts`` may change: destroying a key is how content is erased, and a draft is
  nobody's record yet.
- All others are read tables, rebuilt from the open facts of the events at any time
  (`riskengine.casebook.projection`). They hold codes, days and ids, never a sentence about a
  person.

Times are text, ``YYYY-MM-DDTHH:MM:SS.ffffffZ`` in UTC: the same bytes under every database, and
what the chain covers.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated

from sqlalchemy import (
    JSON,
    Date,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

Id = Annotated[str, mapped_column(String(64))]
Code = Annotated[str, mapped_column(String(64))]
Stamp = Annotated[str, mapped_column(String(27))]
Hash = Annotated[str, mapped_column(String(64))]


class Base(DeclarativeBase):
    """Base of every table."""

    type_annotation_map = {date: Date}


class Event(Base):
    """One event of a chain. Nothing in it is ever changed.

    Attributes
    ----------
    chain, seq
        The chain (a district, or ``district/node`` for an office without network) and the place
        in it, from 1.
    at, placed
        When it happened by the clock of whoever wrote it, and its place in time: that clock, or
        just after everything that was known then of the same chain and person, if the clock ran
        behind. Events of several chains are applied by ``placed``.
    case
        The case it belongs to, if any.
    subject
        Random id under which a person's events stand together; it is derived from nothing.
    key
        Whose key seals the content: the subject's, or the chain's own.
    facts
        Canonical JSON of what stays readable after an erasure: codes, tiers, days, ids.
    sealed
        Nonce and AES-256-GCM ciphertext of salt and content.
    content_hash
        SHA-256 over salt and content; the salt is sealed with the content.
    """

    __tablename__ = "events"
    chain: Mapped[str] = mapped_column(String(130), primary_key=True)
    seq: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    district: Mapped[Code]
    kind: Mapped[Code]
    at: Mapped[Stamp]
    placed: Mapped[Stamp]
    actor: Mapped[Id]
    case: Mapped[str | None] = mapped_column(String(64))
    subject: Mapped[str | None] = mapped_column(String(64))
    key: Mapped[str] = mapped_column(String(140))
    facts: Mapped[str] = mapped_column(Text)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    content_hash: Mapped[Hash]
    previous: Mapped[Hash]
    hash: Mapped[Hash]
    __table_args__ = (
        UniqueConstraint("hash", name="events_hash"),
        Index("events_subject", "subject", "placed"),
        Index("events_case", "case"),
        Index("events_kind", "kind", "district"),
        # a hidden row number would be one more way to replace a row
        {"sqlite_with_rowid": False},
    )


class Key(Base):
    """A wrapped key. Deleting the row is what makes content unreadable.

    ``lookup`` is a keyed hash of the agency's person id, so that a person is found without the id
    being readable; it goes with the key.
    """

    __tablename__ = "keys"
    id: Mapped[str] = mapped_column(String(140), primary_key=True)
    wrapped: Mapped[bytes] = mapped_column(LargeBinary)
    lookup: Mapped[str | None] = mapped_column(String(64))
    __table_args__ = (Index("keys_lookup", "lookup"),)


class Draft(Base):
    """An assessment that is being answered, sealed with the person's key."""

    __tablename__ = "drafts"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    case: Mapped[Id]
    district: Mapped[Code]
    author: Mapped[Id]
    saved_at: Mapped[Stamp]
    key: Mapped[str] = mapped_column(String(140))
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    __table_args__ = (Index("drafts_case", "case"),)


class Read(Base):
    """Somebody looked at a case. Append-only, in no chain."""

    __tablename__ = "reads"
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    at: Mapped[Stamp]
    district: Mapped[Code]
    actor: Mapped[Id]
    case: Mapped[str | None] = mapped_column(String(64))
    what: Mapped[Code]
    __table_args__ = (Index("reads_case", "case"), {"sqlite_autoincrement": True})


class Check(Base):
    """A check of the record that found it sound, and how far it went.

    Attributes
    ----------
    whole
        Whether every event was checked, or those since the check before.
    heads
        Chain to number and hash of the last event that was checked.
    """

    __tablename__ = "checks"
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    at: Mapped[Stamp]
    whole: Mapped[bool]
    events: Mapped[int] = mapped_column(Integer)
    erased: Mapped[int] = mapped_column(Integer)
    heads: Mapped[dict[str, list[int | str]]] = mapped_column(JSON)
    __table_args__ = (Index("checks_whole", "whole", "id"),)


class CaseRow(Base):
    """A person under supervision in one district.

    Attributes
    ----------
    label
        The agency's person id, sealed with the person's key.
    tier, tier_since, decided_on, decision
        What was decided last and holds.
    request_on
        Day of the newest request for review.
    disputed
        Whether nodes recorded things that contradict one another.
    """

    __tablename__ = "cases"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    district: Mapped[Code]
    subject: Mapped[Id]
    office: Mapped[Code]
    officer: Mapped[Id]
    opened_at: Mapped[Stamp]
    closed_on: Mapped[date | None]
    label: Mapped[str] = mapped_column(Text)
    tier: Mapped[str | None] = mapped_column(String(16))
    tier_since: Mapped[date | None]
    decided_on: Mapped[date | None]
    decision: Mapped[str | None] = mapped_column(String(64))
    review_on: Mapped[date | None]
    request_on: Mapped[date | None]
    open_alerts: Mapped[int] = mapped_column(Integer, default=0)
    disputed: Mapped[int] = mapped_column(Integer, default=0)
    erased_on: Mapped[date | None]
    erasure_ground: Mapped[str | None] = mapped_column(String(64))
    __table_args__ = (
        Index("cases_officer", "district", "officer"),
        Index("cases_place", "district", "id"),
        Index("cases_office", "district", "office", "id"),
        Index("cases_subject", "subject"),
    )


LIVE_INDEXES = (
    "cases_live_review",
    "cases_live_office",
    "cases_live_officer",
    "cases_live_tier",
    "cases_live_alerts",
)
"""Indexes of the cases that are worked on, in the order of lists: whoever was never decided on
comes first. They stand in the migrations alone, which say so to each database in its own words."""


class AssessmentRow(Base):
    """A signed assessment; a correction is a new one that names the one it corrects."""

    __tablename__ = "assessments"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    case: Mapped[Id]
    district: Mapped[Code]
    instrument: Mapped[Code]
    kind: Mapped[Code]
    form: Mapped[Code]
    assessed_on: Mapped[date]
    signed_at: Mapped[Stamp]
    signed_by: Mapped[Id]
    entered_by: Mapped[str | None] = mapped_column(String(64))
    corrects: Mapped[str | None] = mapped_column(String(64))
    corrected_by: Mapped[str | None] = mapped_column(String(64))
    own_view_asked: Mapped[bool]
    own_tier: Mapped[str | None] = mapped_column(String(16))
    own_view_at: Mapped[str | None] = mapped_column(String(27))
    own_view_by: Mapped[str | None] = mapped_column(String(64))
    revealed_at: Mapped[str | None] = mapped_column(String(27))
    revealed_by: Mapped[str | None] = mapped_column(String(64))
    status: Mapped[str | None] = mapped_column(String(32))
    recommended: Mapped[str | None] = mapped_column(String(40))
    recommended_review_on: Mapped[date | None]
    strict_until: Mapped[date | None]
    binding_rule: Mapped[str | None] = mapped_column(String(64))
    on_documented_event: Mapped[bool] = mapped_column(default=False)
    chain: Mapped[str] = mapped_column(String(130))
    seq: Mapped[int] = mapped_column(Integer)
    revealed_chain: Mapped[str | None] = mapped_column(String(130))
    revealed_seq: Mapped[int | None] = mapped_column(Integer)
    __table_args__ = (Index("assessments_case", "case"),)


class ProposalRow(Base):
    """A tier that an officer proposes.

    Attributes
    ----------
    kind
        ``accept``, ``either``, ``override`` or ``without_score``.
    base
        The decision that held when it was made; deciding on another base is refused.
    approval
        Why another person has to approve, as codes; empty where nobody has to.
    state
        ``open``, ``with_reviewer``, ``returned``, ``withdrawn``, ``decided``.
    """

    __tablename__ = "proposals"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    case: Mapped[Id]
    district: Mapped[Code]
    office: Mapped[Code]
    assessment: Mapped[str | None] = mapped_column(String(64))
    tier: Mapped[str] = mapped_column(String(16))
    kind: Mapped[Code]
    direction: Mapped[str | None] = mapped_column(String(8))
    reason: Mapped[str | None] = mapped_column(String(64))
    base: Mapped[str | None] = mapped_column(String(64))
    before: Mapped[str | None] = mapped_column(String(16))
    recommended: Mapped[str | None] = mapped_column(String(40))
    own_tier: Mapped[str | None] = mapped_column(String(16))
    seconds: Mapped[int | None] = mapped_column(Integer)
    review_on: Mapped[date]
    approval: Mapped[str] = mapped_column(String(200))
    proposed_by: Mapped[Id]
    proposed_at: Mapped[Stamp]
    state: Mapped[Code]
    settled_by: Mapped[str | None] = mapped_column(String(64))
    settled_at: Mapped[str | None] = mapped_column(String(27))
    chain: Mapped[str] = mapped_column(String(130))
    seq: Mapped[int] = mapped_column(Integer)
    __table_args__ = (
        Index("proposals_case", "case"),
        Index("proposals_state", "district", "state", "proposed_at"),
        Index("proposals_list", "district", "state", "id"),
    )


class DecisionRow(Base):
    """A decision of a named person.

    Attributes
    ----------
    kind
        As of the proposal. An ``either`` decision is no override.
    decided_on, recorded_at
        Day of the decision and time of its entry; on paper they differ.
    seconds
        From the reveal to the proposal; empty without a reveal, or on paper.
    agrees
        Whether the own view, given before the reveal, was the tier that was decided.
    disputed
        Whether another decision stands on the same base.
    """

    __tablename__ = "decisions"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    case: Mapped[Id]
    district: Mapped[Code]
    office: Mapped[Code]
    assessment: Mapped[str | None] = mapped_column(String(64))
    proposal: Mapped[str | None] = mapped_column(String(64))
    base: Mapped[str | None] = mapped_column(String(64))
    tier: Mapped[str] = mapped_column(String(16))
    before: Mapped[str | None] = mapped_column(String(16))
    kind: Mapped[Code]
    direction: Mapped[str | None] = mapped_column(String(8))
    reason: Mapped[str | None] = mapped_column(String(64))
    recommended: Mapped[str | None] = mapped_column(String(40))
    own_tier: Mapped[str | None] = mapped_column(String(16))
    proposed_by: Mapped[Id]
    decided_by: Mapped[Id]
    entered_by: Mapped[str | None] = mapped_column(String(64))
    decided_on: Mapped[date]
    recorded_at: Mapped[Stamp]
    review_on: Mapped[date]
    seconds: Mapped[int | None] = mapped_column(Integer)
    agrees: Mapped[bool | None]
    disputed: Mapped[bool] = mapped_column(default=False)
    chain: Mapped[str] = mapped_column(String(130))
    seq: Mapped[int] = mapped_column(Integer)
    __table_args__ = (
        Index("decisions_case", "case"),
        Index("decisions_day", "district", "decided_on"),
        Index("decisions_by", "district", "proposed_by", "decided_on"),
        Index("decisions_kind", "district", "kind", "decided_on", "recorded_at"),
    )


class ReviewRow(Base):
    """A review that the person asked for.

    ``state`` is ``received``, ``assigned`` or ``answered``; ``outcome`` is ``upheld``,
    ``changed`` or ``corrected``.
    """

    __tablename__ = "reviews"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    case: Mapped[Id]
    district: Mapped[Code]
    decision: Mapped[str | None] = mapped_column(String(64))
    channel: Mapped[Code]
    received_on: Mapped[date]
    received_by: Mapped[Id]
    due_on: Mapped[date]
    handler: Mapped[str | None] = mapped_column(String(64))
    state: Mapped[Code]
    outcome: Mapped[str | None] = mapped_column(String(32))
    answered_on: Mapped[date | None]
    __table_args__ = (
        Index("reviews_case", "case"),
        Index("reviews_state", "district", "state", "due_on"),
    )


class TaskRow(Base):
    """Something that is due.

    ``kind`` is ``review_due``, ``alert``, ``answer_review``, ``read_notice`` or ``look_first``
    (a step up that the reviewer sees before anybody decides it). ``ref`` names what it is about.
    """

    __tablename__ = "tasks"
    id: Mapped[str] = mapped_column(String(200), primary_key=True)
    case: Mapped[Id]
    district: Mapped[Code]
    kind: Mapped[Code]
    ref: Mapped[Id]
    opened_on: Mapped[date]
    due_on: Mapped[date]
    person: Mapped[str | None] = mapped_column(String(64))
    state: Mapped[Code]
    closed_on: Mapped[date | None]
    closed_by: Mapped[str | None] = mapped_column(String(64))
    __table_args__ = (
        Index("tasks_due", "district", "state", "due_on", "id"),
        Index("tasks_person", "district", "state", "person", "due_on", "id"),
        Index("tasks_case", "case"),
    )


class OccurrenceRow(Base):
    """A sanction or another dated event on file."""

    __tablename__ = "occurrences"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    case: Mapped[Id]
    district: Mapped[Code]
    kind: Mapped[Code]
    on: Mapped[date]
    documented: Mapped[bool]
    __table_args__ = (Index("occurrences_case", "case"),)


class SuspensionRow(Base):
    """Scores of a district hidden from a time, until it was lifted."""

    __tablename__ = "suspensions"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    district: Mapped[Code]
    since: Mapped[Stamp]
    by: Mapped[Id]
    lifted_at: Mapped[str | None] = mapped_column(String(27))
    lifted_by: Mapped[str | None] = mapped_column(String(64))
    __table_args__ = (Index("suspensions_open", "district", "lifted_at"),)


class ConflictRow(Base):
    """Entries of different nodes that contradict one another, listed until a person settles them.

    ``kind`` is ``decisions`` (two on one base), ``corrections`` (two of one assessment) or
    ``openings`` (one person twice); ``refs`` lists the ids.
    """

    __tablename__ = "conflicts"
    id: Mapped[str] = mapped_column(String(200), primary_key=True)
    case: Mapped[Id]
    district: Mapped[Code]
    kind: Mapped[Code]
    refs: Mapped[list[str]] = mapped_column(JSON)
    holds: Mapped[str | None] = mapped_column(String(64))
    settled_by: Mapped[str | None] = mapped_column(String(64))
    __table_args__ = (Index("conflicts_case", "case"), Index("conflicts_district", "district"))


class RatingRow(Base):
    """A second rating of an assessment, given blind. Answers stay in the sealed event."""

    __tablename__ = "ratings"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    case: Mapped[Id]
    district: Mapped[Code]
    assessment: Mapped[Id]
    asked_on: Mapped[date]
    rated_on: Mapped[date | None]
    chain: Mapped[str | None] = mapped_column(String(130))
    seq: Mapped[int | None] = mapped_column(Integer)
    __table_args__ = (Index("ratings_district", "district"), Index("ratings_case", "case"))


PROJECTED: tuple[type[Base], ...] = (
    CaseRow,
    AssessmentRow,
    ProposalRow,
    DecisionRow,
    ReviewRow,
    TaskRow,
    OccurrenceRow,
    SuspensionRow,
    ConflictRow,
    RatingRow,
)
"""Read tables: what `riskengine casebook rebuild` makes anew."""

OF_A_CASE: tuple[type[Base], ...] = tuple(
    table for table in PROJECTED if table not in (CaseRow, SuspensionRow)
)
"""Read tables with a column ``case``."""
