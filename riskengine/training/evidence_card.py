"""The card of a model that rests on publications, in Chinese and English."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from riskengine.errors import Language
from riskengine.instrument.items import DerivedItem, Item
from riskengine.instrument.model import Instrument
from riskengine.scorecard.document import LOG_ODDS_BITS, ScorecardDocument, TableTerm
from riskengine.training.assessments import Answers
from riskengine.training.evidence import Effect, EvidenceDocument, Numbers
from riskengine.training.evidence_rules import EvidenceRules
from riskengine.training.evidence_words import WORDS
from riskengine.training.exposures import needed_items
from riskengine.training.population import answer_keys, item_of
from riskengine.training.worked import Worked, as_printed, work_out

_WORTH_SAYING = 0.1
"""Correlations below it are not printed."""


class _Say:
    def __init__(self, lang: Language) -> None:
        self.lang = lang

    def __call__(self, key: str, **values: object) -> str:
        text = WORDS[key][self.lang]
        return text.format(**values) if values else text


def evidence_cards(
    document: ScorecardDocument,
    evidence: EvidenceDocument,
    instrument: Instrument,
    rules: EvidenceRules | None,
    answers: Answers | None = None,
) -> dict[str, str]:
    """Write the cards of a model that was built from an evidence file, by file name.

    Parameters
    ----------
    rules
        Those that the model was built by; ``None`` for a published scale.
    answers
        The assessments that it was built on, if any.
    """
    worked = None if rules is None else work_out(evidence, instrument, rules, answers)
    return {
        "card.en.md": _card(document, evidence, instrument, worked, "en"),
        "card.zh.md": _card(document, evidence, instrument, worked, "zh"),
    }


def _card(
    document: ScorecardDocument,
    evidence: EvidenceDocument,
    instrument: Instrument,
    worked: Worked | None,
    lang: Language,
) -> str:
    say = _Say(lang)
    body = (
        _published(document, evidence, instrument, say)
        if worked is None
        else _effects(document, worked, say)
    )
    blocks = [
        *_head(document, instrument, say),
        *body,
        f"## {say('uncertainty')}",
        document.uncertainty.note[lang],
        f"## {say('not_for')}",
        "\n".join(f"- {text[lang]}" for text in document.not_for),
        f"## {say('sources')}",
        "\n".join(_sources(evidence, say)),
    ]
    return "\n\n".join(blocks) + "\n"


def _table(head: str, rows: Sequence[Sequence[str]]) -> str:
    columns = head.split("|")
    lines = ["| " + " | ".join(columns) + " |", "|" + " --- |" * len(columns)]
    lines += ["| " + " | ".join(cell.replace("|", "/") for cell in row) + " |" for row in rows]
    return "\n".join(lines)


def _head(document: ScorecardDocument, instrument: Instrument, say: _Say) -> Iterator[str]:
    outcome = instrument.outcomes_by_id[document.outcome]
    yield f"# {document.title[say.lang]}"
    yield say(
        "what",
        id=document.id,
        version=document.version,
        instrument=f"{instrument.id}@{instrument.version}",
        outcome=outcome.label[say.lang],
        days=document.horizon_days,
        event=outcome.event[say.lang].rstrip("。."),
    )
    if document.published:
        yield say("published")
    else:
        yield ("" if say.lang == "zh" else " ").join((say("literature"), say(document.purpose)))


def _sources(evidence: EvidenceDocument, say: _Say) -> Iterator[str]:
    for source in evidence.sources:
        licence = f" ({source.licence})" if source.licence else ""
        yield f"- {source.citation}{licence} — {source.population[say.lang]}"


# --- Scores from effects ------------------------------------------------------------------------


def _effects(document: ScorecardDocument, worked: Worked, say: _Say) -> Iterator[str]:
    evidence, rules = worked.evidence, worked.rules
    points = document.form == "points"
    yield from _assumed(document, say)
    yield f"## {say('rests')}"
    yield say("rests_how", rules=rules.name, sha=rules.source_sha256[:12], tau=f"{rules.tau:g}")
    yield "\n".join(
        f"{number}. {text[say.lang]}" for number, text in enumerate(rules.order_of_choice, start=1)
    )
    yield _table(say("rests_head"), [_column_row(worked, at, say) for at in _places(worked)])
    yield f"### {say('together')}"
    yield from _together(worked, say)
    if evidence.numbers:
        yield f"### {say('numbers')}"
        yield say(
            "numbers_how",
            first=rules.counts.first_age,
            offset=f"{rules.counts.years_offset:g}",
            factor=f"{rules.counts.open_class_factor:g}",
            span=rules.counts.open_age_years,
            basis=rules.counts.basis[say.lang],
        )
        yield _table(say("numbers_head"), [*_number_rows(worked, say)])
    yield f"### {say('why')}"
    yield "\n".join(_reasons(effect, worked.instrument, say) for effect in evidence.effects)
    yield f"## {say('points' if points else 'cells')}"
    yield _points_how(document, rules, say) if points else say("cells_how")
    yield _table(
        say("points_head" if points else "cells_head"), [*_cell_rows(document, say, worked)]
    )
    yield from _pair_tables(document, worked, say)
    yield f"## {say('spread')}"
    yield from _spread(document, worked, say)
    yield f"## {say('silent')}"
    chinese = worked.instrument.jurisdiction == "cn"
    yield say("silent_how" if chinese else "silent_benchmark")
    silent = document.training.options.get("asked_not_scored", ())
    assert isinstance(silent, tuple)
    yield say("comma").join(worked.instrument.by_id[str(i)].label[say.lang] for i in silent)
    if chinese:
        yield say("rules")
    yield f"## {say('not_used')}"
    yield _table(
        say("not_used_head"),
        [
            (entry.about[say.lang], entry.effect[say.lang], entry.why[say.lang])
            for entry in evidence.not_used
        ],
    )
    yield f"## {say('unknown')}"
    yield say("unknown_points" if chinese else "unknown_benchmark")


def _assumed(document: ScorecardDocument, say: _Say) -> Iterator[str]:
    """Say of an assumed base rate that it is assumed."""
    rate = document.training.options.get("assumed_base_rate")
    if isinstance(rate, float):
        yield say("assumed", rate=f"{rate:.1%}")


def _places(worked: Worked) -> range:
    return range(len(worked.columns.every))


def _column_name(worked: Worked, at: int, say: _Say) -> str:
    """The construct of a column, with its answer where the effect is a table of classes."""
    column = worked.columns.every[at]
    level = column.id.partition(":")[2]
    about = column.effect.about[say.lang]
    if not level:
        return about
    item = worked.instrument.by_id[column.effect.item]
    return about + say("colon") + item.level(level).label[say.lang]


def _column_row(worked: Worked, at: int, say: _Say) -> tuple[str, ...]:
    column, joint = worked.columns.every[at], worked.joint
    return (
        say("comma").join(
            worked.instrument.by_id[item].label[say.lang]
            for item in needed_items(column.effect, worked.evidence)
        ),
        _column_name(worked, at, say),
        as_printed(column.effect, say.lang),
        f"{column.published:+.3f}",
        f"{column.error:.3f}",
        f"{column.transport:.2f}",
        f"{joint.implied[at]:+.3f}" if worked.covariance is not None else "–",
        f"{joint.coefficients[at]:+.3f}" + (" *" if joint.held[at] else ""),
        f"{float(joint.covariance[at, at]) ** 0.5:.3f}",
        f"`{column.effect.source}`",
    )


def _together(worked: Worked, say: _Say) -> Iterator[str]:
    """What is known of how the constructs go together, and what follows."""
    correlations = worked.correlations
    if correlations is None:
        yield say("together_unknown", factor=f"{worked.joint.factor:g}")
        return
    people = worked.population.described().people
    yield say("together_known", people=f"{people:,}" if people else say("as_stated"))
    rows = []
    for at in _places(worked):
        others = [
            f"{_column_name(worked, other, say)} {correlations[at, other]:+.2f}"
            for other in _places(worked)
            if other != at and abs(correlations[at, other]) >= _WORTH_SAYING
        ]
        rows.append((_column_name(worked, at, say), say("comma").join(others) or "–"))
    yield _table(say("together_head"), rows)


def _number_rows(worked: Worked, say: _Say) -> Iterator[tuple[str, ...]]:
    for numbers in worked.evidence.numbers:
        item = item_of(worked.instrument, numbers.item)
        for place, key in enumerate(answer_keys(item)):
            yield (
                item.label[say.lang] if place == 0 else "",
                _answer(item, place, answer_keys(item), say),
                _stands_for(numbers, key, worked.rules),
                numbers.basis[say.lang] if place == 0 else "",
            )


def _stands_for(numbers: Numbers, key: str, rules: EvidenceRules) -> str:
    ends = numbers.ranges[key]
    if numbers.stands_for == "count":
        return f"{rules.counts.count_of(ends):g}"
    ages = rules.counts.ages_of(ends)
    return f"{ages[0]}–{ages[-1]}"


def _points_how(document: ScorecardDocument, rules: EvidenceRules, say: _Say) -> str:
    figures = {metric.name: metric.value for metric in document.evaluation}
    return say(
        "points_how",
        unit=f"{rules.log_odds_per_point:g}",
        correlation=figures["rounding_correlation"],
        largest=figures["rounding_largest_log_odds"],
    )


def _reasons(effect: Effect, instrument: Instrument, say: _Say) -> str:
    item = instrument.by_id[effect.item].label[say.lang]
    said = [effect.chosen[say.lang], effect.transport[say.lang]]
    if effect.worked is not None:
        said.append(say("worked", worked=f"`{effect.worked}`"))
    if effect.classes:
        item_levels = instrument.by_id[effect.item]
        taken = say("semicolon").join(
            f"{item_levels.level(level).label[say.lang]} = {', '.join(classes)}"
            for level, classes in effect.classes.items()
        )
        said.append(say("classes", classes=taken))
    text = ("" if say.lang == "zh" else " ").join(said)
    return f"- **{item} / {effect.about[say.lang]}**{say('colon')}{text}"


def _cell_rows(
    document: ScorecardDocument, say: _Say, worked: Worked
) -> Iterator[tuple[str, ...]]:
    for term in document.terms:
        if not isinstance(term, TableTerm) or len(term.axes) != 1:
            continue
        axis = document.axes_by_id[term.axes[0]]
        item = item_of(worked.instrument, axis.item)
        keys = answer_keys(item)
        known = sum(axis.reference[: axis.known_states])
        for place in range(len(keys)):
            cell = term.cells[place]
            worth = f"{cell:+d}" if cell else "0"
            if document.form == "full":
                worth = f"{cell / 2.0**LOG_ODDS_BITS:+.3f}"
            yield (
                item.label[say.lang] if place == 0 else "",
                _answer(item, place, keys, say),
                worth,
                f"{axis.reference[place] / known:.1%}",
            )


def _pair_tables(document: ScorecardDocument, worked: Worked, say: _Say) -> Iterator[str]:
    """Print every table over two items as a grid."""
    for term in document.terms:
        if not isinstance(term, TableTerm) or len(term.axes) != 2:
            continue
        first, second = (
            item_of(worked.instrument, document.axes_by_id[axis].item) for axis in term.axes
        )
        rows, columns = answer_keys(first), answer_keys(second)
        states = document.axes_by_id[term.axes[1]].states
        yield say("pair_how", first=first.label[say.lang], second=second.label[say.lang])
        head = "|".join(["", *(_answer(second, at, columns, say) for at in range(len(columns)))])
        yield _table(
            head,
            [
                (
                    _answer(first, row, rows, say),
                    *(
                        f"{term.cells[row * states + at] / 2.0**LOG_ODDS_BITS:+.2f}"
                        for at in range(len(columns))
                    ),
                )
                for row in range(len(rows))
            ],
        )


def _answer(item: Item, place: int, keys: Sequence[str], say: _Say) -> str:
    """Name an answer: a level by its label, a band by its ends."""
    if item.levels:
        return item.level(keys[place]).label[say.lang]
    if item.type == "boolean":
        yes, no = ("是", "否") if say.lang == "zh" else ("yes", "no")
        return yes if keys[place] == "true" else no
    low = int(keys[place])
    if place == len(keys) - 1:
        return say("from", low=low)
    high = int(keys[place + 1])
    if place == 0 and low > 0:
        return say("below", high=high)
    return str(low) if high == low + 1 else say("between", low=low, high=high - 1)


def _spread(document: ScorecardDocument, worked: Worked, say: _Say) -> Iterator[str]:
    label = document.reference.label[say.lang]
    if document.reference.people:
        how = "spread_counted"
    else:
        how = "spread_how" if document.reference.illustrative else "spread_stated"
    yield say(how, label=label, marks=_deciles(document, say))


def _deciles(document: ScorecardDocument, say: _Say) -> str:
    quantiles = document.reference.score_quantiles
    step = (len(quantiles) - 1) // 10
    marks = [f"{score:+d}" if score else "0" for score in quantiles[::step]]
    if document.form == "full":
        marks = [f"{score / 2.0**LOG_ODDS_BITS:+.2f}" for score in quantiles[::step]]
    return say("marks", deciles=say("comma").join(marks))


# --- A published scale --------------------------------------------------------------------------


def _published(
    document: ScorecardDocument, evidence: EvidenceDocument, instrument: Instrument, say: _Say
) -> Iterator[str]:
    published, model = evidence.published, evidence.model(document.id)
    assert published is not None
    assert document.calibration is not None
    yield f"## {say('formula')}"
    items: dict[str, Item | DerivedItem] = {**instrument.by_id, **instrument.derived_by_id}
    linear = " + ".join(
        f"{term.slope:.9f} × {items[term.item].label[say.lang]}" for term in published.linear
    )
    yield say("formula_how", intercept=model.intercept, linear=linear)
    yield _table(
        say("formula_head"),
        [
            (
                " × ".join(items[item].label[say.lang] for item in table.items),
                f"{min(cell.weight for cell in table.cells):+.9f}",
                f"{max(cell.weight for cell in table.cells):+.9f}",
            )
            for table in published.tables
        ],
    )
    yield f"## {say('people')}"
    yield say(
        "people_how",
        population=published.development.population[say.lang],
        people=document.calibration.people,
        note=published.development.people_note[say.lang],
    )
    names = say("comma").join(
        items[item].label[say.lang] for item in document.training.protected_used
    )
    yield say("protected", items=names)
    yield f"## {say('gaps')}"
    yield say("gaps_how", label=document.reference.label[say.lang])
