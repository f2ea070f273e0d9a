"""``riskengine registry``: what is registered, what is live, and what may go live."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from riskengine.commands.options import Lang, LangOption
from riskengine.errors import Language, UseError
from riskengine.reports.words import words_of
from riskengine.store.stages import POOL

if TYPE_CHECKING:
    from riskengine.instrument.assessment import Assessment
    from riskengine.intake.read import Row
    from riskengine.registry.gate import Evidence, GateReport
    from riskengine.registry.log import Act
    from riskengine.registry.silent import SilentReport
    from riskengine.store.stages import LogLine

app = typer.Typer(help="Which model is live, and the gate that it goes through.")
keys_app = typer.Typer(help="Trusted keys (no argument), and signing with one's own.")
app.add_typer(keys_app, name="keys", invoke_without_command=True)

REFUSED, CANNOT_TELL = 1, 3
"""Exit status where the gate does not let a model pass; 2 is a mistake in the call."""

ByOption = Annotated[str, typer.Option("--by", help="Who does it: a name.")]
AndOption = Annotated[str | None, typer.Option("--and", help="A second, different name.")]
WhyOption = Annotated[str, typer.Option("--why", help="The reason, in a sentence.")]
ScopeOption = Annotated[
    str, typer.Option("--district", help="For one district; for all that have none of their own.")
]
ModelArgument = Annotated[str, typer.Argument(help="name@version of a registered model.")]
PolicyOption = Annotated[
    str | None, typer.Option(help="Policy whose bands cut the score; as registered if not given.")
]
DayOption = Annotated[
    datetime | None, typer.Option("--on", formats=["%Y-%m-%d"], help="Today if not given.")
]


def _act(by: str, why: str, second: str | None = None) -> Act:
    from riskengine.registry.log import Act

    # the command line is the edge where the clock may be read; the library never does
    return Act((by, *((second,) if second else ())), datetime.now(UTC), why)


def _tell(line: LogLine, lang: Language) -> None:
    say = words_of("registry", lang)
    names = ("、" if lang == "zh" else " and ").join(line.by)
    scope = say("pool") if line.scope == POOL else line.scope
    typer.echo(
        say(
            f"did_{line.action}", model=line.model, line=line.line, scope=scope,
            names=names, replaced=line.replaces or "",
        )
    )  # fmt: skip


@app.command()
def add(
    folder: Annotated[Path, typer.Argument(help="Folder of a model.")],
    by: ByOption,
    why: WhyOption,
    policy: PolicyOption = None,
    line: Annotated[
        str | None, typer.Option(help="Name under which it will be asked for; its own id.")
    ] = None,
    district: ScopeOption = POOL,
    lang: LangOption = Lang.zh,
) -> None:
    """Register a model as a candidate. Its folder is copied into the agency's own."""
    from riskengine.registry import acts

    act = _act(by, why)
    _tell(acts.add(folder, act, line=line, scope=district, policy=policy), lang.code)


@app.command("list")
def list_models(lang: LangOption = Lang.zh) -> None:
    """List what is registered, with stages."""
    from riskengine.registry.log import current

    say = words_of("registry", lang.code)
    stages = current()
    if not stages.stage:
        typer.echo(say("nothing_registered"))
    for (line, scope), models in sorted(stages.stage.items()):
        named = say("pool") if scope == POOL else scope
        for model, stage in models.items():
            typer.echo(f"{line}  {named}  {model}  {say(f'stage_{stage}')}")


@app.command()
def show(
    model: ModelArgument,
    lang: LangOption = Lang.zh,
) -> None:
    """Show a version's manifest and everything that was done with it."""
    from riskengine.registry.entries import read_entry
    from riskengine.registry.log import current

    entry = read_entry(model)
    typer.echo(entry.model_dump_json(indent=1))
    table = Table("#", "", "", "", "")
    for line in current().lines:
        if line.model == model:
            answer = line.answer or ""
            who = ", ".join(line.by)
            table.add_row(str(line.seq), line.at[:10], f"{line.action} {answer}", who, line.reason)
    Console().print(table)


@dataclass(frozen=True)
class _Question:
    """What the gate is asked with."""

    report: GateReport
    evidence: Evidence
    documents: dict[str, bytes]


