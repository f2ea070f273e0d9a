"""One hundred thousand random assessments through several ways of scoring: equal integers or not.

Run with ``python benchmarks/double_entry.py``. The program, a naive second implementation that
reads ``model.json`` alone, the exported query on SQLite and on DuckDB, and the exported workbook,
which LibreOffice calculates where it is installed. The workbook takes a sample, since an office
program is slow. Ends with 1 where any integer differs.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from common import table, write_report

from riskengine.store.lookup import find_model
from tests.support import double_entry as ways

MODELS = {"cn_serious_noncompliance": 5_000, "georgia_parole_1y": 300}


def main() -> int:
    """Compare, and write the report."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=20261126)
    options = parser.parse_args()
    rows: list[tuple[str, ...]] = []
    apart = 0
    notes: list[str] = []
    for name, most in MODELS.items():
        model = find_model(name)
        card = model.scorecard
        people = ways.drawn(card, options.people, seed=options.seed)
        program = ways.by_program(card, people)
        sample = min(most, options.people)
        silent = Counter(str(a) for p in people for a in p.values() if a in ways.NOT_KNOWN)
        notes.append(
            f"{name}: {len(set(program)):,} different scores, {min(program):,} to "
            f"{max(program):,}; answers not known: "
            + ", ".join(f"{code} {silent[code]:,}" for code in ways.NOT_KNOWN)
        )
        with tempfile.TemporaryDirectory() as folder:
            found = {
                "naive second implementation": ways.by_naive(
                    ways.read_model(model.folder), people
                ),
                "SQLite": ways.by_sqlite(card, people),
                "DuckDB": ways.by_duckdb(card, people, Path(folder)),
            }
            if ways.OFFICE:
                found["workbook, LibreOffice"] = ways.by_spreadsheet(
                    card, people[:sample], Path(folder)
                )
        for way, scores in found.items():
            expected = program[:sample] if way.startswith("workbook") else program
            assert len(scores) == len(expected)
            unequal = sum(a != b for a, b in zip(scores, expected, strict=True))
            apart += unequal
            rows.append((name, way, f"{len(scores):,}", f"{unequal:,}"))
            print(*rows[-1], flush=True)
    text = [
        f"Random valid answers, seed {options.seed}: each item is absent or not known in one case "
        "of five, in equal parts. Rules between items are not respected. The program is the "
        "reference; *unequal* counts scores that differ from it.",
        "",
        table(("Model", "Way", "Assessments", "Unequal"), rows),
        "",
        *(f"- {note}." for note in notes),
        "",
        "LibreOffice calculates the workbook for a sample only. WPS and Excel were not tried."
        if ways.OFFICE
        else "LibreOffice was not there: the workbook was not calculated.",
    ]
    write_report(
        "double_entry",
        "Double entry: ways of scoring, compared integer by integer",
        "\n".join(text),
        "python benchmarks/double_entry.py",
    )
    return 1 if apart else 0


if __name__ == "__main__":
    sys.exit(main())
