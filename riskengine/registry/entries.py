"""What is kept of every registered version: its manifest, and what promotions rest on."""

# No `from __future__ import annotations` here: pydantic would compile every annotation from text.

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import BaseModel

from riskengine import __version__
from riskengine.canonical import sha256
from riskengine.documents import load_document
from riskengine.errors import ArtefactError, NotFoundError
from riskengine.instrument.items import Identifier
from riskengine.registry.log import Act, registry_home, write_whole
from riskengine.scorecard.document import InstrumentReference, Sha256
from riskengine.store.lookup import LoadedModel, find_policy, newest_built
from riskengine.store.stages import ModelName, Stages
from riskengine.text import FROZEN

ENTRIES = "registry/entries"
ENTRY_FILE = "entry.json"


class Entry(BaseModel):
    """``entry.json``: one registered version, and everything that it rests on, by hash.

    Attributes
    ----------
    evidence_sha256
        Of the published evidence of its instrument, where there is some.
    policy
        The policy whose bands cut its score.
    training_sha256
        Of the cohort that it was learned from.
    """

    model_config = FROZEN

    format: Literal["riskengine/registry-entry/1"]
    line: Identifier
    model: ModelName
    model_sha256: Sha256
    manifest_sha256: Sha256
    instrument: InstrumentReference
    outcome: Identifier
    horizon_days: int
    evidence_sha256: Sha256 | None = None
    policy: str | None = None
    policy_sha256: Sha256 | None = None
    training_sha256: Sha256 | None = None
    engine: str
    added_at: str
    added_by: tuple[str, ...]
    reason: str


def make_entry(model: LoadedModel, line: str, policy: str | None, act: Act) -> Entry:
    """Describe a version that is to be registered."""
    document = model.scorecard.document
    evidence = newest_built("evidence", document.instrument.id)
    named = policy_hash = None
    if policy is not None:
        found, policy_hash = find_policy(policy)
        named = f"{found.id}@{found.version}"
    return Entry(
        format="riskengine/registry-entry/1",
        line=line,
        model=model.name,
        model_sha256=model.sha256,
        manifest_sha256=sha256(model.manifest),
        instrument=document.instrument,
        outcome=document.outcome,
        horizon_days=document.horizon_days,
        evidence_sha256=None if evidence is None else sha256(evidence.read_bytes()),
        policy=named,
        policy_sha256=policy_hash,
        training_sha256=document.training.data_sha256,
        engine=__version__,
        added_at=act.stamp,
        added_by=act.by,
        reason=act.reason,
    )


def folder_of(model: str) -> Path:
    """Folder of a registered version in the agency's own."""
    name, _, version = model.partition("@")
    return registry_home() / ENTRIES / name / version


def write_entry(entry: Entry) -> str:
    """Write a version's manifest for people and programs alike; its hash."""
    data = _pretty(entry.model_dump(mode="json"))
    write_whole(folder_of(entry.model) / ENTRY_FILE, data)
    return sha256(data)


def read_entry(model: str) -> Entry:
    """Read a version's manifest.

    Raises
    ------
    NotFoundError
        Where it is not registered.
    ArtefactError
        Where the file is malformed.
    """
    path = folder_of(model) / ENTRY_FILE
    if not path.is_file():
        raise NotFoundError(f"model [{model}] is not registered")
    return load_document(Entry, path.read_bytes(), source=f"{model}/{ENTRY_FILE}")


def keep(model: str, documents: Mapping[str, bytes]) -> dict[str, str]:
    """Keep the files that a promotion rests on, each under its hash; hashes by kind."""
    hashes = {}
    for kind, data in documents.items():
        hashes[kind] = sha256(data)
        path = document_path(model, kind, hashes[kind])
        if not path.is_file():
            write_whole(path, data)
    return hashes


def document_path(model: str, kind: str, digest: str) -> Path:
    """Where a kept file stands."""
    if kind == "entry":
        return folder_of(model) / ENTRY_FILE
    return folder_of(model) / f"{kind}.{digest[:12]}.json"


def kept(model: str, kind: str, stages: Stages) -> bytes | None:
    """The file of a kind that the newest act on a model rests on, checked by its hash.

    Raises
    ------
    ArtefactError
        Where it was edited or is gone.
    """
    for line in reversed(stages.lines):
        if line.model == model and kind in line.documents:
            return checked_document(model, kind, line.documents[kind])
    return None


def checked_document(model: str, kind: str, digest: str) -> bytes:
    """Read a kept file.

    Raises
    ------
    ArtefactError
        Where it was edited or is gone.
    """
    path = document_path(model, kind, digest)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ArtefactError(f"{model}: {path.name} is gone") from error
    if sha256(data) != digest:
        raise ArtefactError(f"{model}: {path.name} was edited after it was registered")
    return data


def _pretty(value: object) -> bytes:
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, indent=1, sort_keys=True)
    return f"{text}\n".encode()
