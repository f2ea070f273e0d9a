"""The questions of an instrument as form fields, and a posted form as answers.

Nothing is chosen beforehand: a question that nobody touched stays out of the answers. What was
typed is kept as it was typed, also where it is wrong; it is said beside the question, and an
assessment with anything wrong in it cannot be signed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, get_args

from riskengine.errors import Language, Problem
from riskengine.instrument.answers import parse_answers
from riskengine.instrument.assessment import SourceKind
from riskengine.instrument.conditions import NOT_KNOWN
from riskengine.instrument.items import Item
from riskengine.instrument.model import Instrument
from riskengine.server.pages.viewer import Form

CODES: tuple[str, ...] = ("refused", "unknown", "not_applicable", "not_asked")
"""Answers that are no answer, in the order in which a form offers them."""
SOURCES: tuple[str, ...] = get_args(SourceKind)
CLASSES = ("confidential", "third_party")
assert set(CODES) == set(NOT_KNOWN)


@dataclass(frozen=True)
class Option:
    """One answer that can be chosen."""

    value: str
    label: str
    anchor: str
    chosen: bool


@dataclass(frozen=True)
class Question:
    """One item as a form shows it.

    Attributes
    ----------
    kind
        ``choice``, ``choices``, ``number``, ``date``, ``text`` or ``dates``.
    code
        The not-known code that was chosen, if any.
    ruled_out
        Another answer leaves nothing to ask here.
    none_chosen
        "None of these" was chosen, which is an answer.
    """

    id: str
    label: str
    question: str
    help: str
    kind: str
    options: tuple[Option, ...]
    value: str
    code: str
    unit: str
    minimum: str
    maximum: str
    step: str
    longest: int
    rated: bool
    disclosure: str
    ruled_out: bool
    source: Mapping[str, str]
    problems: tuple[str, ...]
    none_chosen: bool = False

    @property
    def answered(self) -> bool:
        """Whether anything stands there."""
        return bool(self.value or self.code or any(one.chosen for one in self.options))

    @property
    def anchored(self) -> bool:
        """Whether a level has an anchor."""
        return any(one.anchor for one in self.options)


@dataclass(frozen=True)
class Part:
    """One domain of the form, with how much of it was answered."""

    id: str
    label: str
    answered: int
    asked: int
    wrong: int


@dataclass
class Draft:
    """An assessment that is being answered, as the record keeps it.

    Attributes
    ----------
    corrects, reason, review
        The signed assessment that it is to stand beside, and why; kept with the draft alone.
    signed_by
        Who signed it on paper, where it is entered from paper.
    """

    answers: dict[str, Any] = field(default_factory=dict)
    sources: dict[str, dict[str, Any]] = field(default_factory=dict)
    kind: str = "intake"
    form: str = "full"
    assessed_on: str = ""
    corrects: str = ""
    reason: str = ""
    review: str = ""
    signed_by: str = ""

    @classmethod
    def of(cls, raw: Mapping[str, Any]) -> Draft:
        """Read a draft as it was saved."""
        beside = raw.get("_desk", {})
        return cls(
            answers=dict(raw.get("answers", {})),
            sources={item: dict(entry) for item, entry in raw.get("sources", {}).items()},
            kind=raw.get("kind", "intake"),
            form=raw.get("form", "full"),
            assessed_on=raw.get("assessed_on", ""),
            corrects=beside.get("corrects", ""),
            reason=beside.get("reason", ""),
            review=beside.get("review", ""),
            signed_by=beside.get("signed_by", ""),
        )

    def raw(self) -> dict[str, Any]:
        """What a draft is saved as."""
        return {
            **self.assessment(),
            "_desk": {
                "corrects": self.corrects,
                "reason": self.reason,
                "review": self.review,
                "signed_by": self.signed_by,
            },
        }

    def assessment(self) -> dict[str, Any]:
        """The assessment in it, as `riskengine.Assessment.from_dict` takes it."""
        return {
            "answers": self.answers,
            "sources": self.sources,
            "kind": self.kind,
            "form": self.form,
            "assessed_on": self.assessed_on,
        }


def asked(instrument: Instrument, draft: Draft) -> list[Item]:
    """Items that the form of a draft asks, in the order of the domains."""
    order = {domain.id: place for place, domain in enumerate(instrument.domains)}
    wanted = [
        item
        for item in instrument.items
        if (draft.form == "full" or item.quick or item.id in draft.answers)
        and item.phase in ("both", draft.kind)
    ]
    return sorted(wanted, key=lambda item: order[item.domain])


@dataclass(frozen=True)
class Checked:
    """What is wrong with a draft, item by item, and what its answers rule out."""

    problems: tuple[Problem, ...]
    ruled_out: frozenset[str]

    def of(self, item: str) -> list[Problem]:
        """Problems of one item; a contradiction belongs to every item in it."""
        return [one for one in self.problems if item in _named(one)]


def _named(problem: Problem) -> list[str]:
    names = problem.item.split(", ")
    return [name.removeprefix("sources.").split(".")[0] for name in names]


def check(instrument: Instrument, draft: Draft) -> Checked:
    """Check the answers of a draft as the engine will."""
    answers, problems = parse_answers(instrument, draft.answers)
    out = {
        item
        for item, answer in answers.items()
        if answer == "not_applicable" and item not in draft.answers
    }
    return Checked(problems, frozenset(out))


def parts(instrument: Instrument, draft: Draft, checked: Checked, lang: Language) -> list[Part]:
    """The domains of a form with their progress."""
    items = asked(instrument, draft)
    found = []
    for domain in instrument.domains:
        here = [item for item in items if item.domain == domain.id]
        if here:
            done = [i for i in here if i.id in draft.answers or i.id in checked.ruled_out]
            wrong = [i for i in here if checked.of(i.id)]
            found.append(Part(domain.id, domain.label[lang], len(done), len(here), len(wrong)))
    return found


def questions(
    instrument: Instrument,
    draft: Draft,
    checked: Checked,
    domain: str,
    lang: Language,
    say: Callable[..., str],
) -> list[Question]:
    """The questions of one domain as they stand in a draft."""
    return [
        _question(item, draft, checked, lang, say)
        for item in asked(instrument, draft)
        if item.domain == domain
    ]


def _question(
    item: Item, draft: Draft, checked: Checked, lang: Language, say: Callable[..., str]
) -> Question:
    answer = draft.answers.get(item.id)
    code = answer if isinstance(answer, str) and answer in NOT_KNOWN else ""
    value = "" if code or answer is None else _written(answer)
    whole = item.type == "integer"
    return Question(
        id=item.id,
        label=item.label[lang],
        question=(item.question or item.label)[lang],
        help="" if item.help is None else item.help[lang],
        kind=_KINDS[item.type],
        options=tuple(_options(item, None if code else answer, lang, say)),
        value=value,
        code=code,
        unit="" if item.unit is None else item.unit[lang],
        minimum="" if item.minimum is None else str(item.minimum),
        maximum="" if item.maximum is None else str(item.maximum),
        step="1" if whole else "any",
        longest=item.max_length or 0,
        rated=item.rated == "rated",
        disclosure=item.disclosure,
        ruled_out=item.id in checked.ruled_out,
        source={name: str(told) for name, told in draft.sources.get(item.id, {}).items()},
        problems=tuple(one.text(lang) for one in checked.of(item.id)),
        none_chosen=item.type == "multiple" and isinstance(answer, list) and not answer,
    )


_KINDS = {
    "nominal": "choice", "ordinal": "choice", "boolean": "choice", "multiple": "choices",
    "integer": "number", "number": "number", "date": "date", "dates": "dates", "text": "text",
}  # fmt: skip


def _written(answer: object) -> str:
    if isinstance(answer, bool):
        return "true" if answer else "false"
    if isinstance(answer, list | tuple):
        return "\n".join(str(one) for one in answer)
    return str(answer)


def _options(
    item: Item, answer: object, lang: Language, say: Callable[..., str]
) -> Iterator[Option]:
    if item.type == "boolean":
        for value, key in ((True, "yes"), (False, "no")):
            yield Option(_written(value), say(key), "", answer is value)
        return
    chosen = answer if isinstance(answer, list | tuple) else [answer]
    for level in item.levels:
        anchor = "" if level.anchor is None else level.anchor[lang]
        yield Option(level.id, level.label[lang], anchor, level.id in chosen)


def take(instrument: Instrument, draft: Draft, domain: str, form: Form, *, by: str) -> None:
    """Put what was posted for one domain into a draft.

    Parameters
    ----------
    by
        Internal id of whoever fills the form in; it stands with every source.
    """
    for item in asked(instrument, draft):
        if item.domain != domain or not form.has(f"shown.{item.id}"):
            continue
        answer = _taken(item, form)
        if answer is None:
            draft.answers.pop(item.id, None)
            draft.sources.pop(item.id, None)
            continue
        draft.answers[item.id] = answer
        _take_source(item, draft, form, by)


def _taken(item: Item, form: Form) -> object | None:
    """The answer to one item; ``None`` where there is none."""
    name = f"a.{item.id}"
    code = form.text(f"code.{item.id}")
    kind = _KINDS[item.type]
    given = [one.strip() for one in form.texts(name) if one.strip()]
    if kind == "choices":
        chosen = [one for one in given if one not in NOT_KNOWN]
        # "none of these" is an answer of its own: an empty list that somebody chose
        if "none" in chosen and "none" not in item.level_ids:
            chosen = [one for one in chosen if one != "none"]
            return chosen
        return chosen or (code if code in NOT_KNOWN else None)
    if not given:
        return code if code in NOT_KNOWN else None
    text = given[0]
    if text in NOT_KNOWN:
        return text
    match item.type:
        case "boolean":
            return {"true": True, "false": False}.get(text, text)
        case "integer":
            return int(text) if _is_whole(text) else text
        case "number":
            return _number(text)
        case "dates":
            return [line.strip() for line in text.splitlines() if line.strip()]
        case _:
            return text


def _is_whole(text: str) -> bool:
    return (
        text.removeprefix("-").isascii() and text.removeprefix("-").isdecimal() and len(text) < 9
    )


def _number(text: str) -> object:
    try:
        number = float(text) if len(text) < 24 else text
    except ValueError:
        return text
    # "nan" and "inf" are read by float and are no numbers of a form
    return number if isinstance(number, float) and abs(number) < 1e12 else text


def _take_source(item: Item, draft: Draft, form: Form, by: str) -> None:
    kind = form.text(f"source.{item.id}") or form.text("source")
    if kind not in SOURCES:
        draft.sources.pop(item.id, None)
        return
    entry: dict[str, Any] = {"source": kind, "by": by}
    day = form.text(f"on.{item.id}") or (
        form.text("on") if not form.text(f"source.{item.id}") else ""
    )
    if day:
        entry["on"] = day[:20]
    kept = form.text(f"class.{item.id}")
    if kept in CLASSES:
        entry["disclosure"] = kept
    basis = form.text(f"basis.{item.id}")[:200]
    if basis:
        entry["legal_basis"] = basis
    draft.sources[item.id] = entry


def first_domain(found: Sequence[Part]) -> str:
    """The first domain with an open question, else the first."""
    open_parts = [part for part in found if part.answered < part.asked]
    return (open_parts or list(found))[0].id


def next_domain(found: Sequence[Part], domain: str) -> str | None:
    """The domain after one, or ``None`` after the last."""
    ids = [part.id for part in found]
    place = ids.index(domain) + 1
    return ids[place] if place < len(ids) else None


def shown_answer(
    instrument: Instrument, item: str, answer: object, lang: Language, say: Callable[..., str]
) -> str:
    """An answer in words, as a summary or a list of differences shows it."""
    if answer is None:
        return say("code_not_asked")
    if isinstance(answer, str) and answer in NOT_KNOWN:
        return say(f"code_{answer}")
    if isinstance(answer, bool):
        return say("yes" if answer else "no")
    found = instrument.by_id.get(item)
    if isinstance(answer, list | tuple):
        if not answer:
            return say("none_of_these")
        return say("joiner").join(shown_answer(instrument, item, one, lang, say) for one in answer)
    if found is not None and found.levels and answer in found.level_ids:
        return found.level(str(answer)).label[lang]
    if isinstance(answer, date):
        return answer.isoformat()
    unit = "" if found is None or found.unit is None else f" {found.unit[lang]}"
    return f"{answer:g}{unit}" if isinstance(answer, float) else f"{answer}{unit}"
