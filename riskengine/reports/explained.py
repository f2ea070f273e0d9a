"""An explanation as plain lines of text: for the officer, the reviewer, and the person."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from typing import Literal

from riskengine.errors import Language, NotFoundError
from riskengine.explanation.answers import written_day
from riskengine.explanation.disclosure import for_person
from riskengine.explanation.document import Explanation, PersonNotice, Reason, Reasons
from riskengine.explanation.texts import TextCatalogue, Texts, texts_in
from riskengine.recommendation import AnswerView, Need
from riskengine.store.lookup import find_catalogue

Reader = Literal["officer", "reviewer", "person"]

_INDENT = "  "


@lru_cache(maxsize=2)
def _texts(lang: Language) -> Texts:
    raw = find_catalogue("texts", "explained")
    if raw is None:
        raise NotFoundError("the texts [explained] are missing: run `riskengine schema build`")
    return texts_in(TextCatalogue.model_validate(raw, strict=False), lang)


def explained(explanation: Explanation, reader: Reader) -> Iterator[str]:
    """Put an explanation into lines for one of the three people who read it."""
    if reader == "person":
        return notice_lines(for_person(explanation))
    return _staff_lines(explanation, reader)


def notice_lines(notice: PersonNotice) -> Iterator[str]:
    """Put the person's notice into lines that can be read aloud."""
    say = _texts(notice.lang)
    yield say("title", person=notice.person, on=written_day(notice.on, say))
    yield notice.headline
    yield from (one for one in (notice.about, notice.what_rules_did) if one)
    if notice.raises or notice.lowers:
        yield from _listed(
            say("told_reasons"), (one.told for one in (*notice.raises, *notice.lowers))
        )
    if notice.held is not None:
        yield notice.held
    yield from _listed(say("told_open"), iter(notice.not_answered))
    yield from _listed(say("told_looked_at"), iter(notice.looked_at))
    yield from _listed(say("told_help"), iter(notice.help_offered))
    if notice.how_sure:
        yield notice.how_sure
    if notice.review_on is not None:
        yield say("told_review", day=written_day(notice.review_on, say))
    yield from _listed(say("told_rights"), iter(notice.rights))
    yield from notice.cautions


def _listed(heading: str, lines: Iterator[str]) -> Iterator[str]:
    for position, line in enumerate(lines):
        if position == 0:
            yield heading
        yield f"{_INDENT}- {line}"


def _staff_lines(explanation: Explanation, reader: Reader) -> Iterator[str]:
    say, found = _texts(explanation.lang), explanation.recommendation
    yield say("title", person=found.person, on=written_day(found.on, say))
    yield found.headline
    why = explanation.reasons
    if why is None:
        yield from (f"{rule.reason} ({rule.citation})" for rule in found.rules if rule.binding)
    else:
        yield from (one for one in (why.score_said, why.rules_did) if one)
        yield from _reason_lines(explanation, why, say)
        if reader == "reviewer":
            yield from _view_lines(explanation, why, say)
    yield from _sure_lines(explanation, say)
    yield from _change_lines(explanation, say)
    yield from _need_lines(found.needs, say)
    yield from _listed(
        say("withheld"),
        (
            say(
                "withheld_line",
                label=one.label,
                ground=one.ground,
                citation=one.citation,
            )
            for one in explanation.withheld
        ),
    )
    yield from _listed(say("cautions"), (caution.text for caution in found.cautions))
    if reader == "reviewer":
        made = found.provenance.model_dump(mode="json", exclude_none=True)
        yield from _listed(say("provenance"), (f"{key}: {value}" for key, value in made.items()))


def _reason_lines(explanation: Explanation, why: Reasons, say: Texts) -> Iterator[str]:
    closed = frozenset(explanation.open_view.closed)
    yield say("reasons", reference=why.reference)
    for domain in why.domains:
        yield f"{_INDENT}{domain.label}"
        for reason in domain.reasons:
            kept = say("kept") if reason.item in closed else ""
            number = "" if reason.points is None else f"{_points(reason.points)} "
            yield f"{_INDENT * 2}{number}{reason.words}{kept}"
            yield f"{_INDENT * 3}{_given(reason.answer, say)}"


def _points(nanos: str) -> str:
    return f"{float(nanos):+.1f}"


def _given(answer: AnswerView, say: Texts) -> str:
    return say(
        "given",
        source=say("no_source" if answer.source is None else f"source_{answer.source}"),
        on=_day(answer.on, say),
        by=answer.by or say("nobody"),
    )


def _day(day: date | None, say: Texts) -> str:
    return say("no_day") if day is None else written_day(day, say)


def _view_lines(explanation: Explanation, why: Reasons, say: Texts) -> Iterator[str]:
    found = explanation.recommendation
    assert found.score is not None
    yield say("item_view")
    heads = [say("units"), say("log_odds")]
    heads += [say("points")] if why.baseline_points is not None else []
    heads += [say("percentage")] if why.baseline_risk is not None else []
    yield f"{_INDENT}{' | '.join(heads)}"
    start = [str(why.baseline), f"{why.baseline_log_odds:.6f}"]
    start += [one for one in (why.baseline_points, why.baseline_risk) if one is not None]
    yield f"{_INDENT}{' | '.join(start)}  {say('baseline')}"
    for domain in why.domains:
        for reason in domain.reasons:
            yield f"{_INDENT}{' | '.join(_numbers(reason))}  {reason.label}"
    yield f"{_INDENT}{found.score.value} × {why.denominator}  {say('total')}"
    yield say("term_view")
    yield f"{_INDENT}{found.score.intercept}  {say('intercept')}"
    for factor in found.factors:
        labels = say.listed(answer.label for answer in factor.answers)
        yield f"{_INDENT}{factor.contribution}  {labels}"
    yield f"{_INDENT}{found.score.value}  {say('total')}"


def _numbers(reason: Reason) -> list[str]:
    numbers = [str(reason.contribution), f"{reason.log_odds:.6f}"]
    return numbers + [n for n in (reason.points, reason.percentage_points) if n is not None]


def _sure_lines(explanation: Explanation, say: Texts) -> Iterator[str]:
    sure = explanation.how_sure
    if sure is None:
        return
    said = (
        sure.both_tiers,
        sure.stability,
        sure.edge,
        sure.frequency,
        sure.like_words,
        *(one.words for one in sure.rare),
        sure.validation,
    )
    yield from _listed(say("sure"), (one for one in said if one))


def _change_lines(explanation: Explanation, say: Texts) -> Iterator[str]:
    changes = explanation.changes
    yield say("changes")
    yield f"{_INDENT}{changes.words}"
    for one in changes.sets:
        said = (
            say(
                "change",
                label=change.label,
                now=change.now,
                then=change.then,
                day=written_day(change.earliest, say),
            )
            for change in one.changes
        )
        yield f"{_INDENT}- {('；' if say.lang == 'zh' else '; ').join(said)} → {one.tier.label}"


def _need_lines(needs: tuple[Need, ...], say: Texts) -> Iterator[str]:
    if needs:
        yield say("needs")
    for need in needs:
        yield f"{_INDENT}{need.label}{say('severe') if need.severe else ''}"
        if need.first_step:
            yield f"{_INDENT * 2}{say('first', step=need.first_step)}"
        for offer in need.offers:
            by = offer.provider_label
            words = offer.words if by is None else say("offer", words=offer.words, by=by)
            yield f"{_INDENT * 2}- {words}"
        if not need.offers:
            yield from (f"{_INDENT * 2}- {words}" for words in need.assistance)
