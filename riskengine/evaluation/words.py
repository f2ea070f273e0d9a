"""Sentences of an evaluation in both languages."""

from __future__ import annotations

from riskengine.evaluation.document import FigureName, WhyNot
from riskengine.reports.words import text_of
from riskengine.text import Text

CATALOGUE = "evaluation"


def text(key: str, **values: object) -> Text:
    """A sentence with its placeholders filled; a value that is a `Text` is taken by language."""
    return text_of(CATALOGUE, key, **values)


def figure_label(name: FigureName) -> Text:
    """What a figure is called."""
    return text(f"figure_{name}")


def why_not(reason: WhyNot) -> Text:
    """Why a figure has no value."""
    return text(f"why_{reason}")


def percent(share: float, decimals: int = 1) -> str:
    """A share as a percentage."""
    return f"{100 * share:.{decimals}f}%"


def joined(*parts: Text) -> Text:
    """Sentences one after the other."""
    return Text(zh="".join(p.zh for p in parts), en=" ".join(p.en.strip() for p in parts))
