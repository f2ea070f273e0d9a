"""One person's answers at one time, checked against an instrument."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from types import MappingProxyType
from typing import Literal, cast, get_args

from riskengine.canonical import parse_json
from riskengine.errors import ArtefactError, AssessmentError, Problem
from riskengine.instrument.answers import (
    clean_key,
    complete,
    is_known,
    parse_answers,
    parse_iso_date,
)
from riskengine.instrument.items import Disclosure
from riskengine.instrument.model import Instrument
from riskengine.instrument.problems import problem

FORMAT = "riskengine/assessment/1"

Kind = Literal["intake", "reassessment"]
Form = Literal["full", "quick"]
SourceKind = Literal[
    "file", "interview", "family", "village_committee", "victim", "other_person", "system", "other"
]

PERSON_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}\Z")
_IDENTITY_NUMBER = re.compile(r"[1-9][0-9]{5}(18|19|20)[0-9]{9}[0-9Xx]\Z")
_PERSON_FORM = (
    "1–64 个字母、数字或 . _ : - 组成的内部编号；不要用姓名或身份证号码",
    "an internal id of 1-64 letters, digits or . _ : - ; never a name or an identity number",
)
_FIELDS = ("format", "instrument", "person", "id", "kind", "form", "assessed_on", "answers",
           "sources")  # fmt: skip
_SOURCE_FIELDS = ("source", "on", "by", "disclosure", "legal_basis")
_LONGEST_BASIS = 200


@dataclass(frozen=True)
class AnswerSource:
    """Where one answer comes from.

    Attributes
    ----------
    source
        Kind of source.
    on
        Day on which it was obtained.
    by
        Internal id of the person who recorded it.
    disclosure
        A stricter class than the item's own, where this answer came in confidence.
    legal_basis
        The article that allows this answer to be used, where a record is otherwise sealed. It is
        kept with the assessment and shown in no output.
    """

    source: SourceKind
    on: date | None = None
    by: str | None = None
    disclosure: Disclosure | None = None
    legal_basis: str | None = None


@dataclass(frozen=True)
class Assessment:
    """A complete, checked assessment. Build it with `Assessment.from_dict` or `from_json`.

    Attributes
    ----------
    person
        Opaque id; no name or identity number is needed or kept.
    assessed_on
        The day the answers speak of.
    answers
        Item to answer: a level id, number, boolean, date, tuple, or a not-known code. An item
        that is absent was not asked.
    """

    instrument: Instrument = field(repr=False)
    person: str
    kind: Kind
    form: Form
    assessed_on: date
    answers: Mapping[str, object]
    sources: Mapping[str, AnswerSource]
    id: str | None = None

    @cached_property
    def known(self) -> Mapping[str, object]:
        """Answers that are known, with the derived items beside them."""
        return MappingProxyType({i: a for i, a in self.complete.items() if is_known(a)})

    @cached_property
    def complete(self) -> Mapping[str, object]:
        """All answers, not-known codes included, with the derived items beside them."""
        return MappingProxyType(complete(self.instrument, self.answers))

    @classmethod
    def from_dict(cls, raw: Mapping[str, object], instrument: Instrument) -> Assessment:
        """Check a JSON-like mapping.

        Parameters
        ----------
        raw
            ``person``, ``assessed_on`` and ``answers`` are required; ``kind`` defaults to
            ``intake``, ``form`` to ``full``.
        instrument
            The instrument that it must belong to.

        Raises
        ------
        AssessmentError
            With every problem at once.

        Examples
        --------
        >>> Assessment.from_dict(
        ...     {"person": "A-17", "assessed_on": "2026-03-02", "answers": {"drug_use": "none"}},
        ...     instrument,
        ... )  # doctest: +SKIP
        """
        problems: list[Problem] = []
        if not isinstance(raw, Mapping):
            raise AssessmentError(
                [problem("wrong_type", "assessment", raw, ("JSON 对象", "a JSON object"))]
            )
        head = _head(raw, instrument, problems)
        answers: Mapping[str, object] = {}
        given = raw.get("answers")
        if isinstance(given, Mapping):
            answers, found = parse_answers(instrument, given)
            problems += found
        else:
            accepted = ("项目到答案的对象", "an object from item to answer")
            problems.append(
                problem("wrong_type", "answers", given, accepted)
                if "answers" in raw
                else problem("missing", "answers", accepted=accepted)
            )
        sources = _sources(raw.get("sources", {}), instrument, problems)
        if problems:
            raise AssessmentError(problems)
        assert head is not None
        person, kind, form, assessed_on, assessment_id = head
        return cls(
            instrument=instrument,
            person=person,
            kind=kind,
            form=form,
            assessed_on=assessed_on,
            answers=answers,
            sources=MappingProxyType(sources),
            id=assessment_id,
        )

    @classmethod
    def from_json(
        cls, data: bytes | str, instrument: Instrument, *, source: str = "assessment"
    ) -> Assessment:
        """Check one assessment in strict JSON; see `from_dict`."""
        try:
            raw = parse_json(data, source=source)
        except ArtefactError as error:
            text = str(error)
            raise AssessmentError(
                [problem("contradiction", "assessment", accepted=(text, text))]
            ) from error
        return cls.from_dict(raw, instrument)

    def to_dict(self) -> dict[str, object]:
        """Give the JSON-like mapping from which the same assessment is built again."""
        raw: dict[str, object] = {
            "format": FORMAT,
            "instrument": f"{self.instrument.id}@{self.instrument.version}",
            "person": self.person,
            "kind": self.kind,
            "form": self.form,
            "assessed_on": self.assessed_on.isoformat(),
            "answers": {item: _plain(answer) for item, answer in self.answers.items()},
        }
        if self.id is not None:
            raw["id"] = self.id
        if self.sources:
            raw["sources"] = {item: _plain_source(s) for item, s in self.sources.items()}
        return raw


def _plain(answer: object) -> object:
    if isinstance(answer, date):
        return answer.isoformat()
    if isinstance(answer, tuple):
        return [_plain(one) for one in answer]
    return answer


def _plain_source(source: AnswerSource) -> dict[str, object]:
    values = {name: getattr(source, name) for name in _SOURCE_FIELDS}
    return {name: _plain(value) for name, value in values.items() if value is not None}


def check_person(person: object) -> Problem | None:
    """Refuse a person id that is missing, malformed, or looks like an identity number.

    The value is never repeated in the message.
    """
    return None if _is_internal_id(person) else problem("person", "person", accepted=_PERSON_FORM)


def _is_internal_id(value: object) -> bool:
    return (
        isinstance(value, str)
        and PERSON_ID.match(value) is not None
        and _IDENTITY_NUMBER.match(value) is None
    )


def _head(
    raw: Mapping[str, object], instrument: Instrument, problems: list[Problem]
) -> tuple[str, Kind, Form, date, str | None] | None:
    before = len(problems)
    for key in raw:
        if key not in _FIELDS:
            problems.append(problem("unknown_item", clean_key(key), accepted=instrument.id))
    if raw.get("format", FORMAT) != FORMAT:
        problems.append(problem("unknown_level", "format", raw["format"], FORMAT))
    name = f"{instrument.id}@{instrument.version}"
    if raw.get("instrument", name) not in (name, instrument.id):
        problems.append(problem("wrong_instrument", "instrument", raw["instrument"], name))
    person_problem = check_person(raw.get("person"))
    if person_problem:
        problems.append(person_problem)
    kind, form = raw.get("kind", "intake"), raw.get("form", "full")
    for field_name, value, accepted in (
        ("kind", kind, get_args(Kind)),
        ("form", form, get_args(Form)),
    ):
        if value not in accepted:
            problems.append(problem("unknown_level", field_name, value, ", ".join(accepted)))
    assessment_id = raw.get("id")
    if assessment_id is not None and not _is_internal_id(assessment_id):
        problems.append(problem("person", "id", accepted=_PERSON_FORM))
    assessed_on = parse_iso_date(raw.get("assessed_on"))
    if raw.get("assessed_on") is None:
        problems.append(problem("missing", "assessed_on", accepted="YYYY-MM-DD"))
    elif assessed_on is None:
        problems.append(problem("not_a_date", "assessed_on", raw["assessed_on"], "YYYY-MM-DD"))
    if len(problems) > before or assessed_on is None:
        return None
    return (
        cast(str, raw["person"]),
        cast(Kind, kind),
        cast(Form, form),
        assessed_on,
        cast("str | None", assessment_id),
    )


def _sources(
    raw: object, instrument: Instrument, problems: list[Problem]
) -> dict[str, AnswerSource]:
    accepted = ("项目到来源的对象", "an object from item to source")
    if not isinstance(raw, Mapping):
        problems.append(problem("wrong_type", "sources", raw, accepted))
        return {}
    sources: dict[str, AnswerSource] = {}
    for item, entry in raw.items():
        place = f"sources.{clean_key(item)}"
        if item not in instrument.by_id or not isinstance(entry, Mapping):
            problems.append(problem("wrong_type", place, accepted=accepted))
            continue
        bad = False
        for name, value in entry.items():
            if name not in _SOURCE_FIELDS:
                problems.append(problem("unknown_level", place, name, ", ".join(_SOURCE_FIELDS)))
                bad = True
            elif name == "on" and parse_iso_date(value) is None:
                problems.append(problem("not_a_date", f"{place}.on", value, "YYYY-MM-DD"))
                bad = True
            elif name == "by" and not _is_internal_id(value):
                problems.append(problem("person", f"{place}.by", accepted=_PERSON_FORM))
                bad = True
            elif name == "disclosure" and value not in get_args(Disclosure):
                problems.append(
                    problem(
                        "unknown_level", f"{place}.disclosure", value,
                        ", ".join(get_args(Disclosure)),
                    )
                )  # fmt: skip
                bad = True
            elif name == "legal_basis" and not _is_basis(value):
                problems.append(
                    problem(
                        "wrong_type", f"{place}.legal_basis",
                        accepted=(f"法律条文，{_LONGEST_BASIS}个字符以内",
                                  f"an article of law, at most {_LONGEST_BASIS} characters"),
                    )
                )  # fmt: skip
                bad = True
        kind = entry.get("source")
        if kind not in get_args(SourceKind):
            problems.append(
                problem("unknown_level", f"{place}.source", kind, ", ".join(get_args(SourceKind)))
            )
            bad = True
        if not bad:
            sources[item] = AnswerSource(
                source=cast(SourceKind, kind),
                on=parse_iso_date(entry.get("on")),
                by=cast("str | None", entry.get("by")),
                disclosure=cast("Disclosure | None", entry.get("disclosure")),
                legal_basis=cast("str | None", entry.get("legal_basis")),
            )
    return sources


def _is_basis(value: object) -> bool:
    return (
        isinstance(value, str)
        and len(value) <= _LONGEST_BASIS
        and re.search(r"\S", value) is not None
        and re.search("[\ud800-\udfff]", value) is None
    )
