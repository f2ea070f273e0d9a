"""District D, made up: 600 people of a rural district, from intake to a drafted policy.

Everything is drawn from one seed; nobody in it exists and no figure is evidence about any place.

    python examples/district_d/run.py --out out/district_d
"""

from __future__ import annotations

import argparse
import csv
import json
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from riskengine import Engine
from riskengine.intake.rejects import RejectWriter
from riskengine.planning.base_rate import base_rate, base_rate_words
from riskengine.planning.compare import compare, comparison_data, comparison_report
from riskengine.planning.document import plan_data, plan_draft
from riskengine.planning.guarantee import Promise
from riskengine.planning.hours import read_hours
from riskengine.planning.outcomes import read_past
from riskengine.planning.plan import Ask, Plan, make_plan
from riskengine.planning.reading import read_people
from riskengine.planning.register import read_register
from riskengine.planning.report import plan_figures, plan_report
from riskengine.planning.tasks import SimulatedRow, Task, as_csv
from riskengine.policy.history import PastTier
from riskengine.policy.tiers import Tier
from riskengine.schedule import contact_schedule, read_calendar, to_icalendar
from riskengine.store.lookup import find_policy
from riskengine.synthetic import DEFAULT, make_province
from riskengine.synthetic.dated import dated
from riskengine.synthetic.parameters import Number
from riskengine.synthetic.province import Province
from riskengine.synthetic.reassessment import reassess, under_supervision

SEED = 7
PLANNED_ON = date(2024, 7, 1)
PEOPLE = 600
INTAKES = 1_500
"""People taken in since 2021; about 600 of them are under supervision on the day of the plan."""
INTAKE_DAYS = 1_270
OFFICIAL_RATE = 0.002

OFFICES = (
    # office, officers, share of the people: townships of a rural county, all made up
    ("城关镇司法所（虚构）", 2, 0.15),
    ("甲乡司法所（虚构）", 2, 0.13),
    ("乙乡司法所（虚构）", 2, 0.12),
    ("丙镇司法所（虚构）", 2, 0.11),
    ("丁乡司法所（虚构）", 1, 0.08),
    ("戊乡司法所（虚构）", 1, 0.07),
    ("己镇司法所（虚构）", 2, 0.10),
    ("庚乡司法所（虚构）", 1, 0.07),
    ("辛乡司法所（虚构）", 1, 0.06),
    ("壬乡司法所（虚构）", 1, 0.05),
    ("癸乡司法所（虚构）", 1, 0.05),
)
HOURS_PER_OFFICER = 70
"""Hours a month that an officer of a township office has for community corrections (illustrative):
the same person does mediation, legal aid and publicity as well."""

ASK = Ask(
    promise=Promise(share=0.8, confidence=0.9, tier=Tier.ORDINARY),
    miss=10.0,
    needless=1.0,
    seed=SEED,
)
"""Illustrative: one later serious non-compliance weighs as much as ten people's year of needless
strictness. A district states its own."""

CALENDAR = {
    "format": "riskengine/calendar/1",
    "declared": ["work", "season", "permit"],
    "closed": [{"first": "2024-09-15", "last": "2024-09-17"}],
    "busy": [
        {"id": "harvest", "kind": "harvest", "first": "2024-07-08", "last": "2024-07-24"},
    ],
}


