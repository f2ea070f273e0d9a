"""``riskengine report``: sheets for officer, reviewer or the person, and the referral list."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from riskengine.commands.inputs import assessments, day_of, engine_for, problems
from riskengine.commands.options import (
    Lang,
    ModelOption,
    OnOption,
    PolicyOption,
    RecordOption,
    ResearchOption,
)
from riskengine.commands.reading import recorded
from riskengine.engine import DEFAULT_MODEL, DEFAULT_POLICY, Engine
from riskengine.errors import UseError

if TYPE_CHECKING:
    from riskengine.explanation.document import Explanation
    from riskengine.instrument.assessment import Assessment

_ROWS = frozenset({".csv", ".jsonl", ".parquet", ".xlsx"})
_PAGES = frozenset({".html", ".htm", ".pdf"})


class For(StrEnum):
    """Who reads what is written."""

    officer = "officer"
    reviewer = "reviewer"
    person = "person"
    referral = "referral"


def report(
    files: Annotated[
        list[Path], typer.Argument(help="Assessments: JSON, or a row each in CSV, Excel, JSONL.")
    ],
    out: Annotated[
        Path,
        typer.Option(help="File in .html or .pdf; a folder gets an index and a file a sheet."),
    ],
    reader: Annotated[For, typer.Option("--for", help="Who reads it.")] = For.officer,
    model: ModelOption = DEFAULT_MODEL,
    policy: PolicyOption = DEFAULT_POLICY,
    on: OnOption = None,
    lang: Annotated[Lang, typer.Option(help="Language of what is written.")] = Lang.zh,
    research: ResearchOption = False,
    record: RecordOption = None,
) -> None:
    """Write sheets that say why, for officer, reviewer or person; or what help is needed.

    The referral list counts needs by kind and names nobody; it is written as .html, .pdf or .csv.
    """
    suffix = out.suffix.lower()
    accepted = {*_PAGES, ".csv"} if reader is For.referral else {*_PAGES, ""}
    if suffix not in accepted:
        kinds = ", ".join(sorted(one or "a folder" for one in accepted))
        raise UseError(f"--out [{out}]: accepted for --for {reader.value}: {kinds}")
    if suffix == ".pdf":
        from riskengine.reports.pdf import find_browser

        find_browser()  # nobody waits for ten thousand sheets to learn that it is missing
    engine = engine_for(model, policy, research)
    day, note = day_of(on), Console(stderr=True)

    def explained() -> Iterator[Explanation]:
        for assessment in _every(engine, files, out, day, lang, note):
            yield engine.explain(
                assessment, on=day, lang=lang.code, **recorded(record, assessment)
            )

    with problems(lang):
        count = _write(explained(), out, reader, lang, note)
    typer.echo(f"{out}: {count}")


def _write(
    explained: Iterator[Explanation], out: Path, reader: For, lang: Lang, note: Console
) -> int:
    from riskengine.reports.folder import write_folder
    from riskengine.reports.html import (
        READERS,
        page_texts,
        referral_page,
        write_document,
        write_page,
    )
    from riskengine.reports.referral import ReferralList, write_referral_csv

    if reader is For.referral:
        referrals, count = ReferralList(), 0
        for one in explained:
            referrals.add(one)
            count += 1
        if out.suffix.lower() == ".csv":
            out.parent.mkdir(parents=True, exist_ok=True)
            write_referral_csv(out, referrals.rows(), page_texts(lang.code))
        else:
            write_document(out, referral_page(referrals, lang=lang.code))
        return count
    who = next(one for one in READERS if one == reader.value)
    if out.suffix:
        every = list(explained)
        write_page(out, every, lang=lang.code, reader=who)
        return len(every)
    with note.status("") as status:
        return write_folder(
            out,
            explained,
            lang=lang.code,
            reader=who,
            progress=lambda done: status.update(f"{out}: {done}"),
        )


def _every(
    engine: Engine, files: list[Path], out: Path, day: date, lang: Lang, note: Console
) -> Iterator[Assessment]:
    """Assessments of all files; rows that cannot be used are written beside the output."""
    for file in files:
        if file.suffix.lower() in _ROWS:
            yield from _rows(engine, file, out, day, lang, note)
        else:
            yield from assessments(engine, str(file))


def _rows(
    engine: Engine, file: Path, out: Path, day: date, lang: Lang, note: Console
) -> Iterator[Assessment]:
    from riskengine.batch.score import usable
    from riskengine.intake.read import read_assessments
    from riskengine.intake.rejects import RejectWriter, rejects_path

    place = rejects_path(out.with_name(f"{out.stem}.{file.stem}"))
    place.parent.mkdir(parents=True, exist_ok=True)
    with RejectWriter(place, lang=lang.code) as rejects:
        for read in read_assessments(file, engine.instrument, assessed_on=day):
            row = usable(read, day)
            if row.assessment is None:
                rejects.write(row)
            else:
                yield row.assessment
    if rejects.rows:
        said = {
            "zh": f"{file}：未采用 {rejects.rows} 行，见 {place}",
            "en": f"{file}: {rejects.rows} rows rejected, see {place}",
        }
        note.print(said[lang.code], markup=False, highlight=False, style="yellow")
