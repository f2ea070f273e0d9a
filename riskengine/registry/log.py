"""Appending to the registry's log: whole lines, one writer at a time, never half of one."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from riskengine.canonical import canonical_json
from riskengine.errors import UseError, shown
from riskengine.store.places import HOME_VARIABLE, REGISTRY_LOG, home
from riskengine.store.stages import (
    GENESIS,
    Action,
    Answer,
    LogLine,
    Stage,
    Stages,
    line_hash,
    parse_log,
    stages_of,
)

_LOCK = "registry/log.lock"


@dataclass(frozen=True)
class Act:
    """Who does something, when and why.

    Attributes
    ----------
    at
        By the caller's clock; the library reads none.
    """

    by: tuple[str, ...]
    at: datetime
    reason: str

    def checked(self, *, names: int = 1) -> Act:
        """Give it back with names and reason trimmed.

        Raises
        ------
        UseError
            Where a name or the reason is missing, or fewer different people stand behind it than
            are needed.
        """
        by = tuple(name.strip() for name in self.by if name.strip())
        if len({name.casefold() for name in by}) < names or not by:
            raise UseError(
                f"{names} different name{'s are' if names > 1 else ' is'} needed; given: "
                f"{', '.join(by) or 'none'}"
            )
        if len(self.reason.strip()) < 4:
            raise UseError(f"the reason {shown(self.reason)} says nothing; write a sentence")
        return Act(by, self.at, self.reason.strip())

    @property
    def stamp(self) -> str:
        """The time in UTC, to the second."""
        return self.at.astimezone(UTC).isoformat(timespec="seconds")


def registry_home() -> Path:
    """The agency's folder.

    Raises
    ------
    UseError
        Where none is set: promotion never writes into the software.
    """
    own = home()
    if own is None:
        raise UseError(
            f"the registry is kept in the agency's own folder: set {HOME_VARIABLE} to it"
        )
    return own


def current() -> Stages:
    """What the log says now; nothing where there is none yet."""
    path = registry_home() / REGISTRY_LOG
    return stages_of(parse_log(path.read_bytes()) if path.is_file() else ())


@contextmanager
def writing() -> Iterator[None]:
    """Keep every other writer out.

    Raises
    ------
    UseError
        Where another is writing, or one was ended in the middle and left its mark.
    """
    path = registry_home() / _LOCK
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY)
    except FileExistsError as error:
        raise UseError(
            f"somebody else is writing to the registry; if nobody is, delete {path}"
        ) from error
    try:
        yield
    finally:
        os.close(handle)
        path.unlink()


def append(
    act: Act,
    *,
    action: Action,
    line: str,
    model: str,
    model_sha256: str,
    scope: str,
    stage: Stage | None = None,
    replaces: str | None = None,
    answer: Answer | None = None,
    findings: tuple[str, ...] = (),
    documents: Mapping[str, str] | None = None,
) -> LogLine:
    """Append one line; to be called while `writing`.

    The whole log is written anew beside the old one and put in its place, so that a power cut
    leaves the old one or the new one and never half a line.
    """
    path = registry_home() / REGISTRY_LOG
    data = path.read_bytes() if path.is_file() else b""
    lines = parse_log(data)
    draft = LogLine(
        format="riskengine/registry-log/1",
        seq=len(lines) + 1,
        at=act.stamp,
        action=action,
        line=line,
        model=model,
        model_sha256=model_sha256,
        scope=scope,
        stage=stage,
        replaces=replaces,
        answer=answer,
        findings=findings,
        by=act.by,
        reason=act.reason,
        documents=dict(documents or {}),
        previous=lines[-1].hash if lines else GENESIS,
        hash=GENESIS,
    )
    made = draft.model_copy(update={"hash": line_hash(draft)})
    row = canonical_json(made.model_dump(mode="json")).encode() + b"\n"
    write_whole(path, data + row)
    return made


def write_whole(path: Path, data: bytes) -> None:
    """Write a whole file or none of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    with part.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
