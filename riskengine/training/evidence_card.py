"""The card of a model that rests on publications, in Chinese and English."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from riskengine.errors import Language
from riskengine.instrument.items import DerivedItem, Item
from riskengine.instrument.model import Instrument
from riskengine.scorecard.document import ScorecardDocument, TableTerm
from riskengine.training.conversions import to_log_odds, transport_variance
from riskengine.training.evidence import Effect, EvidenceDocument
from riskengine.training.evidence_words import WORDS
from riskengine.training.points import as_printed, carried
from riskengine.training.population import answer_keys, item_of


class _Say:
    def __init__(self, lang: Language) -> None:
        self.lang = lang

    def __call__(self, key: str, **values: object) -> str:
        text = WORDS[key][self.lang]
        return text.format(**values) if values else text


def evidence_card(
    document: ScorecardDocument,
    evidence: EvidenceDocument,
    instrument: Instrument,
    lang: Language,
) -> str:
    """Write the card of a model that was built from an evidence file, in Markdown."""
    say = _Say(lang)
    blocks = [
        *_head(document, instrument, say),
        *(_effects if evidence.effects else _published)(document, evidence, instrument, say),
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
    yield say("published" if document.published else "literature")


def _sources(evidence: EvidenceDocument, say: _Say) -> Iterator[str]:
    for source in evidence.sources:
        licence = f" ({source.licence})" if source.licence else ""
        yield f"- {source.citation}{licence} — {source.population[say.lang]}"


# --- Points from effects ------------------------------------------------------------------------


def _effects(
    document: ScorecardDocument, evidence: EvidenceDocument, instrument: Instrument, say: _Say
) -> Iterator[str]:
    method = evidence.method
    assert method is not None
    yield f"## {say('rests')}"
    yield say("rests_how", factor=f"{method.correlation_factor:g}", tau=f"{method.tau:g}")
    rows = [_effect_row(effect, evidence, instrument, say) for effect in evidence.effects]
    yield _table(say("rests_head"), rows)
    yield f"### {say('why')}"
    yield "\n".join(_reasons(effect, instrument, say) for effect in evidence.effects)
    yield f"## {say('points')}"
    figures = {metric.name: metric.value for metric in document.evaluation}
    yield say(
        "points_how",
        unit=f"{method.log_odds_per_point:g}",
        correlation=figures["rounding_correlation"],
        largest=figures["rounding_largest_log_odds"],
    )
    yield _table(say("points_head"), list(_point_rows(document, evidence, instrument, say)))
    yield f"## {say('spread')}"
    label = document.reference.label[say.lang]
    yield say("spread_how", label=label, marks=_deciles(document, say))
    yield f"## {say('silent')}"
    yield say("silent_how")
    silent = document.training.options.get("asked_not_scored", ())
    assert isinstance(silent, tuple)
    yield say("comma").join(instrument.by_id[str(item)].label[say.lang] for item in silent)
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
    yield say("unknown_points")


def _reasons(effect: Effect, instrument: Instrument, say: _Say) -> str:
    item = instrument.by_id[effect.item].label[say.lang]
    said = [effect.chosen[say.lang], effect.transport[say.lang]]
    if effect.worked is not None:
        said.append(say("worked", worked=f"`{effect.worked}`"))
    text = ("" if say.lang == "zh" else " ").join(said)
    return f"- **{item} / {effect.about[say.lang]}**{say('colon')}{text}"


def _effect_row(
    effect: Effect, evidence: EvidenceDocument, instrument: Instrument, say: _Say
) -> tuple[str, ...]:
    method = evidence.method
    assert method is not None
    converted = to_log_odds(effect)
    return (
        instrument.by_id[effect.item].label[say.lang],
        effect.about[say.lang],
        as_printed(effect, say.lang),
        f"{converted.value:+.3f}",
        f"{converted.standard_error:.3f}",
        f"{transport_variance(effect, method.tau) ** 0.5:.2f}",
        f"{carried(effect, method):+.3f}",
        f"`{effect.source}`",
    )


def _point_rows(
    document: ScorecardDocument, evidence: EvidenceDocument, instrument: Instrument, say: _Say
) -> Iterator[tuple[str, ...]]:
    shares = {entry.item: entry.shares for entry in evidence.reference.items}
    for term in document.terms:
        assert isinstance(term, TableTerm)
        item = item_of(instrument, document.axes_by_id[term.axes[0]].item)
        whole = sum(shares[item.id].values())
        keys = answer_keys(item)
        for place, key in enumerate(keys):
            cell = term.cells[place]
            yield (
                item.label[say.lang] if place == 0 else "",
                _answer(item, place, keys, say),
                f"{cell:+d}" if cell else "0",
                f"{shares[item.id][key] / whole:.1%}",
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


def _deciles(document: ScorecardDocument, say: _Say) -> str:
    quantiles = document.reference.score_quantiles
    step = (len(quantiles) - 1) // 10
    deciles = say("comma").join(f"{score:+d}" if score else "0" for score in quantiles[::step])
    return say("marks", deciles=deciles)


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
