"""Silent use: a model scores beside current practice, and nobody is shown what it says.

Scores go into a file of the registry and nowhere else: not to the engine, not into the record of
decisions, not to any page. People stand there under a keyed hash, so that outcomes can be joined
later by whoever holds the key and nobody is named. There are bands by the policy's cut-offs and no
recommendation: no rule is applied, since nothing follows from a silent score. Whoever the law does
not let be scored, such as a minor by the card of adults, is not scored silently either.
"""

# No `from __future__ import annotations` here: pydantic would compile every annotation from text.

import hashlib
import hmac
import os
import secrets
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from riskengine.canonical import canonical_json
from riskengine.documents import load_document
from riskengine.errors import UseError, shown
from riskengine.evaluation.metrics import auc
from riskengine.evaluation.suppression import SMALLEST_INSIDE as SMALLEST
from riskengine.explanation.judgement import legal_view
from riskengine.instrument.assessment import Assessment
from riskengine.policy.bands import resolve
from riskengine.policy.jurisdictions import has_set
from riskengine.policy.tiers import Tier
from riskengine.registry.log import current, registry_home, write_whole
from riskengine.scorecard.audit import instrument_hash
from riskengine.store.law import find_law
from riskengine.store.lookup import find_model, find_policy
from riskengine.store.places import home
from riskengine.text import FROZEN, Text

FOLDER = "registry/silent"
KEY_FILE = "registry/silent/people.key"


class SilentScore(BaseModel):
    """One silent score.

    Attributes
    ----------
    person
        Keyed hash of the person's id.
    practice
        The tier that a named person decided, where it is known; without regard to the score.
    """

    model_config = FROZEN
    format: Literal["riskengine/silent-score/1"]
    on: date
    person: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
    score: int
    band: Tier
    practice: Tier | None = None


@dataclass(frozen=True)
class Span:
    """How long and on how many people a model has scored silently."""

    first: date | None = None
    last: date | None = None
    people: int = 0

    @property
    def days(self) -> int:
        """Days from the first to the last score."""
        return 0 if self.first is None or self.last is None else (self.last - self.first).days


@dataclass(frozen=True)
class SilentRun:
    """One run of silent scoring; every assessment is scored or left out for one reason.

    Attributes
    ----------
    scored
        How many were scored.
    again
        Of people who have a score of this day.
    later
        Assessed after the day.
    other_instrument
        Of another instrument or version than the model's.
    by_law
        Of people whom the law lets nobody score: title of the provision, and how many.
    """

    scored: int
    again: int
    later: int
    other_instrument: int
    by_law: tuple[tuple[Text, int], ...]

    @property
    def left_out(self) -> int:
        """How many were not scored."""
        return (
            self.again
            + self.later
            + self.other_instrument
            + sum(count for _, count in self.by_law)
        )


def silent_path(model: str) -> Path:
    """Where a model's silent scores stand."""
    return registry_home() / FOLDER / f"{model}.jsonl"


def read_silent(model: str) -> tuple[SilentScore, ...]:
    """Read a model's silent scores; nothing where there are none.

    Raises
    ------
    ArtefactError
        Naming the line that is malformed.
    """
    path = silent_path(model)
    if not path.is_file():
        return ()
    return tuple(
        load_document(SilentScore, row, source=f"{path.name}: line {number}")
        for number, row in enumerate(path.read_bytes().splitlines(), start=1)
    )


def span(model: str) -> Span:
    """How long a model has been silent; nothing in an installation without a folder of its own."""
    if home() is None:
        return Span()
    scores = read_silent(model)
    if not scores:
        return Span()
    days = [one.on for one in scores]
    return Span(min(days), max(days), len({one.person for one in scores}))


def score_silently(
    model: str,
    policy: str,
    assessments: Iterable[Assessment],
    *,
    on: date,
    practice: Mapping[str, Tier] | None = None,
) -> SilentRun:
    """Score people beside practice, and show nobody anything.

    Parameters
    ----------
    model
        Name and version; it must be silent.
    policy
        Whose bands cut the score.
    on
        Day of the scores; not before the model became silent.
    practice
        The tier that was decided, by person.

    Returns
    -------
    SilentRun
        How many were scored, and why others were not. A person is scored once a day, and not where
        the law forbids a score.

    Raises
    ------
    UseError
        Where the model is not silent, or the day lies before it was.
    """
    since = _silent_since(model)
    if on < since:
        raise UseError(
            f"[{on.isoformat()}] lies before model [{model}] became silent "
            f"[{since.isoformat()}]; scores of the past are an evaluation and no silent use"
        )
    card = find_model(model).scorecard
    document, instrument = card.document, card.instrument
    own = instrument_hash(instrument)
    found, _ = find_policy(policy)
    cuts = resolve(found.bands, document, policy=found.id)
    law = find_law(instrument.jurisdiction) if has_set(instrument.jurisdiction) else None
    key = _key()
    kept = list(read_silent(model))
    done = {(one.person, one.on) for one in kept}
    new: list[SilentScore] = []
    left: Counter[str] = Counter()
    forbidden: dict[str, tuple[Text, int]] = {}
    for given in assessments:
        # one file has one instrument: its text is not hashed for every person
        if given.instrument is not instrument and instrument_hash(given.instrument) != own:
            left["other_instrument"] += 1
            continue
        if given.assessed_on > on:
            left["later"] += 1
            continue
        name = _hashed(key, given.person)
        if (name, on) in done:
            left["again"] += 1
            continue
        # what is sealed is no more used silently than openly
        admitted = given if law is None else law.admit(given, on)
        stop = legal_view(law, admitted, on).stop
        if stop is not None:
            _, before = forbidden.get(stop.constraint, (stop.title, 0))
            forbidden[stop.constraint] = (stop.title, before + 1)
            continue
        done.add((name, on))
        score = int(card.scores(card.term_parts(card.encode([admitted.complete])))[0])
        new.append(
            SilentScore(
                format="riskengine/silent-score/1",
                on=on,
                person=name,
                score=score,
                band=cuts.band(score),
                practice=None if practice is None else practice.get(given.person),
            )
        )
    rows = [canonical_json(one.model_dump(mode="json")) + "\n" for one in (*kept, *new)]
    write_whole(silent_path(model), "".join(rows).encode())
    return SilentRun(
        scored=len(new),
        again=left["again"],
        later=left["later"],
        other_instrument=left["other_instrument"],
        by_law=tuple(forbidden.values()),
    )


