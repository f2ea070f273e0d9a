"""`riskengine paper-form` and `riskengine models sql`: a model on paper and in a database."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

from riskengine.commands.options import Lang

ModelArgument = Annotated[str, typer.Argument(help="Model name, name@version, or folder.")]


def paper_form(
    model: ModelArgument,
    policy: Annotated[str, typer.Option(help="Policy name or name@version.")],
    out: Annotated[
        Path, typer.Option(help="File to write: .html, .pdf (needs Chromium) or .json.")
    ],
    lang: Annotated[Lang, typer.Option(help="Language of the form.")] = Lang.zh,
    on: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"], help="Day whose law and rules are printed; today if not given."
        ),
    ] = None,
) -> None:
    """Print a form that gives the same score and tier by hand as the program does."""
    from riskengine.reports.paper.make import paper_form as make
    from riskengine.reports.paper.page import write_paper

    form = make(model, policy, on=on.date() if on else date.today(), lang=lang.code)
    if out.suffix.lower() == ".json":
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(form.model_dump_json(indent=1) + "\n", encoding="utf-8", newline="\n")
    else:
        write_paper(out, form)
    typer.echo(f"{out}  {form.id}")


def models_sql(
    model: ModelArgument,
    policy: Annotated[
        str | None, typer.Option(help="Policy whose bands become a column; rules do not.")
    ] = None,
    table: Annotated[str, typer.Option(help="Table with the answers.")] = "answers",
    key: Annotated[str, typer.Option(help="Column that names a person.")] = "person",
) -> None:
    """Print a query that scores a table of answers to the same integers as the program."""
    from riskengine.policy.bands import resolve
    from riskengine.policy.tiers import Tier
    from riskengine.scorecard.sql import score_sql
    from riskengine.store.lookup import find_model, find_policy

    card = find_model(model).scorecard
    bands: list[tuple[str, int]] = []
    if policy is not None:
        document, _ = find_policy(policy)
        cuts = resolve(document.bands, card.document, policy=document.id)
        bands = [
            (Tier.STRICT.value, cuts.strict_from),
            (Tier.ORDINARY.value, cuts.relaxed_below),
            (Tier.RELAXED.value, 0),
        ]
    typer.echo(score_sql(card, bands=bands, table=table, key=key), nl=False)
