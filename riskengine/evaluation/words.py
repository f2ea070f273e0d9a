"""Sentences of an evaluation in both languages."""

from __future__ import annotations

from functools import lru_cache

from riskengine.errors import NotFoundError
from riskengine.evaluation.document import FigureName, WhyNot
from riskengine.explanation.texts import TextCatalogue
from riskengine.store.lookup import find_catalogue
from riskengine.text import Text

CATALOGUE = "evaluation"


@lru_cache(maxsize=1)
def _texts() -> dict[str, Text]:
    raw = find_catalogue("texts", CATALOGUE)
    if raw is None:
        raise NotFoundError(f"the texts [{CATALOGUE}] are missing: run `riskengine schema build`")
    return TextCatalogue.model_validate(raw, strict=False).texts


def text(key: str, **values: object) -> Text:
    """A sentence with its placeholders filled; a value that is a `Text` is taken by language."""
    found = _texts()[key]
    zh = {name: one.zh if isinstance(one, Text) else one for name, one in values.items()}
    en = {name: one.en if isinstance(one, Text) else one for name, one in values.items()}
    return Text(zh=found.zh.format(**zh), en=found.en.format(**en))


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
