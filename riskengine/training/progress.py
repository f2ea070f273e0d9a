"""Telling the analyst how far training is: bars on a terminal, quiet lines elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol, TextIO


class Report(Protocol):
    """Receives the name of a stage and its number of steps; gives what is called after each."""

    def __call__(self, stage: str, steps: int) -> Callable[[], None]:
        """Begin a stage."""
        ...


def silent(stage: str, steps: int) -> Callable[[], None]:
    """Report nothing."""
    return lambda: None


@contextmanager
def reporting(stream: TextIO | None = None) -> Iterator[Report]:
    """Give a reporter for a stream, standard error where none is given."""
    stream = sys.stderr if stream is None else stream
    if not stream.isatty():
        yield _lines(stream)
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(file=stream)) as bars:

        def begin(stage: str, steps: int) -> Callable[[], None]:
            task = bars.add_task(stage, total=steps)
            return lambda: bars.advance(task)

        yield begin


def _lines(stream: TextIO) -> Report:
    def begin(stage: str, steps: int) -> Callable[[], None]:
        print(f"{stage} ({steps})", file=stream, flush=True)
        return lambda: None

    return begin
