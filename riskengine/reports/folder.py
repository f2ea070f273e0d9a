"""A folder of sheets with an index: one file a person, any number of people, bounded memory."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

from riskengine.errors import Language, UseError
from riskengine.explanation.document import Explanation
from riskengine.reports.html import (
    Reader,
    index_document,
    index_row,
    page_texts,
    sheet_document,
    sheet_of,
)

INDEX = "index.html"
SHEETS = "sheets"
_NOTED_EVERY = 100


def write_folder(
    folder: Path,
    explanations: Iterable[Explanation],
    *,
    lang: Language,
    reader: Reader,
    progress: Callable[[int], None] | None = None,
) -> int:
    """Write a file for each explanation and an index beside them; return how many there were.

    The folder appears whole or not at all. Files are numbered: no name and no id of a person
    stands in a file's name, whatever it is made of.

    Parameters
    ----------
    explanations
        Taken one by one; none is kept.
    progress
        Told the number of sheets written, every hundred and at the end.

    Raises
    ------
    UseError
        Where the folder exists and holds anything.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UseError(f"[{folder}] holds something already: name a new or empty folder")
    say = page_texts(lang)
    partial = folder.with_name(f".{folder.name}.{os.getpid()}.part")
    numbers = count(1)
    written = 0

    def rows() -> Iterator[dict[str, Any]]:
        nonlocal written
        for number, one in zip(numbers, explanations, strict=False):
            sheet = sheet_of(one, reader, say, number=number)
            name = f"{SHEETS}/{number:06d}.html"
            page = sheet_document(sheet, reader, index=f"../{INDEX}")
            (partial / name).write_text(page, encoding="utf-8", newline="\n")
            written = number
            if progress is not None and number % _NOTED_EVERY == 0:
                progress(number)
            yield index_row(sheet, name)

    try:
        (partial / SHEETS).mkdir(parents=True)
        with (partial / INDEX).open("w", encoding="utf-8", newline="\n") as stream:
            stream.writelines(index_document(rows(), reader, say))
        if folder.exists():
            folder.rmdir()
        partial.replace(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    if progress is not None and written % _NOTED_EVERY:
        progress(written)
    return written
