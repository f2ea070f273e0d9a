"""What the record refuses, as a code for programs and a sentence for people."""

from __future__ import annotations

from functools import lru_cache

from riskengine.errors import Language, NotFoundError, RiskEngineError, shown
from riskengine.explanation.texts import TextCatalogue
from riskengine.store.lookup import find_catalogue
from riskengine.text import Text

TEXTS = "casebook"


@lru_cache(maxsize=1)
def sentences() -> dict[str, Text]:
    """Sentences of the record in both languages, by key."""
    raw = find_catalogue("texts", TEXTS)
    if raw is None:
        raise NotFoundError("the record's texts are missing: run `riskengine schema build`")
    return TextCatalogue.model_validate(raw, strict=False).texts


def say(key: str, lang: Language, **values: object) -> str:
    """Give one sentence with its placeholders filled."""
    sentence = sentences()[key][lang]
    return sentence.format(**values) if values else sentence


class CasebookError(RiskEngineError):
    """Something that the record refuses.

    Attributes
    ----------
    code
        Stable name of the refusal, for programs.
    message
        The sentence in Chinese and in English.
    """

    def __init__(self, code: str, message: dict[Language, str]) -> None:
        self.code = code
        self.message = message
        super().__init__(message["en"])

    def text(self, lang: Language) -> str:
        """Return the sentence in one language."""
        return self.message[lang]


class Refused(CasebookError):
    """An act that the rules of the record do not allow (now, or for this person)."""


class NotHere(CasebookError):
    """Something that does not exist for this actor; a stranger learns no more than that."""


class Broken(CasebookError):
    """A record, file or key that is not what it claims to be."""


_BROKEN = frozenset({"wrong_key", "no_key", "bad_bundle", "bad_root", "bad_backup", "tampered"})


def refusal(code: str, **values: object) -> CasebookError:
    """Make the error of a code; values are quoted as the house quotes them.

    A value that is a `Text` is shown in the language of the sentence.
    """
    languages: tuple[Language, ...] = ("zh", "en")
    message: dict[Language, str] = {
        lang: say(
            f"error_{code}",
            lang,
            **{
                name: value[lang] if isinstance(value, Text) else shown(value)
                for name, value in values.items()
            },
        )
        for lang in languages
    }
    if code.startswith("no_such_"):
        return NotHere(code, message)
    return (Broken if code in _BROKEN else Refused)(code, message)