CohortOption = Annotated[
    Path | None, typer.Option(help="People with outcomes whom the candidate has not seen.")
]
EvaluationOption = Annotated[
    Path | None, typer.Option(help="evaluation.json of this model on this cohort.")
]
KindOption = Annotated[
    str | None,
    typer.Option(
        help="How these people stand to the training: same_source, temporal, geographic."
    ),
]
ExtractedOption = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%d"], help="Up to which day the cohort shows what happened."),
]
PracticeOption = Annotated[
    str | None, typer.Option(help="First use: column of the cohort with the tier as practised.")
]
BesideOption = Annotated[
    str | None, typer.Option(help="First use: a model to compare with, such as the shipped one.")
]
ImpactOption = Annotated[Path | None, typer.Option(help="First use: the impact assessment.")]
UsersOption = Annotated[Path | None, typer.Option(help="First use: list of trained users.")]
StopOption = Annotated[Path | None, typer.Option(help="First use: the stop conditions.")]
RulesOption = Annotated[str, typer.Option(help="Thresholds of the gate.")]


def _ask(
    model: str,
    scope: str,
    *,
    on: date,
    policy: str | None,
    cohort: Path | None,
    evaluation: Path | None,
    kind: str | None,
    extracted_on: datetime | None,
    practice: str | None,
    beside: str | None,
    impact: Path | None,
    users: Path | None,
    stop: Path | None,
    rules: str,
    lang: Language,
) -> _Question:
    """Gather everything, ask the gate, and print what it says."""
    from riskengine.registry import readiness as ready
    from riskengine.registry.asking import ask

    files = {
        "evaluation": evaluation,
        ready.IMPACT: impact,
        ready.USERS: users,
        ready.CONDITIONS: stop,
    }
    documents = {name: path.read_bytes() for name, path in files.items() if path is not None}
    if kind not in (None, "same_source", "temporal", "geographic"):
        raise UseError(f"kind [{kind}]; accepted: same_source, temporal, geographic")
    report, evidence = ask(
        model,
        on=on,
        scope=scope,
        policy=policy,
        cohort=cohort,
        kind=kind,  # type: ignore[arg-type]
        extracted_on=None if extracted_on is None else extracted_on.date(),
        practice=practice,
        beside=beside,
        documents=documents,
        rules=rules,
    )
    for row in report.lines(lang):
        typer.echo(row)
    return _Question(report, evidence, documents)


def _today(on: datetime | None) -> date:
    return on.date() if on is not None else date.today()


@app.command()
def promote(
    model: ModelArgument,
    by: ByOption,
    why: WhyOption,
    to: Annotated[str, typer.Option(help="silent, or live through the gate.")] = "live",
    second: AndOption = None,
    district: ScopeOption = POOL,
    policy: PolicyOption = None,
    cohort: CohortOption = None,
    evaluation: EvaluationOption = None,
    kind: KindOption = None,
    extracted_on: ExtractedOption = None,
    practice: PracticeOption = None,
    beside: BesideOption = None,
    impact: ImpactOption = None,
    users: UsersOption = None,
    stop: StopOption = None,
    rules: RulesOption = "default",
    on: DayOption = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Ask the gate and change nothing.")
    ] = False,
    lang: LangOption = Lang.zh,
) -> None:
    """Let a candidate run silent, or put it live where the gate lets it.

    Ends with status 1 where the gate refuses and 3 where it cannot tell.
    """
    from riskengine.registry import acts

    act = _act(by, why, second)
    if to == "silent":
        _tell(acts.silence(model, act, scope=district), lang.code)
        return
    if to != "live":
        raise UseError(f"--to [{to}]; accepted: silent, live")
    asked = _ask(
        model, district, on=_today(on), policy=policy, cohort=cohort, evaluation=evaluation,
        kind=kind, extracted_on=extracted_on, practice=practice, beside=beside, impact=impact,
        users=users, stop=stop, rules=rules, lang=lang.code,
    )  # fmt: skip
    line = None
    if not dry_run:
        line = acts.promote(
            model, act, asked.report, scope=district, evidence=asked.evidence,
            documents=asked.documents,
        )  # fmt: skip
        _tell(line, lang.code)
    if line is None or line.stage != "live":
        status = {"refuse": REFUSED, "cannot_tell": CANNOT_TELL}.get(asked.report.answer, 0)
        raise typer.Exit(status)


