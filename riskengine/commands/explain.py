"""Explain a recommendation to an officer, a reviewer or the person concerned."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from riskengine.commands.inputs import assessments, day_of, engine_for, problems
from riskengine.commands.options import (
    Lang,
    LangOption,
    ModelOption,
    OnOption,
    PolicyOption,
    RecordOption,
    ResearchOption,
)
from riskengine.commands.reading import recorded
from riskengine.engine import DEFAULT_MODEL, DEFAULT_POLICY
from riskengine.errors import RiskEngineError

if TYPE_CHECKING:
    from riskengine.explanation.document import Explanation


class For(StrEnum):
    """Who reads it."""

    officer = "officer"
    reviewer = "reviewer"
    person = "person"


def explain(
    file: Annotated[str, typer.Argument(help="Assessment in JSON, or - for standard input.")],
    reader: Annotated[
        For, typer.Option("--for", help="Who reads it: the person is shown open answers only.")
    ] = For.officer,
    model: ModelOption = DEFAULT_MODEL,
    policy: PolicyOption = DEFAULT_POLICY,
    on: OnOption = None,
    lang: LangOption = Lang.zh,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, an object a line.")] = False,
    withheld_log: Annotated[
        Path | None,
        typer.Option(help="Add a line of JSON for every answer withheld from the person."),
    ] = None,
    research: ResearchOption = False,
    record: RecordOption = None,
) -> None:
    """Say why, how sure, and what would change it."""
    from riskengine.reports.explained import explained

    engine, day = engine_for(model, policy, research), day_of(on)
    with problems(lang):
        for assessment in assessments(engine, file):
            found = engine.explain(
                assessment, on=day, lang=lang.code, **recorded(record, assessment)
            )
            if withheld_log is not None:
                _log(withheld_log, found)
            if as_json:
                typer.echo(_document(found, reader))
            else:
                for line in explained(found, reader.value):
                    typer.echo(line)


def _document(found: Explanation, reader: For) -> str:
    from riskengine.explanation.disclosure import for_person

    shown = for_person(found) if reader is For.person else found
    return shown.model_dump_json()


def _log(path: Path, found: Explanation) -> None:
    from riskengine.explanation.disclosure import withheld_log

    try:
        with path.open("a", encoding="utf-8") as log:
            log.writelines(f"{line}\n" for line in withheld_log(found))
    except OSError as error:
        raise RiskEngineError(f"{path}: {error.strerror}") from error
