"""The words around a paper form, in one language."""

from __future__ import annotations

from riskengine.errors import Language
from riskengine.explanation.texts import Texts
from riskengine.reports.words import words_of


def paper_texts(lang: Language) -> Texts:
    """Words of the form itself."""
    return words_of("paper", lang)
