"""What the person is told, on one sheet of large type.

The sheet is made from a `PersonNotice` alone. Nothing else of an explanation is at hand here, so
nothing that the notice leaves out can be printed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from riskengine.errors import Language
from riskengine.explanation.document import PersonNotice, PersonReason
from riskengine.explanation.texts import Texts
from riskengine.reports.figures import height, written_day

MOST_TOLD = 3
"""Reasons told in a sentence, either way; the others are named."""
READ_ALOUD: dict[Language, int] = {"zh": 480, "en": 300}
"""Chinese characters, or English words, that are read aloud slowly in two minutes."""

WHOLE = 78.0
"""Latin letters in a line of the sheet's large type."""
_DENSER: dict[Language, tuple[float, ...]] = {
    "zh": (21.0, 26.0, 31.0, 38.0),
    "en": (26.0, 31.0, 37.0, 45.0),
}

_HAN = re.compile(r"[㐀-鿿豈-﫿\U00020000-\U0003ffff]")
_WORD = re.compile(r"[0-9A-Za-z][0-9A-Za-z'’.-]*")


def spoken_length(text: str, lang: Language) -> int:
    """Count what is read aloud: characters of Chinese (a number counts as one), English words.

    Examples
    --------
    >>> spoken_length("2026年3月2日复核。", "zh"), spoken_length("A review on 2 March.", "en")
    (8, 5)
    """
    words = len(_WORD.findall(text))
    return words + (len(_HAN.findall(text)) if lang == "zh" else 0)


@dataclass(frozen=True)
class PersonSheet:
    """A notice and what a template needs to know about it."""

    notice: PersonNotice
    say: Texts

    @cached_property
    def person(self) -> str:
        """Whom the sheet is for."""
        return self.notice.person

    @cached_property
    def raises(self) -> tuple[PersonReason, ...]:
        """What raised it most, as it is told."""
        return self.notice.raises[:MOST_TOLD]

    @cached_property
    def lowers(self) -> tuple[PersonReason, ...]:
        """What lowered it most, as it is told."""
        return self.notice.lowers[:MOST_TOLD]

    def others(self, reasons: Sequence[PersonReason]) -> str:
        """The names of what else counted in one direction."""
        return self.say("joiner").join(one.label for one in reasons[MOST_TOLD:])

    @cached_property
    def not_answered(self) -> str:
        """What was not answered, in one line."""
        return self.say("joiner").join(self.notice.not_answered)

    @cached_property
    def looked_at(self) -> str:
        """What is looked at next, in one line."""
        return self.say("joiner").join(self.notice.looked_at)

    @cached_property
    def help_offered(self) -> str:
        """Help on offer, in one paragraph."""
        return self.say("clauses").join(self.notice.help_offered)

    @cached_property
    def density(self) -> int:
        """How much smaller the type must be for the sheet to stay on one page: 0 to 4."""
        return sum(self._lines > step for step in _DENSER[self.say.lang])

    @cached_property
    def _lines(self) -> float:
        """Lines of print that the sheet takes at its normal size, roughly."""
        n = self.notice
        columns = (
            [*(one.told + self.say("told_changeable") for one in shown), self.others(every)]
            for shown, every in ((self.raises, n.raises), (self.lowers, n.lowers))
        )
        whole = (
            n.about, n.what_rules_did, n.held or "", self.not_answered, n.how_sure,
            self.looked_at, self.help_offered, *n.rights, "".join(n.cautions),
        )  # fmt: skip
        return (
            1.3 * height([n.headline], WHOLE)
            + max(height(column, WHOLE / 2.2) for column in columns)
            + height(whole, WHOLE)
        )

    def day(self, day: date) -> str:
        """Write a date as the language does."""
        return written_day(day, self.say.lang)
