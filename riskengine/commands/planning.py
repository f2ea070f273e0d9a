"""``riskengine schedule``, ``riskengine policy plan``, ``compare`` and ``adopt``."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from riskengine.commands.options import Lang, ModelOption
from riskengine.engine import DEFAULT_MODEL, DEFAULT_POLICY, Engine
from riskengine.errors import UseError

if TYPE_CHECKING:
    from riskengine.instrument.assessment import Assessment
    from riskengine.planning.register import Registered

_DAY = "%Y-%m-%d"


class TierName(StrEnum):
    """The tiers, as typed."""

    strict = "strict"
    ordinary = "ordinary"
    relaxed = "relaxed"


class CatchIn(StrEnum):
    """Tiers in which an event counts as caught."""

    strict = "strict"
    ordinary = "ordinary"


class Audience(StrEnum):
    """Whose calendar a file is for."""

    office = "office"
    person = "person"


LangOption = Annotated[Lang, typer.Option(help="Language of what is written.")]
OnOption = Annotated[datetime, typer.Option(formats=[_DAY], help="The day of the plan.")]
HoursOption = Annotated[
    Path, typer.Option(help="CSV with office, officers, hours_per_month.", exists=True)
]
RegisterOption = Annotated[
    Path | None,
    typer.Option(help="CSV with person, office, tier, since, reviewed.", exists=True),
]
OutOption = Annotated[Path, typer.Option(help="Folder to write to.")]


def add_to(app: typer.Typer) -> None:
    """Add ``plan``, ``compare`` and ``adopt`` to the policy commands."""
    app.command("plan")(plan)
    app.command("compare")(compare)
    app.command("adopt")(adopt)


def schedule(
    file: Annotated[Path, typer.Argument(help="One assessment in JSON.", exists=True)],
    on: Annotated[datetime, typer.Option(formats=[_DAY], help="First day of the schedule.")],
    out: Annotated[Path, typer.Option(help="File to write: .json or .ics.")],
    calendar: Annotated[
        Path | None, typer.Option(help="The person's declared days, in JSON.", exists=True)
    ] = None,
    tier: Annotated[
        TierName | None, typer.Option(help="The tier that was decided; a draft without.")
    ] = None,
    since: Annotated[
        datetime | None,
        typer.Option(formats=[_DAY], help="Day the tier took effect; --on if not given."),
    ] = None,
    audience: Annotated[Audience, typer.Option(help="Whose calendar it is.")] = Audience.office,
    model: ModelOption = DEFAULT_MODEL,
    policy: Annotated[str, typer.Option(help="Policy name or name@version.")] = DEFAULT_POLICY,
    lang: LangOption = Lang.zh,
) -> None:
    """Write the contacts of a tier as dated items, checked against work and life."""
    from riskengine.instrument.assessment import Assessment
    from riskengine.policy.history import PastTier
    from riskengine.policy.tiers import Tier
    from riskengine.schedule import contact_schedule, read_calendar, to_icalendar

    if out.suffix.lower() not in (".json", ".ics"):
        raise UseError(f"[{out.name}]: a schedule is written as .json or .ics")
    if since is not None and tier is None:
        raise UseError("--since needs --tier, the tier that was decided")
    engine = Engine.load(model, policy)
    assessment = Assessment.from_json(file.read_bytes(), engine.instrument, source=file.name)
    day = on.date()
    decided = None
    if tier is not None:
        decided = PastTier(Tier(tier.value), day if since is None else since.date())
    found = contact_schedule(
        engine,
        assessment,
        on=day,
        decided=decided,
        calendar=None
        if calendar is None
        else read_calendar(calendar.read_bytes(), source=calendar.name),
        lang=lang.code,
    )
    text = (
        to_icalendar(found, audience=audience.value)
        if out.suffix.lower() == ".ics"
        else found.model_dump_json(indent=2) + "\n"
    )
    _write(out, text)
    conflicts = sum(item.status == "conflict" for item in found.items)
    said = {
        "zh": f"{out}：{len(found.items)} 项，至 {found.until}；须先商定 {conflicts} 项，提示 "
        f"{len(found.remarks)} 条",
        "en": f"{out}: {len(found.items)} contacts until {found.until}; {conflicts} to agree on "
        f"beforehand, {len(found.remarks)} remarks",
    }
    typer.echo(said[lang.code])
    for remark in found.remarks:
        typer.echo(f"- {remark.id}: {remark.text} ({remark.citation})")


def plan(
    caseload: Annotated[
        Path, typer.Argument(help="The newest assessment of everybody.", exists=True)
    ],
    officers: HoursOption,
    on: OnOption,
    out: OutOption,
    register: RegisterOption = None,
    cohort: Annotated[
        Path | None, typer.Option(help="People with outcomes: CSV or Parquet.", exists=True)
    ] = None,
    outcome: Annotated[
        str | None, typer.Option(help="Outcome of the cohort; the model's if not given.")
    ] = None,
    extracted_on: Annotated[
        datetime | None,
        typer.Option(formats=[_DAY], help="Day up to which the cohort tells what happened."),
    ] = None,
    cost_miss: Annotated[
        float | None, typer.Option(help="Cost of an event at the relaxed tier.")
    ] = None,
    cost_needless: Annotated[
        float | None, typer.Option(help="Cost of the strict tier without an event.")
    ] = None,
    ordinary_of_miss: Annotated[
        float, typer.Option(help="Share of the cost of a miss that the ordinary tier leaves.")
    ] = 0.5,
    ordinary_of_needless: Annotated[
        float | None,
        typer.Option(help="Share of needless strictness; by officer minutes if not given."),
    ] = None,
    catch: Annotated[
        float | None, typer.Option(help="Share of later events to catch, such as 0.8.")
    ] = None,
    confidence: Annotated[float, typer.Option(help="Confidence of that guarantee.")] = 0.9,
    catch_in: Annotated[
        CatchIn, typer.Option(help="Caught means: at this tier or a stricter one.")
    ] = CatchIn.ordinary,
    relaxed_below: Annotated[
        int | None, typer.Option(help="State the cut-offs instead of searching them.")
    ] = None,
    strict_from: Annotated[int | None, typer.Option(help="See --relaxed-below.")] = None,
    within_hours: Annotated[
        bool, typer.Option("--within-hours", help="Search only what all hours together allow.")
    ] = False,
    version: Annotated[str | None, typer.Option(help="Version of the drafted policy.")] = None,
    seed: Annotated[int, typer.Option(help="Of the bootstrap and the folds.")] = 0,
    model: ModelOption = DEFAULT_MODEL,
    policy: Annotated[
        str, typer.Option(help="Policy in force: a name, or a file.")
    ] = DEFAULT_POLICY,
    lang: LangOption = Lang.zh,
) -> None:
    """Draft cut-offs for a caseload: hours, costs, guarantee, who would move. Changes nothing."""
    from riskengine.planning.document import plan_data, plan_draft
    from riskengine.planning.guarantee import Promise
    from riskengine.planning.hours import read_hours
    from riskengine.planning.outcomes import read_past
    from riskengine.planning.plan import Ask, make_plan
    from riskengine.planning.report import plan_figures, plan_report
    from riskengine.planning.tasks import SimulatedRow, Task, as_csv
    from riskengine.policy.bands import CutOffs
    from riskengine.policy.tiers import Tier

    if (relaxed_below is None) != (strict_from is None):
        raise UseError("state both cut-offs, --relaxed-below and --strict-from, or neither")
    engine = _engine(model, policy)
    past = None
    if cohort is not None:
        past = read_past(
            cohort,
            engine.instrument,
            outcome or engine.scorecard.document.outcome,
            horizon_days=engine.scorecard.document.horizon_days,
            extracted_on=None if extracted_on is None else extracted_on.date(),
        )
    stated = None
    if relaxed_below is not None and strict_from is not None:
        stated = CutOffs(relaxed_below, strict_from)
    ask = Ask(
        promise=None if catch is None else Promise(catch, confidence, Tier(catch_in.value)),
        miss=cost_miss,
        needless=cost_needless,
        ordinary_of_miss=ordinary_of_miss,
        ordinary_of_needless=ordinary_of_needless,
        cut_offs=stated,
        within_hours=within_hours,
        seed=seed,
        version=version,
    )
    found = make_plan(
        engine,
        _people(caseload, engine, on.date(), out, lang),
        on=on.date(),
        hours=read_hours(officers),
        register=_register(register),
        past=past,
        ask=ask,
    )
    _write_json(out / "plan.json", plan_data(found))
    draft = plan_draft(found)
    _write_json(
        out / "draft.json", draft.model_dump(mode="json", by_alias=True, exclude_none=True)
    )
    for one in (Lang.zh, Lang.en):
        _write(out / f"plan.{one.value}.md", plan_report(found, one.code))
        for name, svg in plan_figures(found, one.code).items():
            _write(out / f"{name}.{one.value}.svg", svg)
    _write(out / "simulation.csv", "\ufeff" + as_csv(found.rows, SimulatedRow))
    _write(out / "tasks.csv", "\ufeff" + as_csv(found.tasks, Task))
    for remark in found.remarks:
        typer.echo(f"- {remark.text[lang.code]}")
    said = {
        "zh": f"{out}：方案、模拟、任务和草案（宽管低于 {found.chosen.relaxed_below}，严管自 "
        f"{found.chosen.strict_from}）",
        "en": f"{out}: plan, simulation, tasks and draft (relaxed below "
        f"{found.chosen.relaxed_below}, strict from {found.chosen.strict_from})",
    }
    typer.echo(said[lang.code])


def compare(
    first: Annotated[str, typer.Argument(help="A policy by name, or a policy or draft file.")],
    second: Annotated[str, typer.Argument(help="The other one.")],
    caseload: Annotated[
        Path, typer.Option(help="The newest assessment of everybody.", exists=True)
    ],
    officers: HoursOption,
    on: OnOption,
    out: OutOption,
    register: RegisterOption = None,
    model: ModelOption = DEFAULT_MODEL,
    lang: LangOption = Lang.zh,
) -> None:
    """Try two policies on one caseload: hours, who would move, groups. Changes nothing."""
    from riskengine.planning.compare import (
        compare as compare_policies,
    )
    from riskengine.planning.compare import (
        comparison_data,
        comparison_figure,
        comparison_report,
    )
    from riskengine.planning.draft import load_policy
    from riskengine.planning.hours import read_hours
    from riskengine.planning.tasks import SimulatedRow, Task, as_csv

    engine = _engine(model, first)
    found = compare_policies(
        engine,
        load_policy(first),
        load_policy(second),
        _people(caseload, engine, on.date(), out, lang),
        on=on.date(),
        hours=read_hours(officers),
        register=_register(register),
    )
    _write_json(out / "comparison.json", comparison_data(found))
    for one in (Lang.zh, Lang.en):
        _write(out / f"comparison.{one.value}.md", comparison_report(found, one.code))
        _write(out / f"hours.{one.value}.svg", comparison_figure(found, one.code))
    _write(out / "simulation.csv", "\ufeff" + as_csv(found.rows, SimulatedRow))
    _write(out / "tasks.csv", "\ufeff" + as_csv(found.tasks, Task))
    typer.echo(comparison_report(found, lang.code))


def adopt(
    draft: Annotated[Path, typer.Argument(help="The draft of a plan.", exists=True)],
    by: Annotated[str, typer.Option(help="The authority, and who signed for it.")],
    on: Annotated[datetime, typer.Option(formats=[_DAY], help="Day of the decision.")],
    reason: Annotated[str, typer.Option(help="Why these cut-offs.")],
    out: Annotated[Path, typer.Option(help="File or folder for the adopted policy.")],
    valid_from: Annotated[
        datetime | None,
        typer.Option(formats=[_DAY], help="First day of the policy; --on if not given."),
    ] = None,
    model: ModelOption = DEFAULT_MODEL,
    lang: LangOption = Lang.zh,
) -> None:
    """Make an operational policy of a draft, by the decision of a named authority."""
    from riskengine.planning.draft import adopt as adopt_draft
    from riskengine.planning.draft import write_policy
    from riskengine.planning.variants import try_policy

    engine = Engine.load(model)
    policy = adopt_draft(
        draft,
        by=by,
        on=on.date(),
        reason=reason,
        valid_from=None if valid_from is None else valid_from.date(),
        engine=engine,
    )
    try_policy(engine, policy)
    path = out if out.suffix == ".json" else out / f"{policy.id}@{policy.version}.json"
    write_policy(policy, path)
    said = {
        "zh": f"{path}：{policy.id}@{policy.version}，{policy.adopted_by}于{on.date()}通过，"
        f"自{policy.valid_from}起施行",
        "en": f"{path}: {policy.id}@{policy.version}, adopted by {policy.adopted_by} on "
        f"{on.date()}, in force from {policy.valid_from}",
    }
    typer.echo(said[lang.code])


def _engine(model: str, policy: str) -> Engine:
    """An engine with a policy that may be a file, for trying it out."""
    from riskengine.planning.draft import load_policy
    from riskengine.planning.variants import try_policy

    if not Path(policy).is_file():
        return Engine.load(model, policy)
    return try_policy(Engine.load(model), load_policy(policy))


def _people(
    source: Path, engine: Engine, day: date, out: Path, lang: Lang
) -> Iterable[Assessment]:
    """Everybody in a file; rows that cannot be used go to a file of their own, and are told."""
    from riskengine.intake.rejects import RejectWriter
    from riskengine.planning.reading import read_people

    people, bad = read_people(source, engine.instrument, on=day)
    out.mkdir(parents=True, exist_ok=True)
    with RejectWriter(out / "rejects.csv", lang=lang.code) as rejects:
        for row in bad:
            rejects.write(row)
        if rejects.rows:
            said = {
                "zh": f"未采用 {rejects.rows} 行，见 {out / 'rejects.csv'}",
                "en": f"{rejects.rows} rows rejected, see {out / 'rejects.csv'}",
            }
            typer.echo(said[lang.code], err=True)
    return people


def _register(path: Path | None) -> dict[str, Registered] | None:
    from riskengine.planning.register import read_register

    return None if path is None else dict(read_register(path))


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="")


def _write_json(path: Path, data: Any) -> None:
    _write(path, json.dumps(data, ensure_ascii=False, indent=2, allow_nan=False) + "\n")