def main() -> None:
    """Run the example."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("out/district_d"))
    found = run(parser.parse_args().out)
    for remark in found.remarks:
        print(f"- {remark.text.zh}\n  {remark.text.en}")


def run(out: Path) -> Plan:
    """Make the district up, read its files as an office's, and plan."""
    out.mkdir(parents=True, exist_ok=True)
    make_files(out)
    engine = Engine.load()

    # 1. intake: rows that cannot be used are told and set aside
    people, bad = read_people(out / "caseload.csv", engine.instrument, on=PLANNED_ON)
    with RejectWriter(out / "rejects.csv", lang="zh") as rejects:
        for row in bad:
            rejects.write(row)

    # 2. the plan: the caseload, the hours, and what became of people of the past
    hours = read_hours(out / "officers.csv")
    register = read_register(out / "register.csv")
    past = read_past(
        out / "cohort.csv",
        engine.instrument,
        engine.scorecard.document.outcome,
        horizon_days=engine.scorecard.document.horizon_days,
        extracted_on=PLANNED_ON,
    )
    plan = make_plan(
        engine, people, on=PLANNED_ON, hours=hours, register=register, past=past, ask=ASK
    )
    write_plan(plan, out)

    # 3. the policy in force without its strict start, on the same people as if they all began
    # today: with the register, minimum stays would hold everybody where the start has put them
    document = find_policy("cn_default")[0]
    other = document.model_copy(update={"version": "1.0.1", "initial_period": None})
    found = compare(engine, document, other, people, on=PLANNED_ON, hours=hours)
    _write(out / "strict_start.json", _json(comparison_data(found)))
    _write(out / "strict_start.zh.md", comparison_report(found, "zh"))
    _write(out / "strict_start.en.md", comparison_report(found, "en"))

    # 4. one person's dates: a farmer at harvest time, far from the office
    farmer = next(
        one
        for one in people
        if one.known.get("work_season") == "seasonal"
        and one.known.get("employment_status") == "farming"
        and int(str(one.known.get("travel_minutes_to_office", 0))) >= 90
        and engine.recommend(one, on=PLANNED_ON).tiers
        and isinstance(end := one.known.get("end_date"), date)
        and end > PLANNED_ON + timedelta(days=180)
    )
    calendar = read_calendar(
        _json(
            {**CALENDAR, "person": farmer.person, "declared_on": PLANNED_ON.isoformat()}
        ).encode(),
        source="calendar",
    )
    decided = PastTier(Tier.ORDINARY, PLANNED_ON)
    for lang in ("zh", "en"):
        schedule = contact_schedule(
            engine, farmer, on=PLANNED_ON, decided=decided, calendar=calendar, lang=lang
        )
        _write(out / f"schedule.{lang}.json", schedule.model_dump_json(indent=2) + "\n")
        _write(out / f"schedule.{lang}.ics", to_icalendar(schedule))

    # 5. what a base rate of 0.2 % leaves to be known
    rate = base_rate(PEOPLE, OFFICIAL_RATE)
    _write(out / "base_rate.zh.md", base_rate_words(rate, "zh"))
    _write(out / "base_rate.en.md", base_rate_words(rate, "en"))
    return plan


def write_plan(plan: Plan, out: Path) -> None:
    """Write everything that `riskengine policy plan` writes."""
    _write(out / "plan.json", _json(plan_data(plan)))
    draft = plan_draft(plan).model_dump(mode="json", by_alias=True, exclude_none=True)
    _write(out / "draft.json", _json(draft))
    for lang in ("zh", "en"):
        _write(out / f"plan.{lang}.md", plan_report(plan, lang))
        for name, svg in plan_figures(plan, lang).items():
            _write(out / f"{name}.{lang}.svg", svg)
    _write(out / "simulation.csv", "\ufeff" + as_csv(plan.rows, SimulatedRow))
    _write(out / "tasks.csv", "\ufeff" + as_csv(plan.tasks, Task))