@app.command()
def override(
    model: ModelArgument,
    by: ByOption,
    second: Annotated[str, typer.Option("--and", help="A second, different name.")],
    why: WhyOption,
    district: ScopeOption = POOL,
    policy: PolicyOption = None,
    cohort: CohortOption = None,
    evaluation: EvaluationOption = None,
    kind: KindOption = None,
    extracted_on: ExtractedOption = None,
    practice: PracticeOption = None,
    beside: BesideOption = None,
    impact: ImpactOption = None,
    users: UsersOption = None,
    stop: StopOption = None,
    rules: RulesOption = "default",
    on: DayOption = None,
    lang: LangOption = Lang.zh,
) -> None:
    """Put a model live against the gate, under two names and a reason; it is recorded."""
    from riskengine.registry import acts

    asked = _ask(
        model, district, on=_today(on), policy=policy, cohort=cohort, evaluation=evaluation,
        kind=kind, extracted_on=extracted_on, practice=practice, beside=beside, impact=impact,
        users=users, stop=stop, rules=rules, lang=lang.code,
    )  # fmt: skip
    line = acts.override(
        model, _act(by, why, second), asked.report, scope=district, evidence=asked.evidence,
        documents=asked.documents,
    )  # fmt: skip
    _tell(line, lang.code)


@app.command("pooled-intercept")
def pooled_intercept(
    line: Annotated[str, typer.Argument(help="Name under which the live model is asked for.")],
    cohort: Annotated[Path, typer.Argument(help="People with outcomes, of several districts.")],
    column: Annotated[str, typer.Option(help="Column or item that holds the district.")],
    district: Annotated[str, typer.Option(help="The district that the update is for.")],
    version: Annotated[str, typer.Option(help="Version of the updated model, such as 1.0.1.")],
    by: ByOption,
    why: WhyOption,
    extracted_on: ExtractedOption = None,
    lang: LangOption = Lang.zh,
) -> None:
    """Move the live model's level by what all districts say, and register that as a candidate.

    It is all that goes live where the gate cannot tell, by `registry promote` under two names.
    """
    from tempfile import TemporaryDirectory

    from riskengine.registry import acts
    from riskengine.registry.entries import read_entry
    from riskengine.registry.intercept import intercept_from_file
    from riskengine.registry.log import current
    from riskengine.store.lookup import find_model
    from riskengine.training.card import CARDS, card
    from riskengine.training.writing import write_folder

    act = _act(by, why)
    serving = current().serving(line, district)
    if serving is None:
        raise UseError(f"nothing of line [{line}] is live for [{district}]")
    live = find_model(serving)
    moved = intercept_from_file(
        live, cohort, column, district, version=version,
        extracted_on=None if extracted_on is None else extracted_on.date(),
    )  # fmt: skip
    with TemporaryDirectory() as folder:
        path = Path(folder) / version
        cards = {file: card(moved, each) for each, file in CARDS.items()}
        write_folder(
            path, moved, cards, by="riskengine registry pooled-intercept", now=act.at,
            run_seconds=0.0,
        )  # fmt: skip
        policy = read_entry(serving).policy
        added = acts.add(path, act, line=line, scope=district, policy=policy)
    _tell(added, lang.code)
    options = moved.training.options
    typer.echo(
        words_of("registry", lang.code)(
            "intercept_moved", model=added.model, live=serving, district=district,
            shift=f"{options['district_shift']:+.3f}", districts=options["pool_districts"],
            people=options["pool_people"], events=options["pool_events"],
        )
    )  # fmt: skip


@app.command()
def rollback(
    line: Annotated[str, typer.Argument(help="Name under which the model is asked for.")],
    by: ByOption,
    why: WhyOption,
    district: ScopeOption = POOL,
    lang: LangOption = Lang.zh,
) -> None:
    """Put the model live again that was live before; without one, nothing is live."""
    from riskengine.registry import acts

    _tell(acts.rollback(line, _act(by, why), scope=district), lang.code)


