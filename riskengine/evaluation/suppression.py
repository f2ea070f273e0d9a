"""The one rule of small cells: which groups of a table are shown without giving one away.

A number about a group of people is shown where the group is large enough. Where a group is too
small, so many others are hidden with it that no sum a reader knows gives it away: at least two,
and together at least as many people as a group that is shown. Outcomes within a group that is
shown are not a group: how many of 40 people had an event is told, be it none or all. A group of
nobody is shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

SMALLEST = 20
"""Fewest people in a group of a report that may leave the agency: evaluation, model page, plan."""
SMALLEST_INSIDE = 10
"""The same for what is read within the agency: monitor, overrides, silent use, exported rows."""


def hidden(people: Integers, smallest: int = SMALLEST) -> Flags:
    """Decide which groups of one table are hidden.

    Parameters
    ----------
    people
        Shape (groups,), whose sum a reader knows, or shape (strata, groups), whose sums of every
        row and column a reader knows. A group with nobody hides nothing.

    Returns
    -------
    Flags
        The same shape. In every line with anything hidden, so many people are hidden together
        that the known sum gives away no small group.
    """
    if people.ndim == 1:
        return hidden_in_lines(people, [slice(None)], smallest)
    rows, columns = people.shape
    place = np.arange(rows * columns).reshape(rows, columns)
    return hidden_in_lines(people.ravel(), [*place, *place.T], smallest).reshape(people.shape)


def hidden_in_lines(sizes: Integers, lines: Sequence[Any], smallest: int = SMALLEST) -> Flags:
    """Decide which groups are hidden where a reader knows the sums of certain lines of them.

    Parameters
    ----------
    sizes
        Shape (groups,).
    lines
        Positions, or masks, of the groups that a known sum is of.
    """
    found: Flags = (sizes > 0) & (sizes < smallest)
    positions = np.arange(len(sizes))
    of = [positions[line] for line in lines]
    changed = True
    while changed:
        changed = False
        for line in of:
            secret = line[found[line]]
            if not len(secret) or (sizes[secret].sum() >= smallest and len(secret) > 1):
                continue
            others = line[~found[line] & (sizes[line] > 0)]
            if len(others):
                found[others[np.argmin(sizes[others])]] = True
                changed = True
    return found


def gives_away(count: int, people: int, smallest: int) -> bool:
    """Whether a count of people, or the rest of them, is of a group too small to be shown."""
    return bool(hidden(np.array([count, people - count]), smallest).any())
