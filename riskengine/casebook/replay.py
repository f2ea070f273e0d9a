"""Computing again what was shown years ago, from what was kept, and comparing it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, Literal

from riskengine.casebook.actors import Actor
from riskengine.casebook.assessing import signed_answers
from riskengine.casebook.cases import Past
from riskengine.casebook.database import Transaction
from riskengine.casebook.errors import refusal, say
from riskengine.casebook.lookups import the_assessment, the_case
from riskengine.casebook.revealing import Shown, shown
from riskengine.casebook.schema import CaseRow, DecisionRow
from riskengine.engine import Engine
from riskengine.errors import Language, RiskEngineError
from riskengine.instrument.assessment import Assessment
from riskengine.recommendation import Provenance, Recommendation

_WORDS = frozenset(
    (
        *("headline", "words", "label", "reason", "reason_text", "title", "text", "about"),
        *("citation", "task", "reference", "assistance", "why_not_lower", "asked_not_scored"),
        *("answer", "reports", "next_question", "rights", "unchecked_rules"),
    )
)
"""Fields that hold sentences; a later edition of the texts may say the same in other words."""
_VERSION = "provenance.engine"


@dataclass(frozen=True)
class Replay:
    """What a replay found.

    Attributes
    ----------
    state
        ``same``: every stored integer, decimal, tier, rule and date again. ``differs``: some are
        others. ``not_computable``: the model or policy is no longer here. ``erased``: the content
        was erased. ``no_score``: decided without one, so there is nothing to compute.
    numbers
        Fields that differ, as path, stored and computed.
    words
        Sentences that read differently now; that is no difference in what was computed.
    erased_on, ground
        For ``erased``.
    why
        For ``not_computable``.
    """

    state: Literal["same", "differs", "not_computable", "erased", "no_score"]
    compared: int = 0
    numbers: tuple[tuple[str, Any, Any], ...] = ()
    words: tuple[str, ...] = ()
    stored: Recommendation | None = None
    erased_on: date | None = None
    ground: str | None = None
    why: str | None = None

    def text(self, lang: Language) -> str:
        """A sentence."""
        return say(
            f"replay_{self.state}",
            lang,
            compared=self.compared,
            differing=len(self.numbers),
            words=len(self.words),
            on="" if self.erased_on is None else self.erased_on.isoformat(),
            ground=self.ground or "",
            why=self.why or "",
        )


def replay(tx: Transaction, actor: Actor, name: str) -> Replay:
    """Compute again what was shown for an assessment, or for the one of a decision.

    Nothing is taken from today but the code: the assessment, what was on record, the day, the
    language, and the named versions of instrument, model, policy and law are those of then, and
    the hashes of their files must be the recorded ones.

    Parameters
    ----------
    name
        Id of an assessment or a decision.
    """
    assessment = _assessment_of(tx, actor, name)
    if assessment is None:
        return Replay("no_score")
    row = the_assessment(tx, actor, assessment)
    case = the_case(tx, actor, row.case)
    if case.erased_on is not None:
        return _gone(tx, case)
    if row.revealed_at is None:
        return Replay("no_score")
    kept = shown(tx, actor, row.id)
    stored = kept.recommendation
    try:
        engine = engine_of(stored.provenance)
        signed = Assessment.from_dict(signed_answers(tx, actor, row.id), engine.instrument)
        again = engine.recommend(signed, **as_then(kept))
    except RiskEngineError as error:
        return Replay("not_computable", stored=stored, why=str(error))
    numbers, words, compared = compared_with(stored, again)
    return Replay("differs" if numbers else "same", compared, numbers, words, stored)


def engine_of(provenance: Provenance) -> Engine:
    """The engine of the named versions; that their files are the same shows in the comparison."""
    return _engine(provenance.model, provenance.policy)


def as_then(kept: Shown) -> dict[str, Any]:
    """What the engine was handed then beside the assessment, as `Engine.recommend` takes it."""
    stored = kept.recommendation
    past = Past.of_json(stored.person, kept.past)
    return {
        "on": stored.on,
        "lang": stored.lang,
        "history": past.history,
        "events": past.events,
        "alerts": past.alerts,
    }


def _assessment_of(tx: Transaction, actor: Actor, name: str) -> str | None:
    decision = tx.session.get(DecisionRow, name)
    if decision is None:
        return the_assessment(tx, actor, name).id
    if decision.district != actor.district:
        raise refusal("no_such_decision", id=name)
    return decision.assessment


def _gone(tx: Transaction, case: CaseRow) -> Replay:
    ground = next(
        (entry.label for entry in tx.rules.erasure if entry.id == case.erasure_ground), None
    )
    told = case.erasure_ground if ground is None else f"{ground.zh} / {ground.en}"
    return Replay("erased", erased_on=case.erased_on, ground=told)


@lru_cache(maxsize=8)
def _engine(model: str, policy: str | None) -> Engine:
    """The engine of named versions, loaded and checked once for many replays."""
    return Engine.load(model, policy, replay=True)


def compared_with(
    stored: Recommendation, again: Recommendation
) -> tuple[tuple[tuple[str, Any, Any], ...], tuple[str, ...], int]:
    """Compare two recommendations field by field.

    Returns
    -------
    numbers
        Fields other than sentences that differ.
    words
        Sentences that differ.
    compared
        Fields other than sentences.
    """
    old = dict(_fields(stored.model_dump(mode="json"), ""))
    new = dict(_fields(again.model_dump(mode="json"), ""))
    numbers, words, compared = [], [], 0
    for path in sorted(old.keys() | new.keys()):
        if path == _VERSION:
            continue
        is_word = not _WORDS.isdisjoint(part for part in path.split(".") if not part.isdigit())
        compared += not is_word
        before, after = old.get(path, "—"), new.get(path, "—")
        if before != after:
            if is_word:
                words.append(path)
            else:
                numbers.append((path, before, after))
    return tuple(numbers), tuple(words), compared


def _fields(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _fields(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        yield f"{path}.n", len(value)
        for number, inner in enumerate(value):
            yield from _fields(inner, f"{path}.{number}")
    else:
        yield path, value
