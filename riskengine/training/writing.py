"""Writing a model's folder: model, cards, and the manifest last."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from riskengine.canonical import canonical_json, sha256
from riskengine.documents import load_document
from riskengine.errors import ArtefactError
from riskengine.scorecard.document import ScorecardDocument
from riskengine.scorecard.load import MANIFEST_FILE, MODEL_FILE, Manifest


def model_bytes(document: ScorecardDocument) -> bytes:
    """Give the bytes of ``model.json``: equal documents are equal bytes."""
    content = document.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return (canonical_json(content) + "\n").encode("utf-8")


def write_folder(
    folder: Path,
    document: ScorecardDocument,
    cards: Mapping[str, str],
    *,
    by: str,
    now: datetime,
    run_seconds: float,
    environment: Mapping[str, str] | None = None,
) -> bool:
    """Write a model folder, unless it already holds exactly these files.

    The old manifest goes first and the new one comes last, so that half a folder is never taken
    for a whole one.

    Returns
    -------
    bool
        Whether anything was written.
    """
    files = {
        MODEL_FILE: model_bytes(document),
        **{name: text.encode("utf-8") for name, text in cards.items()},
    }
    hashes = {name: sha256(content) for name, content in files.items()}
    if _holds(folder, hashes):
        return False
    manifest = Manifest(
        format="riskengine/manifest/1",
        files=hashes,
        created_at=now.astimezone(UTC).isoformat(timespec="seconds"),
        created_by=by,
        run_seconds=round(run_seconds, 1),
        environment={
            "python": platform.python_version(),
            "system": f"{platform.system()} {platform.machine()}",
            **(environment or {}),
        },
    )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MANIFEST_FILE).unlink(missing_ok=True)
    for name, content in files.items():
        _write(folder / name, content)
    last = canonical_json(manifest.model_dump(mode="json")) + "\n"
    _write(folder / MANIFEST_FILE, last.encode("utf-8"))
    return True


def _holds(folder: Path, hashes: Mapping[str, str]) -> bool:
    """Whether a folder's manifest, and the files themselves, are these."""
    try:
        data = (folder / MANIFEST_FILE).read_bytes()
        manifest = load_document(Manifest, data, source=MANIFEST_FILE)
        found = {name: sha256((folder / name).read_bytes()) for name in hashes}
    except (OSError, ArtefactError):
        return False
    return dict(manifest.files) == dict(hashes) == found


def _write(path: Path, content: bytes) -> None:
    """Write a whole file or none of it."""
    part = path.with_name(path.name + ".part")
    with part.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
