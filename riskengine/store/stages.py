"""Which version of a model is live, by the registry's log: read-only, and checked when it is read.

The log is the agency's ``registry/log.jsonl``: one JSON object a line, oldest first, that an
auditor can read with any editor. Each line carries the hash of the one before and its own, so that
a line that was edited, moved or taken out of the middle is found. What is live follows from the
lines and stands nowhere else. An installation without a log works as if there were no registry.
"""

# No `from __future__ import annotations` here: pydantic would compile every annotation from text.

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from riskengine.canonical import content_hash
from riskengine.documents import load_document
from riskengine.errors import ArtefactError
from riskengine.instrument.items import Identifier
from riskengine.scorecard.document import Sha256
from riskengine.store.places import REGISTRY_LOG, registry_log
from riskengine.text import FROZEN

GENESIS = "0" * 64
"""What stands before the first line."""
POOL = "pool"
"""Scope of all districts that have nothing of their own."""

Stage = Literal["silent", "candidate", "live", "retired"]
Action = Literal["add", "silence", "promote", "override", "rollback", "retire", "asked"]
Answer = Literal["pass", "refuse", "cannot_tell"]
ModelName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*@[0-9]+(\.[0-9]+){0,3}$")]


class LogLine(BaseModel):
    """One line of the log.

    Attributes
    ----------
    line
        The name under which the model is asked for; its own id as a rule. A district's own model
        may stand in the line of the province's.
    scope
        A district, or ``pool``.
    stage
        The stage that begins here; nothing where the gate was only asked.
    replaces
        The model that was live until here.
    answer, findings
        What the gate said, and the codes of what it refused or could not tell.
    by
        Names of those who did it.
    documents
        Hashes of the files that it rests on, by kind.
    """

    model_config = FROZEN

    format: Literal["riskengine/registry-log/1"]
    seq: int = Field(ge=1)
    at: str
    action: Action
    line: Identifier
    model: ModelName
    model_sha256: Sha256
    scope: Annotated[str, Field(min_length=1, max_length=64)]
    stage: Stage | None = None
    replaces: ModelName | None = None
    answer: Answer | None = None
    findings: tuple[str, ...] = ()
    by: tuple[Annotated[str, Field(min_length=1, max_length=64)], ...] = Field(min_length=1)
    reason: str
    documents: dict[str, Sha256] = {}
    previous: Sha256
    hash: Sha256


def line_hash(line: LogLine) -> str:
    """Hash of everything in a line but the hash itself."""
    content = line.model_dump(mode="json")
    del content["hash"]
    return content_hash(content)


def parse_log(data: bytes, *, source: str = REGISTRY_LOG) -> tuple[LogLine, ...]:
    """Read a log and check its chain.

    Raises
    ------
    ArtefactError
        Naming the line that is malformed, was edited, or does not follow on the one before.
    """
    lines: list[LogLine] = []
    previous = GENESIS
    rows = data.split(b"\n")
    if rows[-1]:
        raise ArtefactError(f"{source}: line {len(rows)} was cut off while it was written")
    for number, row in enumerate(rows[:-1], start=1):
        line = load_document(LogLine, row, source=f"{source}: line {number}")
        if line.seq != number or line.previous != previous:
            raise ArtefactError(
                f"{source}: line {number} does not follow on the one before; a line was taken "
                "out, moved or put in"
            )
        if line.hash != line_hash(line):
            raise ArtefactError(f"{source}: line {number} was edited after it was written")
        previous = line.hash
        lines.append(line)
    return tuple(lines)


@dataclass(frozen=True)
class Stages:
    """What follows from the log.

    Attributes
    ----------
    stage
        By line, scope and model: the stage.
    sha256
        By model: the hash of its ``model.json`` as registered.
    """

    stage: Mapping[tuple[str, str], Mapping[str, Stage]]
    sha256: Mapping[str, str]
    lines: tuple[LogLine, ...] = ()

    def live(self, line: str, scope: str) -> str | None:
        """The model that is live in exactly this scope, or ``None``."""
        for model, stage in self.stage.get((line, scope), {}).items():
            if stage == "live":
                return model
        return None

    def serving(self, line: str, district: str | None) -> str | None:
        """The model that serves a district: its own live one, or else the pool's."""
        own = None if district is None else self.live(line, district)
        return own or self.live(line, POOL)

    def here(self, model: str, district: str | None) -> frozenset[Stage]:
        """Stages of a model that concern a district, in whichever line."""
        scopes = {POOL, district}
        return frozenset(
            found[model]
            for (_, scope), found in self.stage.items()
            if scope in scopes and model in found
        )

    def serves(self, model: str, district: str | None) -> bool:
        """Whether a model serves a district in some line."""
        return any(self.serving(line, district) == model for line, _ in self.stage)


def stages_of(lines: Iterable[LogLine]) -> Stages:
    """Derive the stages from the lines of a log."""
    stage: dict[tuple[str, str], dict[str, Stage]] = {}
    hashes: dict[str, str] = {}
    kept = tuple(lines)
    for line in kept:
        hashes.setdefault(line.model, line.model_sha256)
        if line.stage is None:
            continue
        there = stage.setdefault((line.line, line.scope), {})
        if line.stage == "live":
            # one model is live in a scope, and nobody has to remember to retire the other
            for other, had in there.items():
                if had == "live":
                    there[other] = "retired"
        there[line.model] = line.stage
    return Stages(stage, hashes, kept)


@lru_cache(maxsize=8)
def _read(path: Path, stamp: tuple[int, int]) -> Stages:
    return stages_of(parse_log(path.read_bytes(), source=path.name))


def stages_here() -> Stages | None:
    """Stages of the agency's registry, or ``None`` where it has none.

    Raises
    ------
    ArtefactError
        Where the log was touched; nothing is served by a log that cannot be trusted.
    """
    path = registry_log()
    if path is None:
        return None
    found = path.stat()
    return _read(path, (found.st_mtime_ns, found.st_size))
