"""What can be done in the registry: register, run silent, promote, override, roll back."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from riskengine.canonical import sha256
from riskengine.errors import ArtefactError, RiskEngineError, UseError
from riskengine.registry.entries import (
    checked_document,
    keep,
    make_entry,
    read_entry,
    write_entry,
)
from riskengine.registry.gate import Evidence, GateReport
from riskengine.registry.intercept import is_pooled_intercept
from riskengine.registry.log import Act, append, current, registry_home, writing
from riskengine.registry.measuring import Validation
from riskengine.scorecard.load import MANIFEST_FILE
from riskengine.store.lookup import LoadedModel, find_model, load_model
from riskengine.store.stages import POOL, LogLine, Stages

REPORT = "gate"
"""Kind of the file that holds the gate's answer."""


def add(
    folder: Path,
    act: Act,
    *,
    line: str | None = None,
    scope: str = POOL,
    policy: str | None = None,
) -> LogLine:
    """Register a model as a candidate; its folder is copied into the agency's own.

    Parameters
    ----------
    line
        The name under which it will be asked for; its own id where it is left out.
    scope
        A district, or ``pool``.
    policy
        The policy whose bands cut its score.

    Raises
    ------
    UseError
        Where another model has its name and version.
    ScorecardError
        Where it does not pass its own checks.
    """
    act = act.checked()
    model = load_model(folder)
    document = model.scorecard.document
    target = registry_home() / "models" / document.id / document.version
    with writing():
        stages = current()
        had = stages.sha256.get(model.name)
        if had is not None and had != model.sha256:
            raise UseError(
                f"[{model.name}] is registered with other content; a change is a new version"
            )
        if target.resolve() != folder.resolve():
            _copy(folder, target, model)
        entry = make_entry(model, line or document.id, policy, act)
        if had is None:
            digest = write_entry(entry)
        else:
            entry, digest = read_entry(model.name), ""
            if (line or document.id) != entry.line:
                raise UseError(f"[{model.name}] stands in line [{entry.line}] already")
        if model.name in stages.stage.get((entry.line, scope), {}):
            raise UseError(f"[{model.name}] is registered for [{scope}] already")
        return append(
            act, action="add", line=entry.line, model=model.name, model_sha256=model.sha256,
            scope=scope, stage="candidate", documents={"entry": digest} if digest else {},
        )  # fmt: skip