@app.command()
def verify(
    head: Annotated[
        str | None, typer.Option(help="Hash of a line that an auditor noted earlier.")
    ] = None,
    lang: LangOption = Lang.zh,
) -> None:
    """Check log, models, kept files and signatures; print the hash of the last line.

    A chain shows edits; that its end was cut off shows only beside a hash noted elsewhere: print
    it, keep it, and hand it back with --head.
    """
    from riskengine.registry import acts
    from riskengine.registry.log import current

    stages = current()
    faults = acts.verify()
    if head is not None and head not in {one.hash for one in stages.lines}:
        faults.append(f"no line has the hash [{head}]: the log was cut or written anew")
    for fault in faults:
        typer.echo(fault, err=True)
    if faults:
        raise typer.Exit(1)
    last = stages.lines[-1].hash if stages.lines else "-"
    typer.echo(
        words_of("registry", lang.code)(
            "verified", lines=len(stages.lines), models=len(stages.sha256), head=last
        )
    )


# --- Silent -------------------------------------------------------------------------------------


@app.command("silent-score")
def silent_score(
    model: ModelArgument,
    source: Annotated[Path, typer.Argument(help="Assessments: CSV, Excel, Parquet, JSONL.")],
    policy: PolicyOption = None,
    practice: Annotated[
        Path | None, typer.Option(help="CSV with columns person, tier: what was decided.")
    ] = None,
    on: DayOption = None,
    lang: LangOption = Lang.zh,
) -> None:
    """Score people with a silent model, beside practice. Nothing is printed about anybody."""
    from riskengine.intake.read import read_assessments
    from riskengine.registry.entries import read_entry
    from riskengine.registry.evidence import tiers_of
    from riskengine.registry.silent import score_silently
    from riskengine.store.lookup import find_model

    day = _today(on)
    named = policy or read_entry(model).policy
    if named is None:
        raise UseError("a policy is needed: its bands cut the score (--policy)")
    unusable: list[Row] = []
    seen = 0

    def people() -> Iterator[Assessment]:
        nonlocal seen
        instrument = find_model(model).scorecard.instrument
        for row in read_assessments(source, instrument, assessed_on=day):
            seen += 1
            if row.assessment is None:
                unusable.append(row)
            else:
                yield row.assessment

    tiers = None
    if practice is not None:
        rows = _columns(practice, "person", "tier")
        named_tiers = tiers_of([tier for _, tier in rows])
        tiers = dict(zip([person for person, _ in rows], named_tiers, strict=True))
    found = score_silently(model, named, people(), on=day, practice=tiers)
    say = words_of("registry", lang.code)
    typer.echo(say("silent_scored", people=found.scored))
    if not seen:
        typer.echo(say("silent_left_empty", file=source.name))
    if unusable:
        first = unusable[0]
        typer.echo(
            say(
                "silent_left_unusable", count=len(unusable), row=first.number,
                why=first.problems[0].text(lang.code),
            )
        )  # fmt: skip
    for reason in ("again", "later", "other_instrument"):
        if count := getattr(found, reason):
            typer.echo(say(f"silent_left_{reason}", count=count, day=day.isoformat(), model=model))
    for title, count in found.by_law:
        typer.echo(say("silent_left_law", count=count, title=title[lang.code]))


@app.command("silent-report")
def silent_report(
    model: ModelArgument,
    outcomes: Annotated[
        Path | None, typer.Option(help="CSV with columns person, event (0 or 1), once known.")
    ] = None,
    lang: LangOption = Lang.zh,
) -> None:
    """Compare a silent model with practice: agreement and shares, ranking once outcomes are in."""
    from riskengine.registry.silent import silent_report as compare

    happened = None
    if outcomes is not None:
        happened = {}
        for row, (person, event) in enumerate(_columns(outcomes, "person", "event"), start=1):
            if event not in ("0", "1"):
                raise UseError(f"row {row}: event [{event}]; accepted: 0, 1")
            happened[person] = int(event)
    for text in _lines(compare(model, happened), lang.code, asked=outcomes is not None):
        typer.echo(text)


