"""The sentences of pages, paper, terminal and service, from their catalogues."""

from __future__ import annotations

from functools import lru_cache

from riskengine.errors import Language, NotFoundError
from riskengine.explanation.texts import TextCatalogue, Texts, texts_in
from riskengine.store.lookup import find_catalogue


@lru_cache(maxsize=16)
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
