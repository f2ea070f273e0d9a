"""How the articles of Chinese law are cited, and the days from which they hold."""

from __future__ import annotations

from datetime import date

from riskengine.policy.document import Citation
from riskengine.text import Text

CORRECTIONS_LAW = date(2020, 7, 1)
"""The Community Corrections Law and the Implementing Measures."""

INFORMATION_LAW = date(2021, 11, 1)
"""The Personal Information Protection Law."""

SECURITY_RECORDS_SEALED = date(2026, 1, 1)
"""The revised Public Security Administration Punishments Law (its text was not read)."""


def cite(zh: str, en: str) -> Citation:
    """Cite a statute whose text was read (as of April 2025)."""
    return Citation(text=Text(zh=zh, en=en), verified=True)
