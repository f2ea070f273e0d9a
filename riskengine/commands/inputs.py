"""What commands are given: an engine, a day, assessments of a file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import TYPE_CHECKING

import typer
from rich.console import Console

from riskengine.commands.options import Lang
from riskengine.commands.reading import documents
from riskengine.engine import Engine
from riskengine.errors import AssessmentError

if TYPE_CHECKING:
    from riskengine.instrument.assessment import Assessment


def day_of(on: datetime | None) -> date:
    """Give the day that was asked for, or today."""
    # the command line is the edge where the clock may be read; the library never does
    return on.date() if on is not None else date.today()


def engine_for(model: str, policy: str, research: bool) -> Engine:
    """Load what a command asks; research mode takes no policy."""
    return Engine.load(model, None if research else policy, research=research)


@contextmanager
def problems(lang: Lang) -> Iterator[None]:
    """Say everything that is wrong with an assessment, and end with status 2."""
    try:
        yield
    except AssessmentError as error:
        Console(stderr=True).print(
            error.text(lang.code), style="red", markup=False, highlight=False, soft_wrap=True
        )
        raise typer.Exit(2) from error


def assessments(engine: Engine, source: str) -> Iterator[Assessment]:
    """Checked assessments of a JSON file, one by one."""
    for raw in documents(source):
        yield engine.assessment(raw)
