"""``riskengine monitor`` and ``riskengine overrides``."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from riskengine.commands.inputs import day_of
from riskengine.commands.options import Lang, LangOption
from riskengine.engine import DEFAULT_MODEL

if TYPE_CHECKING:
    from riskengine.monitoring.conditions import StopConditions

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
        conditions=None if stop_conditions is not None else _registered(loaded.name),
    )
    written = write_monitoring(found, out)
    typer.echo(said(f"verdict_{found.verdict}", count=len(found.alarms))[lang.code])
    for text in (*(one.text for one in found.alarms), *(one.text for one in found.proposals)):
        typer.echo(f"- {text[lang.code]}")
    for path in written:
        typer.echo(str(path))
    raise typer.Exit(found.exit_code)


def _registered(model: str) -> StopConditions | None:
    """Conditions on file in the registry, in the monitor's own words."""
    from riskengine.monitoring.conditions import read_stop_conditions
    from riskengine.registry.readiness import find_conditions

    found = find_conditions(model)
    if found is None:
        return None
    return read_stop_conditions(
        found.model_dump_json().encode(), source=f"{model}: stop conditions in the registry"
    )


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
    on: Annotated[
        datetime | None, typer.Option(formats=_DAY, help="Day up to which outcomes are known.")
    ] = None,
    lang: LangOption = Lang.zh,
) -> None:
    """Count what became of people whose recommended tier was changed."""
    from riskengine.casebook.rules import find_rules
    from riskengine.monitoring.overrides import override_outcomes
    from riskengine.monitoring.run import read_joined, read_moves
    from riskengine.reports.monitoring.page import overrides_page
    from riskengine.store.lookup import find_model

    reasons = {one.id: one.label for one in find_rules("default").override_reasons}
    if outcomes is None:
        moves = read_moves(decisions)
    else:
        moves = read_joined(decisions, outcomes, find_model(model), on=day_of(on))
    found = override_outcomes(moves, reasons=reasons)
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