def _lines(found: SilentReport, lang: Language, *, asked: bool) -> Iterator[str]:
    from riskengine.evaluation.suppression import SMALLEST_INSIDE
    from riskengine.policy.tiers import Tier

    say = words_of("registry", lang)

    def share(value: float | None) -> str:
        return "—" if value is None else f"{value:.0%}"

    def number(value: float | None) -> str:
        return "—" if value is None else f"{value:.2f}"

    yield say("silent_title", model=found.model)
    if found.span.people < SMALLEST_INSIDE:
        yield say("silent_few", least=SMALLEST_INSIDE)
        return
    yield say(
        "silent_span", first=found.span.first, last=found.span.last, days=found.span.days,
        people=found.span.people,
    )  # fmt: skip
    now = found.shares_now
    yield say(
        "silent_shares",
        **{tier.value: share(found.shares.get(tier)) for tier in Tier},
        **{f"{tier.value}_now": share(now.get(tier)) for tier in Tier},
    )
    if found.agreement is None:
        yield say("silent_no_practice")
    else:
        yield say(
            "silent_agreement", agree=share(found.agreement), kappa=number(found.kappa),
            people=found.compared,
        )  # fmt: skip
    if not asked:
        yield say("silent_not_yet")
    elif found.auc is None:
        yield say("silent_few", least=SMALLEST_INSIDE)
    else:
        yield say(
            "silent_outcomes", people=found.known, events=found.events,
            auc=number(found.auc), auc_now=number(found.auc_now),
        )  # fmt: skip
        yield say("silent_caution")


def _columns(path: Path, *names: str) -> list[tuple[str, ...]]:
    """Columns of a CSV, as text."""
    from riskengine.training.cohort_files import open_table

    frame, _, _ = open_table(path)
    missing = [name for name in names if name not in frame.columns]
    if missing:
        raise UseError(f"{path.name}: no column [{missing[0]}]; needed: {', '.join(names)}")
    return [
        tuple(str(cell).strip() for cell in row)
        for row in frame[list(names)].itertuples(index=False)
    ]


# --- Keys ---------------------------------------------------------------------------------------


@keys_app.callback()
def keys(context: typer.Context) -> None:
    """List the keys that are trusted here."""
    if context.invoked_subcommand is not None:
        return
    from riskengine.registry.signatures import trusted_signers

    for signer in trusted_signers():
        typer.echo(f"{signer.fingerprint}  {', '.join(signer.names)}  {signer.comment}")


@keys_app.command()
def trust(
    public_key: Annotated[Path, typer.Argument(help="The .pub file of an ed25519 key.")],
    name: Annotated[str, typer.Option("--name", help="Whose key it is.")],
) -> None:
    """Trust a key for models. To trust it no longer, take its line out of keys/allowed_signers."""
    from riskengine.registry.log import registry_home, write_whole
    from riskengine.registry.signatures import SIGNERS_FILE, trust_line, trusted_signers

    path = registry_home() / SIGNERS_FILE
    had = path.read_bytes() if path.is_file() else b""
    row = trust_line(name, public_key.read_text(encoding="utf-8"))
    write_whole(path, had.rstrip(b"\n") + (b"\n" if had.strip() else b"") + row.encode() + b"\n")
    typer.echo(trusted_signers(path)[-1].fingerprint)


@keys_app.command("sign")
def sign_model(
    model: Annotated[str, typer.Argument(help="name@version, or a folder.")],
    key: Annotated[Path, typer.Option(help="One's own private ed25519 key.")],
    ask_password: Annotated[
        bool, typer.Option("--password", help="Ask for the key's password.")
    ] = False,
) -> None:
    """Sign a model's manifest, as `ssh-keygen -Y sign -n riskengine-model` would."""
    from riskengine.registry.log import registry_home, write_whole
    from riskengine.registry.signatures import SIGNATURES, sign
    from riskengine.store.lookup import find_model

    loaded = find_model(model)
    password = typer.prompt("password", hide_input=True).encode() if ask_password else None
    text = sign(loaded.manifest, key.read_bytes(), password)
    path = registry_home() / SIGNATURES / f"{loaded.name}.sig"
    write_whole(path, text.encode("ascii"))
    typer.echo(str(path))
