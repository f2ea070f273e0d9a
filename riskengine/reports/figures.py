"""Numbers and dates as a printed page writes them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from riskengine.errors import Language
from riskengine.scorecard.document import LOG_ODDS_BITS

DECIMALS = 2
"""Decimals of a log-odds on paper; the exact value is in the recommendation's JSON."""

# not strftime: its month names follow the machine's locale
_MONTHS = {
    1: "January",
    2: "February",
    3: "March",
    4: "April",
    5: "May",
    6: "June",
    7: "July",
    8: "August",
    9: "September",
    10: "October",
    11: "November",
    12: "December",
}


def written_day(day: date, lang: Language) -> str:
    """Write a date in full."""
    if lang == "zh":
        return f"{day.year}年{day.month}月{day.day}日"
    return f"{day.day} {_MONTHS[day.month]} {day.year}"


def minus(number: str) -> str:
    """Use the minus sign of typography; a zero has no sign.

    Examples
    --------
    >>> minus("-0.00"), minus("+3")
    ('0.00', '+3')
    """
    if not any(digit in number for digit in "123456789"):
        return number.lstrip("+-")
    return number.replace("-", "\N{MINUS SIGN}")


def percent(probability: str) -> str:
    """Write a probability in per cent, with as many decimals as say something.

    Examples
    --------
    >>> percent("0.407517712"), percent("0.002134000")
    ('40.8', '0.21')
    """
    value = 100 * float(probability)
    return f"{value:.1f}" if value >= 1 else f"{value:.2g}"


def height(texts: Iterable[str], width: float) -> float:
    """Lines that some paragraphs take, roughly.

    Parameters
    ----------
    width
        Latin letters in a line; a Chinese character takes the room of nearly two.
    """
    return sum(
        math.ceil(sum(1.85 if ord(character) > 0x2E7F else 1 for character in text) / width)
        for text in texts
    )


@dataclass(frozen=True)
class ScoreUnit:
    """The unit in which officers see a score: whole points, or log-odds rounded.

    Attributes
    ----------
    in_points
        Whether the scorecard has the form ``points``.
    """

    in_points: bool

    def amount(self, score_units: float) -> float:
        """Turn the scorecard's integer units into the unit that is shown."""
        return score_units if self.in_points else score_units / 2**LOG_ODDS_BITS

    def plain(self, amount: float) -> str:
        """Write a score."""
        return minus(f"{amount:.{self._decimals}f}")

    def signed(self, amount: float) -> str:
        """Write what something adds."""
        return minus(f"{amount:+.{self._decimals}f}")

    @property
    def _decimals(self) -> int:
        return 0 if self.in_points else DECIMALS
