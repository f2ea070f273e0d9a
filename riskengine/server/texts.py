"""The service's own sentences, and the language that a reader asked for."""

from __future__ import annotations

from starlette.requests import HTTPConnection

from riskengine.errors import Language
from riskengine.explanation.texts import Texts
from riskengine.reports.words import words_of


def server_texts(lang: Language) -> Texts:
    """Sentences of the service in one language."""
    return words_of("server", lang)


def preferred(header: str | None, default: Language) -> Language:
    """Choose between Chinese and English by ``Accept-Language`` (RFC 9110, 12.5.4)."""
    best: tuple[float, Language] = (0.0, default)
    for part in (header or "")[:400].split(","):
        tag, _, parameter = part.partition(";")
        lang = {"zh": "zh", "en": "en"}.get(tag.strip().lower().split("-")[0])
        try:
            weight = float(parameter.strip().removeprefix("q=") or 1)
        except ValueError:
            continue
        if lang is not None and weight > best[0]:
            best = (weight, "zh" if lang == "zh" else "en")
    return best[1]


def language(connection: HTTPConnection) -> Language:
    """Language in which this request is answered; a page may have chosen one for its reader."""
    chosen = connection.scope.get("state", {}).get("lang")
    if chosen in ("zh", "en"):
        return "zh" if chosen == "zh" else "en"
    default: Language = connection.app.state.settings.language
    return preferred(connection.headers.get("accept-language"), default)


def says(connection: HTTPConnection) -> Texts:
    """Sentences in the language in which this request is answered."""
    return server_texts(language(connection))
