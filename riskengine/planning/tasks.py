"""What a new policy would say, as a simulation, and what people should look at, in order.

A batch gives nobody a tier. It says what the recommendation would be, and where that differs from
the tier in force it asks a person to review. An assessment that is too old comes out as stale and
says nothing else.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, fields
from datetime import date
from typing import Literal

from riskengine.intake.rejects import safe_cell
from riskengine.planning.people import Caseload, Person

TaskKind = Literal["alert", "overdue_review", "reassess", "complete", "review_due"]
ORDER: tuple[TaskKind, ...] = ("alert", "overdue_review", "reassess", "complete", "review_due")
"""Safety first, then what is overdue, then what cannot be answered, then what may change."""

State = Literal["simulated", "either", "stale", "term_over", "no_tier"]


@dataclass(frozen=True)
class SimulatedRow:
    """One person under the policy that was tried.

    Attributes
    ----------
    in_force
        The tier that a named person decided, empty where the register tells none.
    would_be
        What would be recommended; two tiers joined by ``|`` where either is defensible; empty
        where the assessment is stale or gives no tier.
    """

    person: str
    office: str
    state: State
    in_force: str
    would_be: str
    status: str
    binding_rule: str
    assessed_on: str
    fresh_until: str


@dataclass(frozen=True)
class Task:
    """Something for a person to do.

    Attributes
    ----------
    place
        Its place in the order of work of its office, from 1 on.
    since
        The day from which it waits.
    """

    office: str
    place: int
    kind: TaskKind
    person: str
    since: str
    detail: str


def simulate(load: Caseload) -> tuple[SimulatedRow, ...]:
    """Say what the policy would recommend for everybody."""
    return tuple(_row(person, load.on) for person in load.people)


def _row(person: Person, on: date) -> SimulatedRow:
    silent = not person.open_to(on)
    state: State
    if silent:
        state = "term_over" if person.over(on) else "stale"
    elif not person.tiers:
        state = "no_tier"
    else:
        state = "either" if len(person.tiers) > 1 else "simulated"
    return SimulatedRow(
        person=person.id,
        office=person.office,
        state=state,
        in_force="" if person.past is None else person.past.tier.value,
        would_be="" if silent else "|".join(tier.value for tier in person.tiers),
        status="" if silent else person.status,
        binding_rule="" if silent else person.binding or "",
        assessed_on=person.assessment.assessed_on.isoformat(),
        fresh_until=person.fresh_until.isoformat(),
    )


def tasks(load: Caseload) -> tuple[Task, ...]:
    """List what to look at, office by office, in the order in which to do it.

    Scarce hours change how far an office comes down its list, and nothing else.
    """
    found: list[tuple[str, int, date, str, TaskKind, str]] = []

    def add(person: Person, kind: TaskKind, since: date, detail: str) -> None:
        found.append((person.office, ORDER.index(kind), since, person.id, kind, detail))

    for person in load.people:
        if person.over(load.on):
            continue
        for alert in person.alerts:
            add(person, "alert", load.on, alert)
        if person.next_review is not None and person.next_review < load.on:
            add(person, "overdue_review", person.next_review, "")
        if person.stale(load.on):
            add(person, "reassess", person.fresh_until, "")
        elif person.status == "incomplete":
            add(person, "complete", person.assessment.assessed_on, person.binding or "")
        elif person.past is not None and person.tiers and person.past.tier not in person.tiers:
            due = person.next_review
            add(
                person,
                "review_due",
                load.on if due is None else max(due, load.on),
                f"{person.past.tier.value}->{'|'.join(one.value for one in person.tiers)}",
            )
    found.sort()
    placed: list[Task] = []
    counts: dict[str, int] = {}
    for office, _, since, name, kind, detail in found:
        counts[office] = counts.get(office, 0) + 1
        placed.append(Task(office, counts[office], kind, name, since.isoformat(), detail))
    return tuple(placed)


def as_csv(rows: Sequence[SimulatedRow] | Sequence[Task], kind: type) -> str:
    """Write rows as CSV; a cell that a spreadsheet would run is made harmless."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow([one.name for one in fields(kind)])
    for row in rows:
        writer.writerow([safe_cell(cell) for cell in astuple(row)])
    return out.getvalue()


def counted(rows: Iterable[Task]) -> dict[str, int]:
    """Number of tasks by kind, all kinds named."""
    found = dict.fromkeys(ORDER, 0)
    for row in rows:
        found[row.kind] += 1
    return {str(kind): count for kind, count in found.items()}
