"""``riskengine monitor`` and ``riskengine overrides``."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from riskengine.commands.inputs import day_of
from riskengine.commands.options import Lang, LangOption
from riskengine.engine import DEFAULT_MODEL, DEFAULT_POLICY

_DAY = ["%Y-%m-%d"]


def monitor(
    model: Annotated[str, typer.Argument(help="Model name, name@version, or folder.")],
    recent: Annotated[Path, typer.Argument(help="Assessments with their days.")],
    out: Annotated[Path, typer.Option(help="Folder to write.")],
    reference: Annotated[
        Path | None, typer.Option(help="Assessments of a period to compare with.")
    ] = None,
    decisions: Annotated[
        Path | None, typer.Option(help="Decisions: decided_on, recommended, decided.")
    ] = None,
    outcomes: Annotated[Path | None, typer.Option(help="Cohort with outcomes so far.")] = None,
    reference_outcomes: Annotated[
        Path | None,
        typer.Option(help="Cohort of the reference, for a model without probabilities."),
    ] = None,
    validated_on: Annotated[
        datetime | None, typer.Option(formats=_DAY, help="Day of the last validation.")
    ] = None,
    stop_conditions: Annotated[
        Path | None,
        typer.Option(
            help="Stop conditions (JSON); without it those under which the model went live."
        ),
    ] = None,
    thresholds: Annotated[Path | None, typer.Option(help="Own thresholds, YAML or JSON.")] = None,
    on: Annotated[
        datetime | None, typer.Option(formats=_DAY, help="Day of the run; today if not given.")
    ] = None,
    lang: LangOption = Lang.zh,
) -> None:
    """Watch a model; exit with 0 quiet, 3 alarm, 4 stop condition met, 5 too little to judge."""
    from riskengine.monitoring.run import Inputs, run_monitor, write_monitoring
    from riskengine.monitoring.thresholds import read_thresholds
    from riskengine.monitoring.words import said
    from riskengine.registry.readiness import find_conditions
    from riskengine.store.lookup import find_model

    loaded = find_model(model)
    found = run_monitor(
        loaded,
        Inputs(
            recent=recent,
            reference=reference,
            decisions=decisions,
            outcomes=outcomes,
            reference_outcomes=reference_outcomes,
            validated_on=None if validated_on is None else validated_on.date(),
            stop_conditions=stop_conditions,
        ),
        on=day_of(on),
        thresholds=None if thresholds is None else read_thresholds(thresholds),
        conditions=None if stop_conditions is not None else find_conditions(loaded.name),
    )
    written = write_monitoring(found, out)
    typer.echo(said(f"verdict_{found.verdict}", count=len(found.alarms))[lang.code])
    for text in (*(one.text for one in found.alarms), *(one.text for one in found.proposals)):
        typer.echo(f"- {text[lang.code]}")
    for path in written:
        typer.echo(str(path))
    raise typer.Exit(found.exit_code)


def overrides(
    decisions: Annotated[
        Path,
        typer.Argument(help="Decisions, as `riskengine casebook decisions` writes them."),
    ],
    out: Annotated[Path, typer.Option(help="Folder to write.")],
    outcomes: Annotated[
        Path | None, typer.Option(help="Cohort with outcomes so far and the decisions' ids.")
    ] = None,
    model: Annotated[
        str, typer.Option(help="Model whose outcome, horizon and instrument are meant.")
    ] = DEFAULT_MODEL,
    policy: Annotated[
        str, typer.Option(help="Policy that names the rules which bound the recommendations.")
    ] = DEFAULT_POLICY,
    on: Annotated[
        datetime | None, typer.Option(formats=_DAY, help="Day up to which outcomes are known.")
    ] = None,
    lang: LangOption = Lang.zh,
) -> None:
    """Count what became of people whose recommended tier was changed."""
    from riskengine.casebook.rules import find_rules
    from riskengine.monitoring.overrides import override_outcomes
    from riskengine.monitoring.run import read_joined, read_moves
    from riskengine.monitoring.thresholds import find_thresholds
    from riskengine.reports.monitoring.page import overrides_page
    from riskengine.store.lookup import find_model, find_policy

    rules = {one.id: one.title for one in find_policy(policy)[0].rules}
    reasons = {one.id: one.label for one in find_rules("default").override_reasons}
    if outcomes is None:
        moves = read_moves(decisions)
    else:
        moves = read_joined(decisions, outcomes, find_model(model), on=day_of(on))
    smallest = find_thresholds().smallest_cell.value
    found = override_outcomes(moves, reasons=reasons, rules=rules, smallest=smallest)
    out.mkdir(parents=True, exist_ok=True)
    table = out / "overrides.csv"
    found.frame().to_csv(table, index=False, encoding="utf-8", lineterminator="\n")
    typer.echo(found.caution[lang.code])
    for row in found.rows:
        if row.text is not None:
            typer.echo(f"- {row.text[lang.code]}")
    typer.echo(str(table))
    for each in Lang:
        page = out / f"overrides.{each.value}.html"
        page.write_text(overrides_page(found, lang=each.code), encoding="utf-8", newline="\n")
        typer.echo(str(page))
