"""Who may read what: the person's notice and the referral are made here and nowhere else.

An answer of class ``third_party`` (somebody else gave it) or ``confidential`` reaches neither, in
no field and by no inference. Both are therefore built from `OpenView` and from reasons of open
answers only: from what would have been said had nobody asked. What differs is the result itself,
and one neutral sentence that says that information is held and that a review can be asked for.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import lru_cache
from types import MappingProxyType

from riskengine.explanation.answers import disclosure
from riskengine.explanation.compose import FOR_ALL
from riskengine.explanation.document import (
    Explanation,
    PersonNotice,
    Withheld,
)
from riskengine.explanation.texts import Texts
from riskengine.instrument.assessment import Assessment
from riskengine.instrument.model import Instrument
from riskengine.recommendation import Need


def closed_items(assessment: Assessment) -> tuple[str, ...]:
    """Items, answered or not, whose answers some readers are not shown."""
    every, always = assessment.instrument.every_item, _always_closed(assessment.instrument)
    stricter = {item for item, source in assessment.sources.items() if source.disclosure}
    if not stricter:
        return always
    return tuple(
        name
        for name, item in every.items()
        if name in always or disclosure(assessment, item) != "open"
    )


@lru_cache(maxsize=32)
def _always_closed(instrument: Instrument) -> tuple[str, ...]:
    """Items that are closed whoever told: by their own class, or by that of a source."""
    closed = {item.id for item in instrument.items if item.disclosure != "open"}
    closed |= {item.id for item in instrument.derived if not closed.isdisjoint(item.sources)}
    return tuple(name for name in instrument.every_item if name in closed)


def open_part(assessment: Assessment, closed: Iterable[str]) -> Assessment:
    """Give the assessment as it would be had nobody asked the questions behind some items."""
    hidden = frozenset(closed)
    if hidden.isdisjoint(assessment.answers):
        return assessment
    return replace(
        assessment,
        answers=MappingProxyType({i: a for i, a in assessment.answers.items() if i not in hidden}),
        sources=MappingProxyType({i: s for i, s in assessment.sources.items() if i not in hidden}),
    )


def withheld(assessment: Assessment, closed: tuple[str, ...], say: Texts) -> tuple[Withheld, ...]:
    """Every answer on file that some readers are not shown, with the ground."""
    found = []
    for name in closed:
        if name not in assessment.answers:
            continue
        item = assessment.instrument.by_id[name]
        kind = disclosure(assessment, item)
        assert kind != "open"
        found.append(
            Withheld(
                item=name,
                label=item.label[say.lang],
                disclosure=kind,
                ground=say(f"withheld_{kind}"),
                citation=say(f"withheld_{kind}_citation"),
                readers=("person", "referral", "export"),
            )
        )
    return tuple(found)


def withheld_log(explanation: Explanation) -> Iterator[str]:
    """Lines of JSON, one a withheld answer, for the agency's log; the answer is not in them."""
    found = explanation.recommendation
    for one in explanation.withheld:
        yield json.dumps(
            {
                "format": "riskengine/withheld/1",
                "person": found.person,
                "assessment": found.assessment,
                "assessed_on": found.assessed_on.isoformat(),
                "on": found.on.isoformat(),
                **one.model_dump(mode="json"),
            },
            ensure_ascii=False,
            sort_keys=True,
        )


def for_person(explanation: Explanation) -> PersonNotice:
    """Make the notice for the person out of what may be told."""
    found, told = explanation.recommendation, explanation.open_view
    return PersonNotice(
        format="riskengine/person-notice/1",
        lang=explanation.lang,
        person=found.person,
        assessed_on=found.assessed_on,
        on=found.on,
        headline=told.headline,
        about=told.about,
        what_rules_did=told.rules_did,
        raises=told.raises,
        lowers=told.lowers,
        held=told.held,
        not_answered=told.unanswered,
        looked_at=told.looked_at,
        how_sure=told.how_sure,
        # one offer a need: the notice is read aloud, and the plan holds the rest
        help_offered=tuple(dict.fromkeys(need.assistance[0] for need in told.needs)),
        review_on=found.review_on,
        rights=told.rights,
        cautions=told.cautions,
    )


def for_referral(explanation: Explanation) -> tuple[Need, ...]:
    """Needs and assistance as they go to whoever helps: no identity, no answer, no tier.

    A need that only a closed answer tells of is not among them: the official in charge deals with
    it in person.
    """
    return tuple(
        need.model_copy(update={"items": (), "severe": False, "first_step": ""})
        for need in explanation.open_view.needs
        if need.id != FOR_ALL
    )


def person_copy(assessment: Assessment) -> dict[str, object]:
    """The person's own copy of the answers (Personal Information Protection Law, art. 45).

    Answers of class ``open`` with the kind of their source and its day; who recorded them and what
    was given in confidence are not in it.
    """
    closed = frozenset(closed_items(assessment))
    raw = open_part(assessment, closed).to_dict()
    raw["sources"] = {
        item: {"source": source.source, **({"on": source.on.isoformat()} if source.on else {})}
        for item, source in assessment.sources.items()
        if item not in closed
    }
    return raw
