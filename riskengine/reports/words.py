"""The sentences of pages, paper, terminal and service, from their catalogues."""

from __future__ import annotations

from functools import lru_cache

from riskengine.errors import Language, NotFoundError
from riskengine.explanation.texts import TextCatalogue, Texts, texts_in
from riskengine.store.lookup import find_catalogue
from riskengine.text import Text


@lru_cache(maxsize=64)
def words_of(catalogue: str, lang: Language) -> Texts:
    """Sentences of one catalogue of ``data_schema/texts`` in one language.

    Raises
    ------
    NotFoundError
        Where it was not built.
    """
    raw = find_catalogue("texts", catalogue)
    if raw is None:
        raise NotFoundError(f"the texts [{catalogue}] are missing: run `riskengine schema build`")
    return texts_in(TextCatalogue.model_validate(raw, strict=False), lang)


def text_of(catalogue: str, key: str, **values: object) -> Text:
    """Give one sentence in both languages; a value that is a `Text` is taken by language.

    Raises
    ------
    NotFoundError
        Where the catalogue was not built.
    """
    zh = {name: one.zh if isinstance(one, Text) else one for name, one in values.items()}
    en = {name: one.en if isinstance(one, Text) else one for name, one in values.items()}
    return Text(zh=words_of(catalogue, "zh")(key, **zh), en=words_of(catalogue, "en")(key, **en))
