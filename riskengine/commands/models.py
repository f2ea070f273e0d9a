"""``riskengine models``: list the models, print a card, write a page or a checklist."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from typer.core import TyperGroup

from riskengine.commands.checklists import checklist
from riskengine.commands.options import Lang, LangOption

_SHOW = "show"


class _ModelsGroup(TyperGroup):
    """Keeps ``riskengine models [NAME]`` short: what is no command is a model to show."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if not args or (args[0] not in self.commands and args[0] != "--help"):
            args = [_SHOW, *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=_ModelsGroup,
    help="List the models (no argument), print one's card (NAME), write its page or a checklist.",
)
app.command("checklist")(checklist)


@app.command(_SHOW)
def show(
    name: Annotated[str | None, typer.Argument(help="Print one model's card.")] = None,
    lang: LangOption = Lang.zh,
) -> None:
    """List the models with their status, or print the card of one."""
    from riskengine.store.lookup import find_model, model_folders

    console = Console()
    if name is not None:
        folder = find_model(name).folder
        typer.echo((folder / f"card.{lang.value}.md").read_text(encoding="utf-8"))
        return
    for stem, versions in sorted(model_folders().items()):
        for version in versions:
            card = find_model(f"{stem}@{version}").scorecard.document
            console.print(
                f"{stem}@{version}  {card.title[lang.code]}  ({card.purpose}, {card.form}, "
                f"{card.scale}, {card.validation})",
                markup=False,
                highlight=False,
                soft_wrap=True,
            )


@app.command("page")
def page(
    name: Annotated[str, typer.Argument(help="Model name, name@version, or folder.")],
    out: Annotated[Path, typer.Option(help="HTML file to write.")],
    lang: LangOption = Lang.zh,
    policy: Annotated[
        str | None, typer.Option(help="Show where the bands of this policy begin.")
    ] = None,
    performance: Annotated[
        Path | None,
        typer.Option(help="Figures by group, format riskengine/performance/1.", exists=True),
    ] = None,
) -> None:
    """Write one self-contained page that explains a model: every table, source and gap."""
    from riskengine.reports.models.page import write_model_page
    from riskengine.reports.models.performance import read_performance
    from riskengine.store.lookup import find_model, find_policy

    model = find_model(name)
    document = model.scorecard.document
    rules = None if policy is None else find_policy(policy)[0]
    figures = (
        None
        if performance is None
        else read_performance(
            performance, model=f"{document.id}@{document.version}", sha256=model.sha256
        )
    )
    write_model_page(out, model, lang=lang.code, policy=rules, performance=figures)
    typer.echo(str(out))


@app.command("spreadsheet")
def spreadsheet(
    name: Annotated[str, typer.Argument(help="Model name, name@version, or folder.")],
    out: Annotated[Path, typer.Option(help="Workbook to write (.xlsx).")],
    lang: LangOption = Lang.zh,
    people: Annotated[int, typer.Option(help="Rows with formulas.")] = 200,
) -> None:
    """Write a workbook of plain formulas that scores answers to the program's integers."""
    from riskengine.reports.spreadsheet import write_spreadsheet
    from riskengine.store.lookup import find_model

    write_spreadsheet(out, find_model(name).scorecard, lang=lang.code, people=people)
    typer.echo(str(out))
