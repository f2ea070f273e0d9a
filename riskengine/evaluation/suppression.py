"""Which cells of a table can be shown without giving away a small one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

SMALLEST = 20
"""Fewest people in a group that is shown."""


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
    table = people if people.ndim == 2 else people[None, :]
    found: Flags = (table > 0) & (table < smallest)
    # rows and columns are views: what is hidden in one is hidden in the other
    lines = list(zip(table, found, strict=True))
    if people.ndim == 2:
        lines += list(zip(table.T, found.T, strict=True))
    changed = True
    while changed:
        changed = False
        for sizes, secret in lines:
            if not secret.any() or (sizes[secret].sum() >= smallest and secret.sum() > 1):
                continue
            others = np.flatnonzero(~secret & (sizes > 0))
            if len(others):
                secret[others[np.argmin(sizes[others])]] = True
                changed = True
    return found if people.ndim == 2 else found[0]