def _silent_since(model: str) -> date:
    for line in reversed(current().lines):
        if line.model == model and line.stage is not None:
            if line.stage == "silent":
                return date.fromisoformat(line.at[:10])
            raise UseError(f"model [{model}] is {line.stage}, not silent")
    raise UseError(f"model {shown(model)} is not registered; accepted: a silent one, with version")


def _key() -> bytes:
    """The key of people's hashes; made when it is first needed, for its owner alone to read."""
    path = registry_home() / KEY_FILE
    if path.is_file():
        return bytes.fromhex(path.read_text(encoding="ascii").strip())
    key = secrets.token_bytes(32)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(key.hex() + "\n")
    return key


def _hashed(key: bytes, person: str) -> str:
    return hmac.new(key, person.encode("utf-8"), hashlib.sha256).hexdigest()[:32]


# --- The comparison -----------------------------------------------------------------------------


@dataclass(frozen=True)
class SilentReport:
    """A silent model beside practice, each person by the last score.

    Attributes
    ----------
    shares, shares_now
        Share per tier by the model's bands and as practised; empty where too few people.
    agreement, kappa
        Of the bands with the tiers as practised; kappa with squared weights.
    compared
        People of whom both are known.
    known, events
        People whose outcome is known, and how many had the event.
    auc, auc_now
        How score and tier as practised rank these people; ``None`` where too few.
    """

    model: str
    span: Span
    shares: Mapping[Tier, float]
    shares_now: Mapping[Tier, float]
    compared: int
    agreement: float | None
    kappa: float | None
    known: int = 0
    events: int = 0
    auc: float | None = None
    auc_now: float | None = None


def silent_report(model: str, outcomes: Mapping[str, int] | None = None) -> SilentReport:
    """Compare a silent model with practice: before outcomes, and after.

    Parameters
    ----------
    outcomes
        1 or 0 by person, once they are known.
    """
    import numpy as np

    last = {one.person: one for one in sorted(read_silent(model), key=lambda one: one.on)}
    both = [one for one in last.values() if one.practice is not None]
    agreement = kappa = None
    enough = len(both) >= SMALLEST
    if enough:
        ours = np.array([one.band.rank for one in both])
        theirs = np.array([one.practice.rank for one in both if one.practice is not None])
        agreement = float(np.mean(ours == theirs))
        kappa = _kappa(ours, theirs)
    known = events = 0
    ranked = ranked_now = None
    if outcomes is not None and last:
        key = _key()
        seen = {_hashed(key, person): event for person, event in outcomes.items()}
        there = [(one, seen[one.person]) for one in last.values() if one.person in seen]
        known, events = len(there), sum(event for _, event in there)
        if min(events, known - events) >= SMALLEST:
            happened = np.array([event for _, event in there], dtype=np.int64)
            ranked = auc(np.array([float(one.score) for one, _ in there]), happened)
            if all(one.practice is not None for one, _ in there):
                tiers = [float(one.practice.rank) for one, _ in there if one.practice is not None]
                ranked_now = auc(np.array(tiers), happened)
    return SilentReport(
        model=model,
        span=span(model),
        shares=_shares([one.band for one in last.values()]),
        shares_now=_shares([one.practice for one in both if one.practice is not None]),
        compared=len(both),
        agreement=agreement,
        kappa=kappa,
        known=known,
        events=events,
        auc=ranked,
        auc_now=ranked_now,
    )


def _kappa(ours: object, theirs: object) -> float | None:
    from sklearn.metrics import cohen_kappa_score

    if len(set(ours.tolist()) | set(theirs.tolist())) < 2:  # type: ignore[attr-defined]
        return None
    return float(cohen_kappa_score(ours, theirs, labels=[0, 1, 2], weights="quadratic"))


def _shares(tiers: list[Tier]) -> dict[Tier, float]:
    if len(tiers) < SMALLEST:
        return {}
    return {tier: tiers.count(tier) / len(tiers) for tier in Tier}
