"""Whether an impact assessment is complete: what a gate asks before a model goes live.

Nothing in the file says so by itself. What a person has to answer is taken from the checklist
that the file names, a signature counts only for the content that it was given under, and every
place needs another person.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from riskengine.canonical import content_hash
from riskengine.documents import load_document
from riskengine.errors import ArtefactError
from riskengine.reports.checklists.document import FilledChecklist, Signature
from riskengine.reports.checklists.fill import find_checklist


@dataclass(frozen=True)
class ImpactStanding:
    """How far an impact assessment is.

    Attributes
    ----------
    model, model_sha256
        ``id@version`` and hash of the model that it is about.
    content_sha256
        Hash of its content, which the signatures name.
    open
        Items that nobody has answered.
    unsigned
        Places without a signature under this content.
    signed_by, signed_on
        Names of those who signed this content, in the order of the places, and the latest day.
    """

    model: str
    model_sha256: str
    content_sha256: str
    open: tuple[str, ...]
    unsigned: tuple[str, ...]
    signed_by: tuple[str, ...]
    signed_on: date | None

    @property
    def complete(self) -> bool:
        """Whether every item is answered and everyone who has to has signed."""
        return not self.open and not self.unsigned


def impact_standing(data: bytes, *, source: str = "impact assessment") -> ImpactStanding:
    """Read an impact assessment (JSON) and tell how far it is.

    Raises
    ------
    ArtefactError
        Where the file is not of the format, is another kind of checklist, names a checklist that
        is not installed with this content, or signs an empty one.

    Examples
    --------
    >>> impact_standing(Path("impact.json").read_bytes()).complete  # doctest: +SKIP
    True
    """
    filled = load_document(FilledChecklist, data, source=source)
    if filled.kind != "impact":
        raise ArtefactError(f"{source}: a [{filled.kind}] checklist; accepted: [impact]")
    checklist = find_checklist(filled.checklist)
    if filled.checklist_sha256 != content_hash(checklist.model_dump(mode="json")):
        raise ArtefactError(
            f"{source}: it was filled from another content of [{filled.checklist}] than the one "
            "that is installed; fill it anew"
        )
    given = {one.id: one for one in filled.items}
    # the checklist says what is asked; an item that was cut out of the file is open
    unanswered = tuple(
        item.id
        for item in checklist.items
        if item.id not in given
        or (
            given[item.id].answer is None
            and (checklist.asks_a_person(item) or _unknown(given[item.id].known, item.facts))
        )
    )
    content = filled.content_sha256
    valid: dict[str, Signature] = {}
    latest = max((one.answer.on for one in filled.items if one.answer is not None), default=None)
    for signature in filled.signatures:
        if (
            signature.content_sha256 == content
            and signature.by not in {one.by for one in valid.values()}
            and (latest is None or signature.on >= latest)
        ):
            valid.setdefault(signature.place, signature)
    places = [one.id for one in checklist.signatures]
    signed = [valid[place] for place in places if place in valid]
    return ImpactStanding(
        model=filled.model,
        model_sha256=filled.model_sha256,
        content_sha256=content,
        open=unanswered,
        unsigned=tuple(place for place in places if place not in valid),
        signed_by=tuple(one.by for one in signed),
        signed_on=max((one.on for one in signed), default=None),
    )


def _unknown(known: object, facts: tuple[str, ...]) -> bool:
    """Whether a fact of the item is not stated."""
    stated = {one.fact for one in known} if isinstance(known, tuple) else set()
    return bool(set(facts) - stated)
