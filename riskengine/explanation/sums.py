"""Rounding a set of shares so that what is printed adds up to what is printed."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction


def apportioned(parts: Sequence[int], scale: Fraction) -> list[int]:
    """Scale integers to whole numbers whose sum is the scaled sum, rounded once.

    What rounding down leaves over goes to the largest remainders, in order.

    Parameters
    ----------
    parts
        Contributions in any common unit.
    scale
        Target units of one unit of ``parts``.

    Returns
    -------
    list of int
        Its sum is ``round(scale * sum(parts))``; every entry is off by less than one.
    """
    numerator, denominator = scale.as_integer_ratio()
    shares = [divmod(part * numerator, denominator) for part in parts]
    whole = [share for share, _ in shares]
    left = round(Fraction(sum(parts)) * scale) - sum(whole)
    for i in sorted(range(len(shares)), key=lambda i: (-shares[i][1], i))[:left]:
        whole[i] += 1
    return whole
