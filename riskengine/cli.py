"""The command line. Each command is a thin call into the library."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from pydantic import BaseModel
from rich.console import Console

from riskengine.commands import evaluate as evaluate_commands
from riskengine.commands import explain as explain_commands
from riskengine.commands import models as models_commands
from riskengine.commands import monitor as monitor_commands
from riskengine.commands import paper as paper_commands
from riskengine.commands import planning as planning_commands
from riskengine.commands import policy as policy_commands
from riskengine.commands import registry as registry_commands
from riskengine.commands import serve as serve_commands
from riskengine.commands.casebook import casebook_app, suspend_command
from riskengine.commands.inputs import assessments as _assessments
from riskengine.commands.inputs import day_of as _day
from riskengine.commands.inputs import engine_for as _engine
from riskengine.commands.inputs import problems as _problems
from riskengine.commands.law import law_app
from riskengine.commands.options import (
    Lang,
    LangOption,
    ModelOption,
    OnOption,
    PolicyOption,
    RecordOption,
    ResearchOption,
)
from riskengine.commands.reading import documents, recorded
from riskengine.commands.report import report
from riskengine.engine import DEFAULT_MODEL, DEFAULT_POLICY
from riskengine.errors import RiskEngineError
from riskengine.training.command import train_command

app = typer.Typer(
    name="riskengine",
    help="Explainable risk assessment for community corrections. It recommends; a person decides.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
schema_app = typer.Typer(help="Build and check instruments, policies and texts.")
app.add_typer(schema_app, name="schema", no_args_is_help=True)
evidence_app = typer.Typer(help="What is known from published studies.")
app.add_typer(evidence_app, name="evidence", no_args_is_help=True)
app.add_typer(law_app, name="law", no_args_is_help=True)
app.add_typer(policy_commands.app, name="policy", no_args_is_help=True)
planning_commands.add_to(policy_commands.app)
app.command()(planning_commands.schedule)
models_commands.app.command("sql")(paper_commands.models_sql)
app.add_typer(models_commands.app, name="models")
app.add_typer(registry_commands.app, name="registry", no_args_is_help=True)
app.command()(explain_commands.explain)
app.command()(evaluate_commands.evaluate)
app.command()(monitor_commands.monitor)
app.command()(monitor_commands.overrides)
app.command()(report)
app.command("paper-form")(paper_commands.paper_form)
app.add_typer(casebook_app, name="casebook", no_args_is_help=True)
app.command("suspend")(suspend_command)
serve_commands.add_to(app)


EXTRAS = {
    **{"yaml": "authoring", "pandas": "files", "pyarrow": "files", "openpyxl": "files"},
    **{"sqlalchemy": "casebook", "alembic": "casebook", "cryptography": "casebook"},
    **{"scipy": "train", "sklearn": "train"},
    **{"psycopg": "postgresql", "fastapi": "server", "uvicorn": "server", "argon2": "server"},
}
"""Libraries that not every installation has, and the extra that brings them."""


def main() -> None:
    """Run the command line; mistakes end in one clear message and exit status 2."""
    try:
        app(standalone_mode=True)
    except RiskEngineError as error:
        _fail(str(error))
    except ModuleNotFoundError as error:
        extra = EXTRAS.get(error.name or "")
        if extra is None:
            raise
        _fail(f"this command needs [{error.name}]: pip install 'riskengine[{extra}]'")


def _fail(message: str) -> NoReturn:
    Console(stderr=True).print(message, style="red", markup=False, highlight=False, soft_wrap=True)
    sys.exit(2)


@app.command()
def assess(
    file: Annotated[str, typer.Argument(help="Assessment in JSON, or - for standard input.")],
    model: ModelOption = DEFAULT_MODEL,
    policy: PolicyOption = DEFAULT_POLICY,
    on: OnOption = None,
    lang: LangOption = Lang.zh,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, an object a line.")] = False,
    research: ResearchOption = False,
    record: RecordOption = None,
) -> None:
    """Recommend for one assessment, with every reason."""
    engine = _engine(model, policy, research)
    with _problems(lang):
        for assessment in _assessments(engine, file):
            found = engine.recommend(
                assessment, on=_day(on), lang=lang.code, **recorded(record, assessment)
            )
            if as_json:
                typer.echo(found.model_dump_json())
            else:
                from riskengine.reports.terminal import show

                show(found, Console())


@app.command()
def check(
    file: Annotated[str, typer.Argument(help="Assessment in JSON, or - for standard input.")],
    instrument: Annotated[
        str | None, typer.Option(help="Instrument, where the assessment does not name it.")
    ] = None,
    lang: LangOption = Lang.zh,
) -> None:
    """Check an assessment against its instrument; no model or policy is needed."""
    from riskengine.instrument.assessment import Assessment
    from riskengine.store.installation import installation
    from riskengine.store.law import find_law
    from riskengine.store.lookup import find_instrument

    jurisdiction = installation().jurisdiction
    for raw in documents(file):
        named = raw.get("instrument") if isinstance(raw, dict) else None
        name = instrument or named
        if not isinstance(name, str):
            raise RiskEngineError("no instrument: name it in the assessment or with --instrument")
        with _problems(lang):
            found = Assessment.from_dict(raw, find_instrument(name))
        if found.instrument.jurisdiction == jurisdiction:
            # what is sealed is taken out here too: a count of answers may not tell of it
            found = find_law(jurisdiction).admit(found, found.assessed_on)
        said = {
            "zh": f"{found.person}：没有问题，{len(found.known)} 项有答案",
            "en": f"{found.person}: no problem, {len(found.known)} items answered",
        }
        typer.echo(said[lang.code])


@app.command()
def score(
    source: Annotated[Path, typer.Argument(help="CSV, Excel, Parquet, JSON or JSONL.")],
    out: Annotated[Path, typer.Argument(help="CSV, Excel, Parquet or JSONL to write.")],
    model: ModelOption = DEFAULT_MODEL,
    policy: PolicyOption = DEFAULT_POLICY,
    on: OnOption = None,
    assessed_on: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Day of the assessments, where no column says."),
    ] = None,
    explain: Annotated[bool, typer.Option("--explain", help="One column a contribution.")] = False,
    lang: LangOption = Lang.zh,
    research: ResearchOption = False,
    jobs: Annotated[int, typer.Option(min=1, help="Processes.")] = 1,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with a run of the same inputs that was killed.")
    ] = False,
    progress: Annotated[
        bool | None, typer.Option(help="Rows a second and time left; on a terminal by default.")
    ] = None,
    part_rows: Annotated[
        int, typer.Option(min=1, help="Rows held in memory at once by each process.")
    ] = 50_000,
) -> None:
    """Score a file. Rows that cannot be used go to a file of rejects beside the output."""
    from riskengine.batch.stream import Job, run
    from riskengine.commands.progress import shown_progress
    from riskengine.intake.rejects import rejects_path

    day = _day(on)
    job = Job(
        source=str(source),
        out=str(out),
        model=model,
        policy=policy,
        on=day,
        assessed_on=assessed_on.date() if assessed_on else day,
        research=research,
        explain=explain,
        lang=lang.code,
        part_rows=part_rows,
    )
    note = Console(stderr=True)
    wanted = sys.stderr.isatty() if progress is None else progress
    told = shown_progress(lang.code) if wanted else None
    done = run(job, jobs=jobs, resume=resume, told=told)
    if wanted and sys.stderr.isatty():
        note.print()
    for line in done.plan.notes(lang.code):
        note.print(line, markup=False, highlight=False, style="yellow")
    said = {
        "zh": f"{out}：{done.rows} 行；未采用 {done.rejected} 行，见 {rejects_path(out)}",
        "en": f"{out}: {done.rows} rows; {done.rejected} rejected, see {rejects_path(out)}",
    }
    note.print(said[lang.code], markup=False, highlight=False)


@app.command()
def instruments(
    name: Annotated[str | None, typer.Argument(help="Show one instrument's items.")] = None,
    lang: LangOption = Lang.zh,
) -> None:
    """List the instruments, or the items of one."""
    from rich.table import Table

    from riskengine.store.lookup import find_instrument, instrument_names

    console = Console()
    if name is None:
        for entry in instrument_names():
            found = find_instrument(entry)
            console.print(
                f"{entry}  {found.title[lang.code]}  ({found.jurisdiction}, {found.purpose}, "
                f"{len(found.items)})",
                markup=False,
                highlight=False,
                soft_wrap=True,
            )
        return
    found = find_instrument(name)
    table = Table(title=found.title[lang.code])
    for column in ("id", "", "type", "use", ""):
        table.add_column(column)
    for item in found.items:
        accepted = ", ".join(item.level_ids)
        if item.minimum is not None:
            accepted = f"{item.minimum:g}–{item.maximum:g}"
        label = item.label[lang.code]
        table.add_row(item.id, label, item.type, ", ".join(item.use), accepted)
    console.print(table)


@evidence_app.command("show")
def evidence_show(
    instrument: Annotated[str, typer.Argument(help="Name of an instrument.")],
    lang: LangOption = Lang.zh,
    outcome: Annotated[str | None, typer.Option(help="One outcome; all without.")] = None,
    assessments: Annotated[
        Path | None,
        typer.Option(help="People whose answers are known; outcomes are not read."),
    ] = None,
    base_rate: Annotated[
        float | None, typer.Option(help="An assumed share of people with the outcome.")
    ] = None,
) -> None:
    """Print every step from published effects to weights, with the sources."""
    from riskengine.store.lookup import find_instrument
    from riskengine.training.assessments import read_answers
    from riskengine.training.from_evidence import evidence_models

    found = find_instrument(instrument)
    answers = None if assessments is None else read_answers(assessments, found)
    for _, cards in evidence_models(found, outcome, answers=answers, base_rate=base_rate):
        typer.echo(cards[f"card.{lang.value}.md"])


@schema_app.command("build")
def schema_build(
    source: Annotated[
        Path, typer.Option(help="Folder with instruments/, policies/, texts/, assistance/.")
    ] = Path("data_schema"),
) -> None:
    """Validate the YAML sources and write the JSON that runs."""
    from riskengine.authoring.build import write_all

    for path in write_all(source):
        typer.echo(str(path))


@schema_app.command("check")
def schema_check(
    source: Annotated[Path, typer.Option(help="Folder with the sources.")] = Path("data_schema"),
) -> None:
    """Exit with 1 where a built file does not match its source."""
    from riskengine.authoring.build import stale

    found = stale(source)
    for path in found:
        typer.echo(f"{path}: stale; run `riskengine schema build`")
    if found:
        raise typer.Exit(1)


@schema_app.command("show")
def schema_show(
    name: Annotated[
        str,
        typer.Argument(
            help="An instrument, or: instrument, scorecard, policy, recommendation, explanation, "
            "person-notice."
        ),
    ],
) -> None:
    """Print a JSON Schema (2020-12): of an instrument's assessments, or of a file format."""
    import json

    from riskengine.explanation.document import Explanation, PersonNotice
    from riskengine.instrument.model import Instrument
    from riskengine.instrument.schema import assessment_schema
    from riskengine.policy.document import PolicyDocument
    from riskengine.recommendation import Recommendation
    from riskengine.scorecard.document import ScorecardDocument
    from riskengine.store.lookup import find_instrument

    formats: dict[str, type[BaseModel]] = {
        "instrument": Instrument,
        "scorecard": ScorecardDocument,
        "policy": PolicyDocument,
        "recommendation": Recommendation,
        "explanation": Explanation,
        "person-notice": PersonNotice,
    }
    schema: Any
    if name in formats:
        dialect = "https://json-schema.org/draft/2020-12/schema"
        schema = {"$schema": dialect, **formats[name].model_json_schema()}
    else:
        schema = assessment_schema(find_instrument(name))
    typer.echo(json.dumps(schema, ensure_ascii=False, indent=2))


app.command("train", help="Train a model from a cohort with outcomes.")(train_command)
