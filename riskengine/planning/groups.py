"""Which groups a policy moves, with small cells hidden.

Cells are hidden by the rule of `riskengine.evaluation.suppression`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from riskengine.evaluation.suppression import SMALLEST
from riskengine.evaluation.suppression import hidden as hidden_groups
from riskengine.instrument.assessment import Assessment
from riskengine.planning.exact import share_interval
from riskengine.text import Text

UNKNOWN = "unknown"

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Dimension:
    """One way of grouping people.

    Attributes
    ----------
    cells
        Names of its cells, in their order; `UNKNOWN` is added where somebody is in none.
    cell_of
        The cell of one assessment.
    """

    id: str
    label: Text
    cells: Mapping[str, Text]
    cell_of: Callable[[Assessment], str]


def _by_item(item: str, label: Text, cells: Mapping[str, tuple[Text, Sequence[str]]]) -> Dimension:
    of_level = {level: cell for cell, (_, levels) in cells.items() for level in levels}

    def cell_of(assessment: Assessment) -> str:
        return of_level.get(str(assessment.known.get(item)), UNKNOWN)

    return Dimension(item, label, {name: text for name, (text, _) in cells.items()}, cell_of)


_AGES = (
    ("under_25", Text(zh="25岁以下", en="under 25"), 25),
    ("25_39", Text(zh="25至39岁", en="25 to 39"), 40),
    ("40_59", Text(zh="40至59岁", en="40 to 59"), 60),
    ("60_up", Text(zh="60岁以上", en="60 and over"), 1_000),
)


def _age(assessment: Assessment) -> str:
    age = assessment.known.get("age_at_start")
    if not isinstance(age, int):
        return UNKNOWN
    return next(name for name, _, below in _AGES if age < below)


DIMENSIONS = (
    _by_item(
        "sex",
        Text(zh="性别", en="sex"),
        {
            "male": (Text(zh="男", en="men"), ("1",)),
            "female": (Text(zh="女", en="women"), ("2",)),
        },
    ),
    Dimension(
        "age_at_start",
        Text(zh="年龄", en="age"),
        {name: text for name, text, _ in _AGES},
        _age,
    ),
    _by_item(
        "legal_status",
        Text(zh="矫正类别", en="status"),
        {
            "01": (Text(zh="管制", en="public surveillance"), ("01",)),
            "02": (Text(zh="缓刑", en="probation"), ("02",)),
            "03": (Text(zh="假释", en="parole"), ("03",)),
            "04": (Text(zh="暂予监外执行", en="temporary execution outside prison"), ("04",)),
        },
    ),
    _by_item(
        "residence_area_type",
        Text(zh="城乡", en="urban or rural"),
        {
            "urban": (Text(zh="城镇", en="urban"), ("urban",)),
            "rural": (Text(zh="乡村", en="rural"), ("township", "village")),
        },
    ),
    _by_item(
        "education_level",
        Text(zh="文化程度", en="education"),
        {
            "to_junior": (
                Text(zh="初中及以下", en="junior secondary or less"),
                ("70", "80", "90"),
            ),
            "above": (
                Text(zh="高中、中专及以上", en="more than junior secondary"),
                ("10", "20", "30", "40", "60"),
            ),
        },
    ),
)
UNKNOWN_LABEL = Text(zh="不明", en="not known")


@dataclass(frozen=True)
class Rate:
    """A share with its exact 95 % limits; ``None`` in place of one whose denominator is small."""

    value: float
    low: float
    high: float
    of: int


@dataclass(frozen=True)
class Cell:
    """One group.

    Attributes
    ----------
    people
        ``None`` where it is hidden; then every figure is.
    strict, relaxed
        Shares at these tiers, first under the policy in force, then under the draft.
    up, down
        Shares who would move.
    caught, needless
        Of people of the past under the draft: share of those with the event who were at the
        promised tier or above; share of those without it who were.
    """

    dimension: str
    cell: str
    label: Text
    people: int | None
    strict: tuple[float, float] | None = None
    relaxed: tuple[float, float] | None = None
    up: float | None = None
    down: float | None = None
    caught: Rate | None = None
    needless: Rate | None = None


@dataclass(frozen=True)
class PastTiers:
    """What became of people of the past, and whether the draft has them at the promised tier."""

    assessments: Sequence[Assessment]
    event: Integers
    at_tier: NDArray[np.bool_]


def shown_cells(sizes: Mapping[str, int]) -> set[str]:
    """Cells that can be shown without giving away a small one."""
    secret = hidden_groups(np.array(list(sizes.values()), dtype=np.int64))
    pairs = zip(sizes.items(), secret, strict=True)
    return {name for (name, size), small in pairs if size and not small}


def group_cells(
    assessments: Sequence[Assessment],
    before: Integers,
    after: Integers,
    past: PastTiers | None,
) -> tuple[Cell, ...]:
    """Compare groups.

    Parameters
    ----------
    assessments, before, after
        The caseload with everybody's rank under the policy in force and under the draft.
    """
    found: list[Cell] = []
    for dimension in DIMENSIONS:
        of = np.array([dimension.cell_of(one) for one in assessments], dtype=object)
        then = (
            None
            if past is None
            else np.array([dimension.cell_of(one) for one in past.assessments], dtype=object)
        )
        names = [*dimension.cells, UNKNOWN]
        shown = shown_cells({name: int((of == name).sum()) for name in names})
        for name in names:
            here = of == name
            if not here.any():
                continue
            label = dimension.cells.get(name, UNKNOWN_LABEL)
            if name not in shown:
                found.append(Cell(dimension.id, name, label, None))
                continue
            old, new = before[here], after[here]
            caught = needless = None
            if past is not None and then is not None:
                at, event = past.at_tier[then == name], past.event[then == name]
                caught, needless = rate(at[event == 1]), rate(at[event == 0])
            found.append(
                Cell(
                    dimension=dimension.id,
                    cell=name,
                    label=label,
                    people=int(here.sum()),
                    strict=(_share(old == 2), _share(new == 2)),
                    relaxed=(_share(old == 0), _share(new == 0)),
                    up=_share(new > old),
                    down=_share(new < old),
                    caught=caught,
                    needless=needless,
                )
            )
    return tuple(found)


def _share(is_so: NDArray[np.bool_]) -> float:
    return float(is_so.mean())


def rate(is_so: NDArray[np.bool_]) -> Rate | None:
    """A share with its limits, where enough people stand behind it."""
    count, of = int(is_so.sum()), len(is_so)
    if of < SMALLEST:
        return None
    low, high = share_interval(count, of)
    return Rate(count / of, low, high, of)


def dimension_label(name: str) -> Text:
    """The label of a dimension."""
    return next(one.label for one in DIMENSIONS if one.id == name)


def hidden(cells: Iterable[Cell]) -> int:
    """How many cells are hidden."""
    return sum(cell.people is None for cell in cells)