def make_files(out: Path) -> None:
    """Make the district up and write the four files that an agency would have."""
    ends = replace(DEFAULT.ends, intake_window_days=Number(float(INTAKE_DAYS)))
    province = make_province(["rural"], INTAKES, SEED, replace(DEFAULT, ends=ends))
    rng = np.random.default_rng([SEED, 4])
    names = [name for name, _, _ in OFFICES]
    shares = np.array([share for _, _, share in OFFICES])
    office = pd.Series(
        rng.choice(names, size=len(province.people), p=shares / shares.sum()),
        index=province.people["person"],
    )
    caseload = _caseload(province, rng, office)
    # an office's spreadsheet, in the encoding that spreadsheets there have, with one bad row
    bad = caseload.tail(1).copy()
    bad["person"], bad["drug_use"] = "D01-mistake", "sometimes"
    _table(pd.concat([caseload, bad]), out / "caseload.csv", encoding="gb18030")
    _rows(
        out / "officers.csv",
        ("office", "officers", "hours_per_month"),
        [(name, officers, officers * HOURS_PER_OFFICER) for name, officers, _ in OFFICES],
    )
    _rows(
        out / "register.csv", ("person", "office", "tier", "since", "reviewed"),
        _register(province, caseload, office),
    )  # fmt: skip
    past = dated(province, PLANNED_ON)
    past["delegation_office"] = office.loc[past["person"]].to_numpy()
    _table(past, out / "cohort.csv", encoding="utf-8")


def _caseload(
    province: Province, rng: np.random.Generator, office: pd.Series[str]
) -> pd.DataFrame:
    """Newest assessment of everybody under supervision on the day of the plan."""
    today = pd.Timestamp(PLANNED_ON)
    first = province.people.set_index("person")["assessed_on"]
    there = pd.DataFrame({"person": first[first < today].index})
    begun = first.loc[there["person"]].reset_index(drop=True)
    there["month"] = (today - begun).dt.days // 30
    there["on"] = today
    there = there[under_supervision(province, there)].reset_index(drop=True).head(PEOPLE)
    # most were assessed in the last weeks; for one in seven nobody came to it for months
    late = rng.random(len(there)) < 1 / 7
    days = np.where(late, rng.integers(70, 240, len(there)), rng.integers(0, 24, len(there)))
    last = today - pd.to_timedelta(days, unit="D")
    start = first.loc[there["person"]].to_numpy()
    again = last.to_numpy() > start + np.timedelta64(27, "D")
    at = there[again].assign(on=last[again]).reset_index(drop=True)
    newer = reassess(province, at).drop(columns=["month"]).assign(kind="reassessment")
    rest = set(there.loc[~again, "person"])
    older = province.people[province.people["person"].isin(rest)].assign(kind="intake")
    everybody = pd.concat([newer, older], ignore_index=True).sort_values("person")
    everybody["delegation_office"] = office.loc[everybody["person"]].to_numpy()
    return everybody.reset_index(drop=True)


def _register(
    province: Province, caseload: pd.DataFrame, office: pd.Series[str]
) -> list[tuple[object, ...]]:
    """Tier as practised on the day of the plan, since when, and when it was last looked at."""
    last = caseload.set_index("person")["assessed_on"]
    seen = province.contacts[province.contacts["month_start"] < pd.Timestamp(PLANNED_ON)]
    found = []
    for person, months in seen[seen["person"].isin(caseload["person"])].groupby(
        "person", sort=True
    ):
        tiers, starts = months["tier"].tolist(), months["month_start"].tolist()
        first = len(tiers) - 1
        while first and tiers[first - 1] == tiers[-1]:
            first -= 1
        since = starts[first]
        reviewed = max(since, last[person])
        found.append(
            (person, office[person], tiers[-1], f"{since:%Y-%m-%d}", f"{reviewed:%Y-%m-%d}")
        )
    return found


def _table(frame: pd.DataFrame, path: Path, *, encoding: str) -> None:
    """Write a spreadsheet; several answers stand in one cell, divided by semicolons."""
    several = {
        name: frame[name].map(lambda cell: ";".join(cell) if isinstance(cell, list) else cell)
        for name in ("harm_to_others_now", "prohibition_types")
    }
    frame.assign(**several).to_csv(path, index=False, encoding=encoding)


def _rows(path: Path, head: tuple[str, ...], rows: list[tuple[object, ...]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([head, *rows])


def _json(data: object) -> str:
    return json.dumps(data, ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="")


if __name__ == "__main__":
    main()
