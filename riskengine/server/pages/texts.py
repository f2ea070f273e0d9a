"""Words of the review pages, and the language that a reader chose."""

from __future__ import annotations

from starlette.requests import HTTPConnection

from riskengine.errors import Language
from riskengine.explanation.texts import Texts
from riskengine.reports.words import words_of
from riskengine.server.texts import language

LANGUAGE_COOKIE = "riskengine-language"
LANGUAGES: tuple[Language, ...] = ("zh", "en")


def desk_texts(lang: Language) -> Texts:
    """Words of the pages in one language."""
    return words_of("desk", lang)


def page_language(connection: HTTPConnection) -> Language:
    """Language of a page: the one that was chosen in this browser, else what it asks for."""
    chosen = connection.cookies.get(LANGUAGE_COOKIE)
    if chosen == "zh":
        return "zh"
    return "en" if chosen == "en" else language(connection)
