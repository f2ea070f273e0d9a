"""What every benchmark shares: where data lie, how a report is written, on what it was measured.

A benchmark is one command. It reads person-level data from a folder that the caller names
(``--data``, else the environment variable RISKENGINE_DATA, else ``../shared/data`` beside the
checkout), says so and stops where they are absent, and writes aggregate figures alone: a table and
a plot into ``docs/benchmarks``. Data never enter the checkout.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

CHECKOUT = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("RISKENGINE_DATA", CHECKOUT.parent / "shared" / "data"))
REPORTS = CHECKOUT / "docs" / "benchmarks"
GEORGIA = Path("georgia_parole") / "train.csv.gz"
IOWA = Path("iowa_prison_release") / "releases_2013_2017.csv.gz"

if str(CHECKOUT) not in sys.path:
    sys.path.insert(0, str(CHECKOUT))


def arguments(description: str | None) -> argparse.ArgumentParser:
    """Give a parser that knows ``--data``; a benchmark adds its own options.

    Linear algebra runs on one thread from here on: matrices are small, and threads that wait for
    one another on a busy machine cost a hundred times what they save.
    """
    from threadpoolctl import threadpool_limits

    threadpool_limits(1)
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--data", type=Path, default=DATA, help="folder of the person-level data (read only)"
    )
    return parser


def cohort_file(data: Path, part: Path) -> Path:
    """Give the path of a cohort, or say that it is absent and leave with success.

    Data that are not here are no failure of a benchmark: nobody else has them.
    """
    path = data / part
    if not path.is_file():
        print(
            f"Skipped: {part.as_posix()} is not in the data folder. "
            "Name the folder with --data or RISKENGINE_DATA."
        )
        raise SystemExit(0)
    return path


def machine() -> str:
    """Say on what it was measured."""
    return f"Machine: {platform.system()} {platform.machine()}, {os.cpu_count()} processors."


def versions_line() -> str:
    """Say with which packages it was measured."""
    from riskengine.training.pipeline import versions

    return (
        "Versions: " + ", ".join(f"{name} {number}" for name, number in versions().items()) + "."
    )


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """Write a markdown table."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def write_report(
    name: str, title: str, body: str, command: str, *, folder: Path = REPORTS
) -> Path:
    """Write ``docs/benchmarks/<name>.md`` and print it.

    Parameters
    ----------
    name
        File name without its end; a plot of the same name is shown where it lies beside.
    body
        Markdown after the title.
    command
        The one command that makes the report again, such as ``python benchmarks/stability.py``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    plot = f"\n![{title}]({name}.svg)\n" if (folder / f"{name}.svg").is_file() else ""
    text = (
        f"# {title}\n\n{body.strip()}\n{plot}\n"
        f"{machine()} {versions_line()} Command: `{command}`.\n"
    )
    path = folder / f"{name}.md"
    path.write_text(text, encoding="utf-8")
    print(text)
    return path
