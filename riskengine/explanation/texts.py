"""The engine's own sentences in one language."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel

from riskengine.errors import ArtefactError, Language
from riskengine.text import FROZEN, Text


class TextCatalogue(BaseModel):
    """Shape of ``data_schema/texts``, format ``riskengine/texts/1``."""

    model_config = FROZEN
    format: Literal["riskengine/texts/1"]
    id: str
    version: str
    texts: dict[str, Text]
    source_sha256: str


@dataclass(frozen=True)
class Texts:
    """Sentences of one language, by key."""

    lang: Language
    sentences: dict[str, str]

    def __call__(self, key: str, **values: object) -> str:
        """Give a sentence with its placeholders filled."""
        return self.sentences[key].format(**values) if values else self.sentences[key]

    def listed(self, words: Iterable[str]) -> str:
        """Join words as the language lists them."""
        return ("、" if self.lang == "zh" else ", ").join(words)

    def either(self, words: Iterable[str]) -> str:
        """Join words between which somebody is to choose."""
        return ("、" if self.lang == "zh" else " or ").join(words)


def texts_in(catalogue: TextCatalogue, lang: Language) -> Texts:
    """Take one language out of a catalogue."""
    return Texts(lang, {key: text[lang] for key, text in catalogue.texts.items()})


def joined(catalogues: Iterable[TextCatalogue], lang: Language) -> Texts:
    """Take one language out of several catalogues; no key may stand in two of them.

    Raises
    ------
    ArtefactError
        Naming the key and the catalogue.
    """
    sentences: dict[str, str] = {}
    for catalogue in catalogues:
        twice = sentences.keys() & catalogue.texts.keys()
        if twice:
            raise ArtefactError(
                f"texts [{catalogue.id}]: the key [{min(twice)}] stands in another catalogue too"
            )
        sentences.update(texts_in(catalogue, lang).sentences)
    return Texts(lang, sentences)
