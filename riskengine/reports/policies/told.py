"""What the pages about a policy say alike."""

from __future__ import annotations

from collections.abc import Mapping

from riskengine.errors import Language
from riskengine.policy.document import INITIAL_SHARE, InitialPeriod
from riskengine.policy.words import period_words


class Told:
    """Fixed sentences of a page in one language."""

    def __init__(self, words: Mapping[str, tuple[str, str]], lang: Language) -> None:
        self.words, self.lang = words, lang

    def say(self, key: str, **values: object) -> str:
        """A fixed sentence."""
        text = self.words[key][0 if self.lang == "zh" else 1]
        return text.format(**values) if values else text

    def initial(self, initial: InitialPeriod | None) -> str:
        """The initial period: its tier and how long it lasts."""
        if initial is None:
            return self.say("none")
        told = period_words(initial.period, INITIAL_SHARE, self.lang)
        return f"{initial.tier.label[self.lang]}{self.say('comma')}{told}"
