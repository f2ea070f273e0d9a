"""A draft policy with fixed cut-offs, and its adoption by a named authority.

A draft has a format of its own that the engine does not load: nothing in it is operational. What
makes a policy of it is a person's decision, with day and reason.
"""

# No `from __future__ import annotations` here: pydantic would compile every annotation from text.

from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from riskengine.canonical import canonical_json, sha256
from riskengine.documents import load_document
from riskengine.engine import Engine
from riskengine.errors import ArtefactError, PolicyError, UseError
from riskengine.planning.variants import checked_copy
from riskengine.policy.bands import CutOffs
from riskengine.policy.document import Adoption, Citation, PointBands, PolicyDocument
from riskengine.store.lookup import find_policy
from riskengine.text import FROZEN, Text

FORMAT = "riskengine/policy-draft/1"
SHORTEST_REASON = 10
"""Characters of a reason: a word is none."""
SHORTEST_NAME = 2


class Basis(BaseModel):
    """What a draft rests on.

    Attributes
    ----------
    plan_sha256
        Hash of the plan's canonical JSON.
    guarantee
        What is promised, in words; that none can be given; or that none was asked for.
    """

    model_config = FROZEN
    plan_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    replaces: str
    model: str
    model_sha256: str
    people: int
    outcomes: Text
    guarantee: Text
    hours: Text


class PolicyDraft(BaseModel):
    """A drafted policy, format ``riskengine/policy-draft/1``."""

    model_config = FROZEN
    format: Literal["riskengine/policy-draft/1"]
    drafted_on: date
    policy: PolicyDocument
    basis: Basis


def draft_policy(
    base: PolicyDocument, cuts: CutOffs, scorecard: str, *, version: str
) -> PolicyDocument:
    """Give a policy other, fixed cut-offs; everything else stays as it is."""
    if cuts.relaxed_below >= cuts.strict_from:
        raise UseError(
            f"relaxed below [{cuts.relaxed_below}] and strict from [{cuts.strict_from}] leave no "
            "ordinary tier"
        )
    return checked_copy(
        base,
        version=version,
        purpose="template",
        adopted_by=None,
        adoption=None,
        bands=PointBands(
            kind="points",
            scorecard=scorecard,
            strict_from=cuts.strict_from,
            relaxed_below=cuts.relaxed_below,
        ),
        band_citation=Citation(
            text=Text(
                zh=f"以 {scorecard} 的固定分数为界，由有权机关通过后生效"
                "（《社区矫正法》第三条、第二十四条）",
                en=f"Fixed scores of {scorecard}, in force once a competent authority adopts "
                "them (Community Corrections Law, arts. 3 and 24)",
            ),
            verified=True,
        ),
    )


def next_version(version: str) -> str:
    """The next middle number: another set of cut-offs of the same policy."""
    major, minor, *_ = (*version.split("."), "0", "0")
    return f"{major}.{int(minor) + 1}.0"


def read_draft(path: Path) -> tuple[PolicyDraft, str]:
    """Read a draft, and the hash of its file."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise PolicyError(f"{path}: {error.strerror}") from error
    try:
        return load_document(PolicyDraft, data, source=path.name), sha256(data)
    except ArtefactError as error:
        raise PolicyError(str(error)) from error


def adopt(
    path: Path,
    *,
    by: str,
    on: date,
    reason: str,
    valid_from: date | None = None,
    engine: Engine | None = None,
) -> PolicyDocument:
    """Make a policy of a draft, by the decision of a named authority.

    Parameters
    ----------
    by
        The authority, and who signed for it.
    on
        Day of the decision.
    reason
        Why these cut-offs and no others.
    valid_from
        First day of the policy; the day of the decision where it is left out.
    engine
        Where given, the draft's scorecard must be the engine's.

    Raises
    ------
    PolicyError
        Where the draft cannot be read.
    UseError
        Where name or reason are missing, or the days do not follow one another.
    """
    draft, digest = read_draft(path)
    by, reason = " ".join(by.split()), reason.strip()
    if len(by) < SHORTEST_NAME:
        raise UseError("adoption needs [by]: the authority and who signed for it")
    if len(reason) < SHORTEST_REASON:
        raise UseError(
            f"adoption needs a [reason] of at least {SHORTEST_REASON} characters: why these "
            "cut-offs"
        )
    if on < draft.drafted_on:
        raise UseError(
            f"adopted on [{on.isoformat()}], before it was drafted on "
            f"[{draft.drafted_on.isoformat()}]"
        )
    begins = on if valid_from is None else valid_from
    if begins < on:
        raise UseError(
            f"valid from [{begins.isoformat()}], before it was adopted on [{on.isoformat()}]"
        )
    if engine is not None and draft.basis.model_sha256 != engine.provenance.model_sha256:
        raise UseError(
            f"the draft was made with [{draft.basis.model}], another file than "
            f"[{engine.provenance.model}]"
        )
    return checked_copy(
        draft.policy,
        purpose="operational",
        adopted_by=by,
        adoption=Adoption(by=by, on=on, reason=reason, draft_sha256=digest),
        valid_from=begins,
        source_sha256=digest,
    )


def write_policy(document: PolicyDocument, path: Path) -> None:
    """Write a policy as the engine reads it; a file that is there is never written over."""
    if path.exists():
        raise UseError(f"{path}: there is such a file; an adopted policy is not written over")
    path.parent.mkdir(parents=True, exist_ok=True)
    data = document.model_dump(mode="json", by_alias=True, exclude_none=True)
    path.write_text(canonical_json(data) + "\n", encoding="utf-8", newline="\n")


def load_policy(name: str) -> PolicyDocument:
    """Load a policy by name, or a policy or draft by its file, to try it on a caseload."""
    path = Path(name)
    if not path.is_file():
        return find_policy(name)[0]
    return policy_or_draft(path.read_bytes(), source=path.name)


def policy_or_draft(data: bytes, *, source: str) -> PolicyDocument:
    """Read a policy, or the policy of a draft, to try it on a caseload."""
    try:
        if FORMAT.encode() in data:
            return load_document(PolicyDraft, data, source=source).policy
        return load_document(PolicyDocument, data, source=source)
    except ArtefactError as error:
        raise PolicyError(str(error)) from error
