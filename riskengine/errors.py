"""The errors a caller can meet, and the `Problem` that says what is wrong with one answer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Language = Literal["zh", "en"]

_SHOWN_VALUE = 60


def shown(value: object) -> str:
    """Quote a value for a message: bracketed, on one line, cut to a length a person can read."""
    try:
        said = str(value)
    except (RecursionError, ValueError):  # nested too deeply, or a number of thousands of digits
        said = type(value).__name__
    text = "".join(c if c.isprintable() else "·" for c in said[: _SHOWN_VALUE * 4])
    return f"[{text[:_SHOWN_VALUE]}…]" if len(text) > _SHOWN_VALUE else f"[{text}]"


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with one answer.

    Attributes
    ----------
    code
        Stable name of the kind of problem, for programs.
    item
        The item (or field) concerned.
    value
        The value as it was given, shortened; empty where it must not be repeated.
    accepted
        What would have been accepted, in the words of the instrument.
    message
        The whole sentence in Chinese and in English.
    """

    code: str
    item: str
    value: str
    accepted: str
    message: dict[Language, str]

    def text(self, lang: Language) -> str:
        """Return the sentence in one language."""
        return self.message[lang]


class RiskEngineError(Exception):
    """Base of every error that the engine raises on purpose."""


class AssessmentError(RiskEngineError):
    """An assessment that cannot be used; carries every problem at once.

    Attributes
    ----------
    problems
        All problems of the assessment, in the order of the instrument.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(problems)
        super().__init__("\n".join(p.text("en") for p in self.problems))

    def text(self, lang: Language) -> str:
        """Return all sentences in one language, a line each."""
        return "\n".join(p.text(lang) for p in self.problems)


class ArtefactError(RiskEngineError):
    """An instrument, model or policy file that is not what it claims to be."""


class InstrumentError(ArtefactError):
    """An instrument that cannot be used."""


class ScorecardError(ArtefactError):
    """A model file that was refused; nothing in it was run."""


class PolicyError(ArtefactError):
    """A policy that cannot be used."""


class NotFoundError(RiskEngineError):
    """A name that no instrument, model or policy in reach carries."""


class UseError(RiskEngineError):
    """A combination that must not be used, such as a benchmark model for a real decision."""


class IntakeError(RiskEngineError):
    """A file of assessments that cannot be read at all."""


class TrainingError(RiskEngineError):
    """A cohort or request from which no model may be learned."""
