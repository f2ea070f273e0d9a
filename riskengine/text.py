"""A text in Chinese and English, of the same standing."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from riskengine.errors import Language

FROZEN = ConfigDict(extra="forbid", frozen=True, strict=True)


class Text(BaseModel):
    """One text in both languages; neither may be empty."""

    model_config = FROZEN

    zh: str = Field(min_length=1)
    en: str = Field(min_length=1)

    def __getitem__(self, lang: Language) -> str:
        return self.zh if lang == "zh" else self.en
