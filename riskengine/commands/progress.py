"""How far a long run has come, on standard error."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from riskengine.errors import Language

if TYPE_CHECKING:
    from riskengine.batch.stream import Progress


def progress_line(found: Progress, lang: Language) -> str:
    """Say rows, rows a second, and the time left where it can be told."""
    left = found.left
    if lang == "zh":
        line = f"{found.rows:,} 行，每秒 {found.pace:,.0f} 行"
        return line if left is None else f"{line}，还需 {left:.0f} 秒"
    line = f"{found.rows:,} rows, {found.pace:,.0f} a second"
    return line if left is None else f"{line}, {left:.0f} s left"


def shown_progress(lang: Language) -> Callable[[Progress], None]:
    """Give a function that shows progress: one line that changes on a terminal, else many."""
    terminal = sys.stderr.isatty()

    def told(found: Progress) -> None:
        line = progress_line(found, lang)
        # the line is cleared to its end: it may be shorter than the one before
        sys.stderr.write(f"\r{line}\x1b[K" if terminal else f"{line}\n")
        sys.stderr.flush()

    return told
