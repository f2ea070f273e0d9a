"""Finding the encoding of a text file without ever guessing one that does not fit.

A byte-order mark decides. Without one, the whole file is UTF-8 or the whole file is GB18030; the
check reads it once from end to end before any row is used.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO

from riskengine.errors import IntakeError, shown

_CHUNK = 1 << 16
_HAN = re.compile("[\u4e00-\u9fff]")
_MARKS = (
    (codecs.BOM_UTF32_LE, None),
    (codecs.BOM_UTF32_BE, None),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

Open = Callable[[], IO[bytes]]
"""Opens the file anew at its first byte, uncompressed."""


@dataclass(frozen=True)
class _Failure:
    offset: int
    line: int
    han_before: bool

    def at(self) -> str:
        return f"byte {self.offset}, line {self.line} of the file"


def find_encoding(open_bytes: Open, name: str, *, given: str | None, limit: int) -> str:
    """Return the encoding that the whole file obeys.

    Parameters
    ----------
    open_bytes
        Opens the file at its start.
    name
        The file, for errors.
    given
        An encoding that the caller states; then only that one is tried.
    limit
        Largest number of bytes, uncompressed.

    Raises
    ------
    IntakeError
        With byte and line where the file stops being readable text.
    """
    with open_bytes() as stream:
        start = stream.read(4096)
    encodings = _candidates(start, name, given)
    failures: list[tuple[str, _Failure]] = []
    for encoding in encodings:
        failure = _first_failure(open_bytes, encoding, name, limit)
        if failure is None:
            return encoding
        failures.append((encoding, failure))
        if failure.han_before and encoding == "utf-8":
            # Chinese that was good UTF-8 up to here: a damaged file, no other encoding
            break
    tried = "; ".join(
        f"not {encoding.upper()} at {failure.at()}" for encoding, failure in failures
    )
    raise IntakeError(f"{name}: {tried}; save it as UTF-8, or name its encoding")


def _candidates(start: bytes, name: str, given: str | None) -> tuple[str, ...]:
    if given is not None:
        try:
            return (codecs.lookup(given).name,)
        except LookupError as error:
            raise IntakeError(f"{name}: no encoding is called {shown(given)}") from error
    for mark, encoding in _MARKS:
        if start.startswith(mark):
            if encoding is None:
                raise IntakeError(f"{name}: UTF-32 is not read; save it as UTF-8")
            return (encoding,)
    if b"\x00" in start:
        raise IntakeError(
            f"{name}: not text at byte {start.index(0)}: binary, or UTF-16 without a byte-order "
            f"mark; save it as UTF-8"
        )
    return ("utf-8", "gb18030")


def _first_failure(open_bytes: Open, encoding: str, name: str, limit: int) -> _Failure | None:
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    size, lines, han = 0, 0, False
    with open_bytes() as stream:
        while True:
            chunk = stream.read(_CHUNK)
            held = len(decoder.getstate()[0])
            try:
                text = decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                good = error.object[: error.start].decode(encoding, "replace")
                return _Failure(
                    offset=size - held + error.start,
                    line=lines + good.count("\n") + 1,
                    han_before=han or _HAN.search(good) is not None,
                )
            if not chunk:
                return None
            size += len(chunk)
            if size > limit:
                raise IntakeError(f"{name}: larger than {limit // 2**20} MiB uncompressed")
            lines += text.count("\n")
            han = han or _HAN.search(text) is not None
