"""Two policies on one caseload: hours, who would move, groups. A simulation of both."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riskengine.engine import Engine
from riskengine.errors import Language
from riskengine.evaluation.suppression import SMALLEST
from riskengine.instrument.assessment import Assessment
from riskengine.planning.figures import Bar, hours_plot
from riskengine.planning.groups import Cell, dimension_label, group_cells
from riskengine.planning.hours import OfficeHours
from riskengine.planning.people import Caseload, caseload
from riskengine.planning.plan import both_ranks
from riskengine.planning.register import Registered
from riskengine.planning.report import percent, table
from riskengine.planning.tasks import SimulatedRow, Task, counted, simulate, tasks
from riskengine.planning.variants import try_policy
from riskengine.planning.workload import OfficeLoad, by_office
from riskengine.policy.document import PolicyDocument
from riskengine.policy.tiers import Tier

FORMAT = "riskengine/policy-comparison/1"


@dataclass(frozen=True)
class Comparison:
    """What two policies make of the same people on the same day.

    Attributes
    ----------
    moves
        People by tier under the first (rows) and the second; shape (3, 3).
    rows, tasks
        The second as a simulation, and what people would have to review under it.
    """

    first: Caseload
    second: Caseload
    loads_first: tuple[OfficeLoad, ...]
    loads_second: tuple[OfficeLoad, ...]
    moves: NDArray[np.int64]
    cells: tuple[Cell, ...]
    rows: tuple[SimulatedRow, ...]
    tasks: tuple[Task, ...]


def compare(
    engine: Engine,
    first: PolicyDocument,
    second: PolicyDocument,
    assessments: Iterable[Assessment],
    *,
    on: date,
    hours: Mapping[str, OfficeHours],
    register: Mapping[str, Registered] | None = None,
) -> Comparison:
    """Try two policies on a caseload; neither needs to be adopted.

    Parameters
    ----------
    engine
        Scorecard and law; its own policy is not used.
    assessments, on, hours, register
        As in `riskengine.planning.plan.make_plan`.
    """
    people = list(assessments)
    one = caseload(try_policy(engine, first), people, on=on, register=register)
    two = caseload(try_policy(engine, second), people, on=on, register=register)
    old, new, who = both_ranks(one, two)
    moves = np.zeros((3, 3), dtype=np.int64)
    np.add.at(moves, (old, new), 1)
    return Comparison(
        first=one,
        second=two,
        loads_first=by_office(one, hours),
        loads_second=by_office(two, hours),
        moves=moves,
        cells=group_cells(who, old, new, None),
        rows=simulate(two),
        tasks=tasks(two),
    )


def comparison_data(found: Comparison) -> dict[str, Any]:
    """Give the comparison as JSON-like data; nothing in it names a person."""
    return {
        "format": FORMAT,
        "on": found.first.on.isoformat(),
        "first": found.first.engine.provenance.policy,
        "second": found.second.engine.provenance.policy,
        "model": found.first.engine.provenance.model,
        "people": len(found.first.people),
        "hours": {
            "first": [{**asdict(load), "short": load.short} for load in found.loads_first],
            "second": [{**asdict(load), "short": load.short} for load in found.loads_second],
        },
        "moves": {
            Tier.at(row).value: {
                Tier.at(column).value: int(found.moves[row, column]) for column in range(3)
            }
            for row in range(3)
        },
        "smallest_cell": SMALLEST,
        "groups": [{**asdict(cell), "label": cell.label.model_dump()} for cell in found.cells],
        "tasks": counted(found.tasks),
    }


def comparison_figure(found: Comparison, lang: Language) -> str:
    """Draw the hours of both by office."""
    zh = lang == "zh"
    first, second = (str(load.engine.provenance.policy) for load in (found.first, found.second))
    return hours_plot(
        [
            Bar(one.office, one.needed, two.needed, two.available)
            for one, two in zip(found.loads_first, found.loads_second, strict=True)
        ],
        title="各所每月所需工时" if zh else "Hours a month by office",
        x_label="小时/月" if zh else "hours a month",
        names=(first, second, "现有" if zh else "there are"),
    )


def comparison_report(found: Comparison, lang: Language) -> str:
    """Write the comparison as Markdown."""
    zh = lang == "zh"
    first, second = (str(load.engine.provenance.policy) for load in (found.first, found.second))
    labels = [tier.label[lang] for tier in Tier]
    lines = [
        f"# {first} → {second}",
        "",
        "这是模拟，不改变任何人的管理类别。" if zh else "A simulation: it changes nobody's tier.",
        "",
        *table(
            (
                ("司法所", "人数", first, second, "现有", "缺口")
                if zh
                else ("office", "people", first, second, "there are", "short")
            ),
            [
                (
                    two.office,
                    str(two.people),
                    f"{one.needed:.0f}",
                    f"{two.needed:.0f}",
                    "–" if two.available is None else f"{two.available:.0f}",
                    f"{two.short:.0f}" if two.short else "",
                )
                for one, two in zip(found.loads_first, found.loads_second, strict=True)
            ],
        ),
        "",
        "小时/月。" if zh else "Hours a month.",
        "",
        *table(
            (f"{first} ＼ {second}", *labels),
            [
                (labels[row], *(str(int(found.moves[row, column])) for column in range(3)))
                for row in range(3)
            ],
        ),
        "",
        *table(
            ("", "组", "人数", "严管", "宽管", "上调", "下调")
            if zh
            else ("", "group", "people", "strict", "relaxed", "up", "down"),
            [_group(cell, lang) for cell in found.cells],
        ),
        "",
        f"× 不足{SMALLEST}人，或者能由合计推出，不列。"
        if zh
        else f"× fewer than {SMALLEST} people, or to be worked out from the total: not shown.",
    ]
    return "\n".join(lines) + "\n"


def _group(cell: Cell, lang: Language) -> tuple[str, ...]:
    name = dimension_label(cell.dimension)[lang]
    if cell.people is None:
        return (name, cell.label[lang], "×", "", "", "", "")
    assert cell.strict is not None and cell.relaxed is not None
    return (
        name,
        cell.label[lang],
        str(cell.people),
        f"{percent(cell.strict[0])} → {percent(cell.strict[1])}",
        f"{percent(cell.relaxed[0])} → {percent(cell.relaxed[1])}",
        percent(cell.up or 0.0),
        percent(cell.down or 0.0),
    )