def _copy(folder: Path, target: Path, model: LoadedModel) -> None:
    if target.exists():
        there = (
            (target / MANIFEST_FILE).read_bytes() if (target / MANIFEST_FILE).is_file() else b""
        )
        if there != model.manifest:
            raise UseError(f"{target} holds another model of this name and version")
        return
    part = target.with_name(target.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    shutil.copytree(folder, part)
    part.replace(target)


def silence(model: str, act: Act, *, scope: str = POOL) -> LogLine:
    """Let a candidate score beside practice, shown to nobody."""
    act = act.checked()
    with writing():
        stages = current()
        entry = read_entry(model)
        now = _stage(stages, entry.line, scope, model)
        if now != "candidate":
            raise UseError(f"[{model}] is {now} for [{scope}]; accepted here: candidate")
        return append(
            act, action="silence", line=entry.line, model=model, model_sha256=entry.model_sha256,
            scope=scope, stage="silent",
        )  # fmt: skip


def _stage(stages: Stages, line: str, scope: str, model: str) -> str:
    found = stages.stage.get((line, scope), {}).get(model)
    if found is None:
        raise UseError(f"[{model}] is not registered for [{scope}]; `riskengine registry add`")
    return found


def promote(
    model: str,
    act: Act,
    report: GateReport,
    *,
    scope: str = POOL,
    evidence: Evidence | None = None,
    documents: Mapping[str, bytes] | None = None,
) -> LogLine:
    """Put a model live where the gate lets it; the question and its answer are kept in any case.

    On ``cannot tell`` only a pooled update of the live model's intercept goes live, under two
    different names.

    Raises
    ------
    UseError
        Where it is live or retired, or names are missing.
    """
    return _to_live(model, act, report, scope, evidence, documents or {}, override=False)


def override(
    model: str,
    act: Act,
    report: GateReport,
    *,
    scope: str = POOL,
    evidence: Evidence | None = None,
    documents: Mapping[str, bytes] | None = None,
) -> LogLine:
    """Put a model live against the gate, under two different names and with a reason.

    Raises
    ------
    UseError
        Where only one name stands behind it, or the gate refused for something that nobody may
        override: edited files, another instrument, leakage, a missing impact assessment or
        signature.
    """
    act = act.checked(names=2)
    if report.answer == "pass":
        raise UseError("the gate lets it pass; promote it")
    if not report.can_be_overridden:
        raise UseError(
            "the gate refuses for reasons that nobody may override: " + ", ".join(report.reasons)
        )
    return _to_live(model, act, report, scope, evidence, documents or {}, override=True)


def _to_live(
    model: str,
    act: Act,
    report: GateReport,
    scope: str,
    evidence: Evidence | None,
    documents: Mapping[str, bytes],
    *,
    override: bool,
) -> LogLine:
    act = act.checked()
    with writing():
        stages = current()
        entry = read_entry(model)
        now = _stage(stages, entry.line, scope, model)
        if now not in ("candidate", "silent"):
            raise UseError(
                f"[{model}] is {now} for [{scope}]; a candidate or silent one goes live"
            )
        goes = override or report.answer == "pass"
        if not goes and report.answer == "cannot_tell" and _is_intercept(model, entry.line, scope):
            act = act.checked(names=2)
            goes = True
        hashes = keep(model, {**documents, REPORT: gate_bytes(report, evidence)})
        return append(
            act,
            action=("override" if override else "promote") if goes else "asked",
            line=entry.line,
            model=model,
            model_sha256=entry.model_sha256,
            scope=scope,
            stage="live" if goes else None,
            replaces=stages.live(entry.line, scope) if goes else None,
            answer=report.answer,
            findings=report.reasons,
            documents=hashes,
        )


def _is_intercept(model: str, line: str, scope: str) -> bool:
    serving = current().serving(line, None if scope == POOL else scope)
    if serving is None:
        return False
    mine, theirs = find_model(model), find_model(serving)
    return is_pooled_intercept(mine.scorecard.document, theirs.scorecard.document)


def rollback(line: str, act: Act, *, scope: str = POOL) -> LogLine:
    """Put the model live again that the present one replaced.

    Where it replaced none, it is retired and nothing of this line is live: practice goes on
    without a score, or with the pool's model where this was a district's own.

    Raises
    ------
    UseError
        Where nothing of this line is live.
    ScorecardError
        Where the earlier model's files are gone or were edited; then the line stays as it is.
    """
    act = act.checked()
    with writing():
        stages = current()
        present = stages.live(line, scope)
        if present is None:
            raise UseError(f"nothing of line [{line}] is live for [{scope}]")
        before = _before(stages, line, scope)
        if before is None:
            return append(
                act, action="retire", line=line, model=present,
                model_sha256=stages.sha256[present], scope=scope, stage="retired",
            )  # fmt: skip
        find_model(before)
        return append(
            act, action="rollback", line=line, model=before, model_sha256=stages.sha256[before],
            scope=scope, stage="live", replaces=present,
        )  # fmt: skip


def _before(stages: Stages, line: str, scope: str) -> str | None:
    """The model that was live before the present one, rollbacks undone."""
    stack: list[str] = []
    for one in stages.lines:
        if (one.line, one.scope) != (line, scope):
            continue
        if one.action == "rollback":
            while stack and stack[-1] != one.model:
                stack.pop()
        elif one.action == "retire":
            stack.clear()
        elif one.stage == "live":
            stack.append(one.model)
    return stack[-2] if len(stack) > 1 else None


def verify() -> list[str]:
    """Everything that is wrong with the registry: models, manifests, kept files, signatures.

    Raises
    ------
    ArtefactError
        Where the log itself was edited.
    """
    from riskengine.registry.signatures import signed_by

    stages = current()
    found = []
    for model, digest in stages.sha256.items():
        try:
            loaded = find_model(model)
            if loaded.sha256 != digest:
                found.append(f"{model}: not the registered content")
            if sha256(loaded.manifest) != read_entry(model).manifest_sha256:
                found.append(f"{model}: {MANIFEST_FILE} is not the registered one")
            signed_by(loaded)
        except RiskEngineError as error:
            found.append(f"{model}: {error}")
    for line in stages.lines:
        for kind, digest in line.documents.items():
            try:
                checked_document(line.model, kind, digest)
            except ArtefactError as error:
                found.append(f"line {line.seq}: {error}")
    return list(dict.fromkeys(found))


def gate_bytes(report: GateReport, evidence: Evidence | None) -> bytes:
    """What the gate said and on what figures; groups too small to judge are left out."""
    value: dict[str, Any] = {
        "format": "riskengine/gate-report/1",
        "answer": report.answer,
        "rules": report.rules,
        "rules_sha256": report.rules_sha256,
        "findings": [
            {"check": one.check, "ruling": one.ruling, "zh": one.text("zh"), "en": one.text("en")}
            for one in report.findings
        ],
    }
    if evidence is not None:
        value |= {"on": evidence.on.isoformat(), "candidate": evidence.candidate}
        value |= {"live": evidence.live}
        if evidence.validation is not None:
            value["validation"] = _figures(evidence.validation, report.not_judged)
    text = json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True, default=_plain)
    return f"{text}\n".encode()


def _figures(validation: Validation, hidden: frozenset[tuple[str, str]]) -> dict[str, Any]:
    found = asdict(validation)
    found["groups"] = [one for one in found["groups"] if (one["item"], one["group"]) not in hidden]
    return found


def _plain(value: object) -> object:
    if isinstance(value, date):
        return value.isoformat()
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    raise TypeError(type(value).__name__)
