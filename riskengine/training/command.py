"""The command ``riskengine train``, which ``train.py`` also runs."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from riskengine.errors import RiskEngineError
from riskengine.store.lookup import find_instrument
from riskengine.training.cohort import WOOLDRIDGE, Cohort, Reject

if TYPE_CHECKING:
    from riskengine.training.pipeline import Trained
    from riskengine.training.settings import Settings

DEFAULT_INSTRUMENT = "nc_prison_release"
DEFAULT_OUTCOME = "return_3y"
_SHOWN = 10


class LearnerOption(StrEnum):
    """The learners by name."""

    update = "update"
    stacked = "stacked"
    ebm = "ebm"
    light = "light"


class FormOption(StrEnum):
    """What comes out: tables with pairs, or points that a person can add up."""

    full = "full"
    points = "points"


def train_command(
    instrument: Annotated[
        str | None, typer.Option(help="Instrument, as NAME or NAME@VERSION.")
    ] = None,
    outcome: Annotated[str | None, typer.Option(help="One of the instrument's outcomes.")] = None,
    cohort: Annotated[
        Path | None, typer.Option(help="People with answers and outcome: .csv, .csv.gz, .parquet.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="The model's own folder; with --districts, the province's.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Everything random follows from it.")] = 0,
    learner: Annotated[
        LearnerOption | None,
        typer.Option(
            help="update: published evidence first, and outcomes update it (default where there "
            "is evidence); stacked, ebm: from data alone, with pairs; light: quick, without."
        ),
    ] = None,
    form: Annotated[
        FormOption, typer.Option(help="points: a dozen items that a person can add up.")
    ] = FormOption.full,
    pairs: Annotated[
        int | None, typer.Option(help="Pairs of items; default one for 50 events, at most 100.")
    ] = None,
    also: Annotated[
        list[str] | None,
        typer.Option(help="With --learner stacked: another outcome of the same people."),
    ] = None,
    replicates: Annotated[
        int, typer.Option(help="Refits or draws for the intervals: 0, or at least 100.")
    ] = 0,
    base_rate: Annotated[
        float | None,
        typer.Option(help="Share of people with the outcome that is stated for the district."),
    ] = None,
    assessments: Annotated[
        Path | None,
        typer.Option(help="People whose answers are known, as the reference; no outcomes."),
    ] = None,
    horizon_days: Annotated[
        int | None, typer.Option(help="One of the outcome's horizons; default the first.")
    ] = None,
    extracted_on: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"], help="Up to which day a file of days shows what happened."
        ),
    ] = None,
    districts: Annotated[
        str | None,
        typer.Option(help="Column or item that tells districts apart: a model for each as well."),
    ] = None,
    no_district: Annotated[
        list[str] | None,
        typer.Option(help="With --districts: a name there that is no district."),
    ] = None,
    include_protected: Annotated[
        bool, typer.Option("--include-protected", help="Benchmarks only.")
    ] = False,
    compare: Annotated[
        bool,
        typer.Option("--compare", help="Benchmarks: what leaving protected items out costs."),
    ] = False,
    threads: Annotated[int, typer.Option(help="Processes; no result depends on them.")] = 1,
    evidence_only: Annotated[
        bool,
        typer.Option("--evidence-only", help="From published evidence, with nobody's outcomes."),
    ] = False,
) -> None:
    """Learn a scorecard from a cohort with outcomes, or build one from published evidence.

    Without arguments it learns three-year return to prison from the public textbook table of
    North Carolina releases, into the folder trained/.
    """
    try:
        if evidence_only:
            _from_evidence(instrument, outcome, cohort, out, assessments, base_rate)
            return
        if no_district and districts is None:
            raise typer.BadParameter("--no-district goes with --districts")
        # its libraries are heavy, and every other command lives without them
        from riskengine.training.settings import Settings

        settings = Settings(
            seed=seed,
            learner=None if learner is None else learner.value,
            form=form.value,
            pairs=pairs,
            also=tuple(also or ()),
            replicates=replicates,
            base_rate=base_rate,
            horizon_days=horizon_days,
            extracted_on=None if extracted_on is None else extracted_on.date(),
            include_protected=include_protected,
            compare=compare,
            threads=threads,
        )
        _train(
            instrument,
            outcome,
            cohort,
            out,
            settings,
            assessments=assessments,
            districts=districts,
            no_district=tuple(no_district or ()),
        )
    except RiskEngineError as error:
        typer.echo(f"Not trained. {error}", err=True)
        raise typer.Exit(2) from error
    except ModuleNotFoundError as error:
        typer.echo(f"training needs [{error.name}]: pip install 'riskengine[train]'", err=True)
        raise typer.Exit(2) from error


def _from_evidence(
    instrument: str | None,
    outcome: str | None,
    cohort: Path | None,
    out: Path | None,
    assessments: Path | None,
    base_rate: float | None,
) -> None:
    from riskengine.training.from_evidence import train_from_evidence

    if cohort is not None:
        raise typer.BadParameter(
            "--evidence-only takes no --cohort: it uses nobody's outcomes. Answers alone go in by "
            "--assessments"
        )
    if instrument is None or outcome is None or out is None:
        raise typer.BadParameter("--evidence-only needs --instrument, --outcome and --out")
    document = train_from_evidence(
        find_instrument(instrument), outcome, out, assessments=assessments, base_rate=base_rate
    )
    people = document.reference.people
    typer.echo(
        f"{document.id} {document.version}: {len(document.items)} items from "
        f"{len(document.evidence)} published effects, "
        + (f"{people} assessments without outcomes" if people else "no people")
    )
    if base_rate is not None:
        typer.echo(f"mean risk {base_rate:g} is assumed; nothing was calibrated")
    typer.echo(f"Written to {out}")


def _train(
    instrument: str | None,
    outcome: str | None,
    cohort: Path | None,
    out: Path | None,
    settings: Settings,
    *,
    assessments: Path | None,
    districts: str | None,
    no_district: tuple[str, ...],
) -> None:
    from riskengine.training.district_models import PROVINCE, REPORTS
    from riskengine.training.export import model_id
    from riskengine.training.pipeline import train
    from riskengine.training.progress import reporting
    from riskengine.training.provinces import train_province

    name = instrument or DEFAULT_INSTRUMENT
    table = name.partition("@")[0] == DEFAULT_INSTRUMENT
    if cohort is None and not table:
        raise typer.BadParameter(f"--cohort FILE is needed for [{name}]")
    if outcome is None and not table:
        raise typer.BadParameter(f"--outcome is needed for [{name}]")
    found = find_instrument(name)
    outcome = outcome or DEFAULT_OUTCOME
    if out is None:
        definition = found.outcomes_by_id.get(outcome)
        folder = model_id(found, definition, definition.horizon_days[0]) if definition else outcome
        if settings.form == "points":
            folder = f"{folder}_points"
        out = Path("trained") / folder / settings.version
    source = cohort or WOOLDRIDGE
    with reporting() as report:
        if districts is None:
            trained = train(
                found, outcome, source, out, settings, assessments=assessments, report=report
            )
        else:
            trained, _ = train_province(
                found,
                outcome,
                source,
                out,
                settings,
                districts=districts,
                no_district=no_district,
                assessments=assessments,
                report=report,
            )
    if districts is None:
        _tell(trained, out)
        return
    _tell(trained, out / PROVINCE)
    typer.echo((out / REPORTS["en"]).read_text(encoding="utf-8"))
    typer.echo(f"A folder for every district, and {', '.join(REPORTS.values())}: {out}")


def _tell(trained: Trained, out: Path) -> None:
    document, cohort = trained.document, trained.cohort
    typer.echo(
        f"{document.id} {document.version}: {cohort.people} people, {cohort.events} events, "
        f"{len(document.axes)} items, {len(document.terms) - len(document.axes)} pairs"
    )
    for metric in document.evaluation:
        interval = "" if metric.low is None else f"  ({metric.low:.4f} to {metric.high:.4f})"
        typer.echo(f"  {metric.name:<42} {metric.value:>9.5f}{interval}")
    for one in trained.explained:
        typer.echo(f"  explained by the instrument: {one.words()}")
    _tell_rows(cohort, out)
    typer.echo(f"Written to {out}")


def _tell_rows(cohort: Cohort, out: Path) -> None:
    """Say which rows were not learned from; those with a bad answer go to a file of their own."""
    if cohort.rejects:
        # beside the model and not in it: a model folder holds no rows of people
        path = out.with_name(f"{out.name}.rejects.csv")
        write_rejects(cohort.rejects, path)
        rows = len({reject.row for reject in cohort.rejects})
        typer.echo(f"{rows} rows set aside, listed in {path}:", err=True)
        for reject in cohort.rejects[:_SHOWN]:
            typer.echo(f"  row {reject.row}: {reject.message}", err=True)
    if cohort.unlabelled:
        typer.echo(f"{len(cohort.unlabelled)} rows without an outcome, such as:", err=True)
        for row, reason in cohort.unlabelled[:_SHOWN]:
            typer.echo(f"  row {row}: {reason}", err=True)


def write_rejects(rejects: Sequence[Reject], path: Path) -> None:
    """Write the rows that were set aside, a line for each thing that was wrong."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["row", "item", "value", "reason"])
        writer.writerows([r.row, r.item, r.value, r.message] for r in rejects)


def main() -> None:
    """Run the command by itself."""
    typer.run(train_command)
