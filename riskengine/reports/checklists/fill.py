"""Filling a checklist from what is known, and merging in what people answered."""

from __future__ import annotations

from riskengine.canonical import content_hash
from riskengine.errors import ArtefactError, NotFoundError, UseError
from riskengine.reports.checklists.document import (
    KINDS,
    Answers,
    Basis,
    Checklist,
    ChecklistItem,
    FilledChecklist,
    FilledItem,
    Kind,
    StatedFact,
)
from riskengine.reports.checklists.facts import Known, known_facts
from riskengine.store.lookup import find_catalogue


def find_checklist(name: str) -> Checklist:
    """Load a checklist by name or ``name@version``; the newest version where none is named.

    Raises
    ------
    NotFoundError
        Where there is none of that name.
    """
    raw = find_catalogue("checklists", name)
    if raw is None:
        raise NotFoundError(f"no checklist [{name}]: run `riskengine schema build`")
    return Checklist.model_validate(raw, strict=False)


def fill(
    kind: Kind,
    known: Known,
    *,
    answers: Answers | None = None,
    evaluation_sha256: str | None = None,
    policy_sha256: str | None = None,
) -> FilledChecklist:
    """Fill a checklist.

    Parameters
    ----------
    known
        The files that facts are taken from.
    answers
        What people answered; they must be about this model file and this checklist.

    Raises
    ------
    UseError
        Where evaluation, policy or answers are about another model, or an answer does not fit.

    Examples
    --------
    >>> filled = fill("impact", Known(find_model("cn_serious_noncompliance")))  # doctest: +SKIP
    >>> [one.id for one in filled.items if one.state == "open"]  # doctest: +SKIP
    ['c3', 'd4', 'e5', 'f3', ...]
    """
    checklist = find_checklist(KINDS[kind])
    document = known.model.scorecard.document
    model = f"{document.id}@{document.version}"
    _same_model(known, model)
    facts = known_facts(known)
    if answers is not None:
        _check_answers(answers, checklist, model, known.model.sha256)
    given = {} if answers is None else {one.item: one for one in answers.answers}
    items = tuple(
        FilledItem(
            id=item.id,
            known=tuple(
                StatedFact(fact=name, says=facts[name]) for name in item.facts if name in facts
            ),
            missing=tuple(name for name in item.facts if name not in facts),
            asks_a_person=checklist.asks_a_person(item),
            answer=given.get(item.id),
        )
        for item in checklist.items
    )
    return FilledChecklist(
        format="riskengine/checklist-filled/1",
        kind=kind,
        checklist=checklist.name,
        checklist_sha256=content_hash(checklist.model_dump(mode="json")),
        model=model,
        model_sha256=known.model.sha256,
        model_title=document.title,
        basis=tuple(_basis(known, model, evaluation_sha256, policy_sha256)),
        items=items,
        signatures=() if answers is None else answers.signatures,
    )


def _same_model(known: Known, model: str) -> None:
    evaluation, policy = known.evaluation, known.policy
    if evaluation is not None and evaluation.model.sha256 != known.model.sha256:
        raise UseError(
            f"the evaluation is about [{evaluation.model.id}@{evaluation.model.version}] with "
            f"hash [{evaluation.model.sha256[:12]}…], and the checklist about [{model}] with hash "
            f"[{known.model.sha256[:12]}…]"
        )
    instrument = known.model.scorecard.instrument.id
    if policy is not None and policy.instrument != instrument:
        raise UseError(
            f"policy [{policy.id}] is for instrument [{policy.instrument}], and the model is for "
            f"[{instrument}]"
        )


def _basis(
    known: Known, model: str, evaluation_sha256: str | None, policy_sha256: str | None
) -> list[Basis]:
    found = [Basis(what="model", name=model, sha256=known.model.sha256)]
    if (e := known.evaluation) is not None:
        name = f"{e.cohort.source}, {e.on}"
        found.append(Basis(what="evaluation", name=name, sha256=evaluation_sha256))
    if (p := known.policy) is not None:
        found.append(Basis(what="policy", name=f"{p.id}@{p.version}", sha256=policy_sha256))
    if known.law is not None and known.on is not None:
        name = f"{known.law.jurisdiction} {known.law.version_on(known.on)}, {known.on}"
        found.append(Basis(what="law", name=name))
    if known.installation is not None:
        found.append(Basis(what="installation", name=known.installation.jurisdiction))
    if known.rules is not None:
        name, sha256 = known.rules.name, known.rules.sha256
        found.append(Basis(what="casebook", name=name, sha256=sha256))
    return found


def _check_answers(answers: Answers, checklist: Checklist, model: str, sha256: str) -> None:
    """Refuse answers that are about something else, or that do not fit an item."""
    if answers.checklist != checklist.name:
        raise UseError(
            f"the answers are to [{answers.checklist}]; accepted here: [{checklist.name}]"
        )
    if answers.model_sha256 != sha256:
        raise UseError(
            f"the answers are about [{answers.model}] with hash [{answers.model_sha256[:12]}…], "
            f"and the checklist about [{model}] with hash [{sha256[:12]}…]: what people answered "
            "about one model says nothing about another"
        )
    items = {item.id: item for item in checklist.items}
    for answer in answers.answers:
        if answer.item not in items:
            raise UseError(
                f"answer to [{answer.item}]: no such item; accepted: {', '.join(items)}"
            )
        _check_choice(checklist, items[answer.item], answer.choice)
    places = [one.id for one in checklist.signatures]
    last = max((one.on for one in answers.answers), default=None)
    for signature in answers.signatures:
        if signature.place not in places:
            raise UseError(
                f"signature [{signature.place}]: no such place; accepted: "
                f"{', '.join(places) or 'none in this checklist'}"
            )
        if last is not None and signature.on < last:
            raise UseError(
                f"signature [{signature.place}] of {signature.on} is older than an answer of "
                f"{last}; accepted: the day of the last answer or later"
            )
    names = [one.by for one in answers.signatures]
    if len(set(names)) != len(names):
        raise UseError("one person signed in two places; accepted: another person for each")


def _check_choice(checklist: Checklist, item: ChecklistItem, choice: str | None) -> None:
    if checklist.choices and choice is None:
        raise UseError(
            f"answer to [{item.id}]: [choice] is missing; accepted: {', '.join(checklist.choices)}"
        )
    if not checklist.choices and choice is not None:
        raise UseError(f"answer to [{item.id}]: this checklist has no [choice], only text")


def parse_answers(value: object, *, source: str) -> Answers:
    """Check a parsed file of answers.

    Raises
    ------
    ArtefactError
        One line a mistake.
    """
    from pydantic import ValidationError

    from riskengine.documents import describe

    if not isinstance(value, dict):
        raise ArtefactError(f"{source}: the file must hold a mapping")
    for key in ("answers", "signatures"):
        if isinstance(value.get(key), list):
            value = {**value, key: tuple(value[key])}
    try:
        return Answers.model_validate(value)
    except ValidationError as error:
        raise ArtefactError(describe(error, source)) from error
