"""Strict JSON in, canonical JSON out, and the hashes that name a file's content."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from riskengine.errors import ArtefactError, shown

MAX_BYTES = 64 * 1024 * 1024


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    seen: dict[str, Any] = {}
    for key, value in pairs:
        if key in seen:
            raise ArtefactError(f"key {shown(key)} stands twice in one object")
        seen[key] = value
    return seen


def _no_constant(name: str) -> float:
    raise ArtefactError(f"{shown(name)} is not a JSON number")


def _finite(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise ArtefactError(f"number {shown(text)} is too large")
    return value


def _bounded(text: str) -> int:
    if len(text) > 20:
        raise ArtefactError(f"number {shown(text)} is too large")
    return int(text)


def parse_json(data: bytes | str, *, source: str = "input") -> Any:
    """Parse strict JSON: no duplicate keys, no NaN, no infinities, no excessive size or depth.

    Parameters
    ----------
    data
        The document, UTF-8 where it is bytes (a byte-order mark is allowed).
    source
        Name used in errors, usually the file.

    Raises
    ------
    ArtefactError
        Naming the source and what was refused.
    """
    if len(data) > MAX_BYTES:
        raise ArtefactError(f"{source}: larger than {MAX_BYTES // 2**20} MiB")
    try:
        text = data.decode("utf-8-sig") if isinstance(data, bytes) else data
        return json.loads(
            text,
            object_pairs_hook=_no_duplicates,
            parse_constant=_no_constant,
            parse_float=_finite,
            parse_int=_bounded,
        )
    except ArtefactError as error:
        raise ArtefactError(f"{source}: {error}") from error
    except RecursionError as error:
        raise ArtefactError(f"{source}: JSON is nested too deeply") from error
    except UnicodeDecodeError as error:
        raise ArtefactError(f"{source}: not UTF-8 at byte {error.start}") from error
    except json.JSONDecodeError as error:
        raise ArtefactError(
            f"{source}: not JSON at line {error.lineno}, column {error.colno}: {error.msg}"
        ) from error


def read_json(path: Path) -> Any:
    """Read one strict JSON file."""
    return parse_json(path.read_bytes(), source=str(path))


def canonical_json(value: Any) -> str:
    """Write JSON so that equal content is equal bytes: sorted keys, no spare white space."""
    return json.dumps(
        value, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")
    )


def sha256(data: bytes) -> str:
    """Return the SHA-256 of some bytes in lower-case hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def content_hash(value: Any) -> str:
    """Return the hash of a JSON value's canonical form."""
    return sha256(canonical_json(value).encode("utf-8"))
