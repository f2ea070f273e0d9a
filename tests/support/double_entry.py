"""The same assessments through every way of scoring: program, naive, two databases, a workbook."""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
import subprocess
from collections.abc import Sequence
from pathlib import Path

from riskengine.instrument.conditions import NOT_KNOWN
from riskengine.instrument.items import Item
from riskengine.reports.spreadsheet import FIRST, write_spreadsheet
from riskengine.scorecard.compiled import Scorecard
from riskengine.scorecard.sql import score_sql
from tests.support import naive

People = Sequence[dict[str, object]]
OFFICE = shutil.which("soffice")


def drawn(card: Scorecard, n: int, *, seed: int = 0, unknown: float = 0.2) -> list[dict]:
    """Random valid answers; an item may be absent, and each not-known code occurs."""
    rng = random.Random(seed)
    lists: dict[str, list[object]] = {}
    for name in card.document.items:
        item = card.instrument.every_item[name]
        assert isinstance(item, Item)
        if item.type == "boolean":
            lists[name] = [False, True]
        elif item.levels:
            lists[name] = list(item.level_ids)
        else:
            assert item.type == "integer"
            lists[name] = list(range(int(item.minimum), int(item.maximum) + 1))
    silent = (None, *NOT_KNOWN)
    people = []
    for _ in range(n):
        row = {}
        for name, known in lists.items():
            answer = rng.choice(silent if rng.random() < unknown else known)
            if answer is not None:
                row[name] = answer
        people.append(row)
    return people


def by_program(card: Scorecard, people: People) -> list[int]:
    return [int(score) for score in card.scores(card.term_parts(card.encode(list(people))))]


def by_naive(model: dict, people: People) -> list[int]:
    return [naive.score(model, person) for person in people]


def _texts(card: Scorecard, people: People) -> list[tuple[str | int | None, ...]]:
    return [
        (
            at,
            *(
                None if n not in p else str(p[n]).lower() if isinstance(p[n], bool) else str(p[n])
                for n in card.document.items
            ),
        )
        for at, p in enumerate(people)
    ]


def _columns(card: Scorecard) -> str:
    return "person integer, " + ", ".join(f'"{item}" varchar' for item in card.document.items)


def by_sqlite(card: Scorecard, people: People, query: str | None = None) -> list[int]:
    rows = _texts(card, people)
    database = sqlite3.connect(":memory:")
    database.execute(f"create table answers ({_columns(card)})")
    database.executemany(f"insert into answers values ({','.join('?' * len(rows[0]))})", rows)
    found = {r[0]: r[-1] for r in database.execute(query or score_sql(card))}
    database.close()
    return [found[at] for at in range(len(people))]


def by_duckdb(card: Scorecard, people: People, folder: Path, query: str | None = None) -> list:
    import csv

    import duckdb

    # rows go in through a file: one insert a row is far slower
    file = folder / "answers.csv"
    with file.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows(_texts(card, people))
    database = duckdb.connect()
    database.execute("set threads = 1")
    database.execute(f"create table answers ({_columns(card)})")
    database.execute(f"copy answers from '{file}' (header false, nullstr '')")
    found = {r[0]: r[-1] for r in database.execute(query or score_sql(card)).fetchall()}
    database.close()
    return [found[at] for at in range(len(people))]


def calculated(book: Path) -> list[object]:
    """Scores of a workbook, computed by LibreOffice and not by us."""
    import csv

    assert OFFICE
    subprocess.run(
        [OFFICE, "--headless", f"-env:UserInstallation=file://{book.parent}/profile",
         "--convert-to", 'csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,false,false',
         "--outdir", str(book.parent), str(book)],
        check=True, capture_output=True, timeout=3000,
    )  # fmt: skip
    with book.with_suffix(".csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.reader(stream))[FIRST - 1 :]
    return [int(r[1]) if r[1].lstrip("-").isdigit() else r[1] for r in rows if r[0]]


def by_spreadsheet(card: Scorecard, people: People, folder: Path, lang: str = "zh") -> list:
    book = folder / "scores.xlsx"
    named = [(f"p{at}", person) for at, person in enumerate(people)]
    write_spreadsheet(book, card, lang=lang, people=max(1, len(people)), answers=named)
    return calculated(book)


def read_model(folder: Path) -> dict:
    """The released file itself, by nothing but a JSON reader."""
    return json.loads((folder / "model.json").read_text(encoding="utf-8"))
