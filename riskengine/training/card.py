"""The model card, in Chinese and English, generated from the scorecard document alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from riskengine.errors import Language
from riskengine.scorecard.document import LOG_ODDS_BITS, Metric, ScorecardDocument, TableTerm
from riskengine.training.card_words import FIGURES, LEARNERS, PURPOSES, SCALES, WORDS, Words
from riskengine.training.update_words import update_section

CARDS: dict[Language, str] = {"en": "card.en.md", "zh": "card.zh.md"}
"""File of the card in each language."""

_MOST_PAIRS_SHOWN = 12


def card(document: ScorecardDocument, lang: Language) -> str:
    """Write a model's card in Markdown."""
    words = WORDS[lang]
    sections = (
        _head,
        _source,
        _update,
        _figures,
        _prices,
        _uncertainty,
        _not_for,
        _items,
        _again,
    )
    blocks = ["\n".join(section(document, lang, words)) for section in sections]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield "| " + " | ".join(head) + " |"
    yield "|" + " --- |" * len(head)
    for row in rows:
        yield "| " + " | ".join(row) + " |"


def _head(document: ScorecardDocument, lang: Language, words: Words) -> Iterator[str]:
    yield f"# {document.title[lang]}"
    yield ""
    yield words["what"].format(
        id=document.id,
        version=document.version,
        outcome=document.outcome,
        days=document.horizon_days,
    )
    yield ""
    yield PURPOSES[document.purpose][lang]
    yield SCALES[document.scale][lang]


def _source(document: ScorecardDocument, lang: Language, words: Words) -> Iterator[str]:
    training = document.training
    options = training.options
    # a published scorecard need not say how many events it rests on
    events = training.events
    counted = "–" if events is None else f"{events:,} ({events / training.people:.1%})"
    yield f"## {words['source']}"
    yield ""
    rows = [
        (words["population"], training.population[lang]),
        (words["people"], f"{training.people:,}"),
        (words["events"], counted),
        (words["weight"], f"{training.weight:,.0f}"),
        (
            words["set_aside"],
            words["set_aside_value"].format(
                rejected=options.get("rows_rejected", 0),
                unlabelled=options.get("rows_without_outcome", 0),
                outside=options.get("rows_outside_risk_set", 0),
            ),
        ),
        (words["file"], f"{options.get('cohort', '–')}"),
        (words["hash"], f"`{training.data_sha256}`"),
        (words["learner"], LEARNERS.get(training.learner, {}).get(lang, training.learner)),
        (words["protected"], _list(training.protected_used, words)),
        (words["zero"], _list(options.get("unknown_at_zero", ()), words)),
        (words["learned"], _list(options.get("unknown_learned", ()), words)),
    ]
    yield from _table((words["what_column"], words["value"]), rows)
    proxies = options.get("explained_proxies", ())
    if proxies and isinstance(proxies, tuple):
        yield ""
        yield words["proxies"]
        yield ""
        yield from (f"- {one}" for one in proxies)


def _update(document: ScorecardDocument, lang: Language, _: Words) -> Iterator[str]:
    yield from update_section(document, lang)


def _list(names: object, words: Words) -> str:
    listed = [str(name) for name in names] if isinstance(names, tuple) else []
    return words["comma"].join(f"`{name}`" for name in listed) or words["none"]


def _figures(document: ScorecardDocument, lang: Language, words: Words) -> Iterator[str]:
    rows = [_row(m, lang) for m in document.evaluation if not m.name.startswith("price_")]
    if rows:
        yield f"## {words['figures']}"
        yield ""
        yield words["figures_how"].format(
            folds=document.training.options.get("folds", "–"),
            people=document.training.people,
            events=document.training.events or 0,
        )
        yield ""
        yield from _table((words["figure"], words["value"], words["interval"]), rows)
    calibration = document.calibration
    if calibration is not None:
        yield ""
        yield words["calibration"].format(
            slope=f"{calibration.slope:.3f}",
            intercept=f"{calibration.intercept:+.3f}",
            people=calibration.people,
            events=calibration.events or 0,
        )


def _row(metric: Metric, lang: Language) -> tuple[str, str, str]:
    name = metric.name.removeprefix("price_").removeprefix("monotonicity_")
    name = name.removeprefix("protection_").removeprefix("rounding_")
    signed = "+" if metric.name.startswith("price_") else ""
    form = f"{{:{signed}.4f}}" if not signed else "{:+.5f}"
    interval = (
        f"{form.format(metric.low)} – {form.format(metric.high)}"
        if metric.low is not None and metric.high is not None
        else "–"
    )
    return FIGURES.get(name, {}).get(lang, name), form.format(metric.value), interval


def _prices(document: ScorecardDocument, lang: Language, words: Words) -> Iterator[str]:
    for name in ("monotonicity", "rounding", "protection"):
        metrics = [m for m in document.evaluation if m.name.startswith(f"price_{name}_")]
        if not metrics:
            continue
        yield f"## {words[f'price_{name}']}"
        yield ""
        yield words[f"price_{name}_how"].format(
            enforced=_list(document.training.options.get("enforced", ()), words)
        )
        yield ""
        head = (words["difference"], words["value"], words["interval"])
        yield from _table(head, [_row(m, lang) for m in metrics])
        yield ""


def _uncertainty(document: ScorecardDocument, lang: Language, words: Words) -> Iterator[str]:
    yield f"## {words['uncertainty']}"
    yield ""
    yield document.uncertainty.note[lang]


def _not_for(document: ScorecardDocument, lang: Language, words: Words) -> Iterator[str]:
    yield f"## {words['not_for']}"
    yield ""
    yield from (f"- {text[lang]}" for text in document.not_for)


def _items(document: ScorecardDocument, lang: Language, words: Words) -> Iterator[str]:
    tables = [term for term in document.terms if isinstance(term, TableTerm)]
    singles = [term for term in tables if len(term.axes) == 1]
    pairs = [term for term in tables if len(term.axes) == 2]
    yield f"## {words['items']}"
    yield ""
    points = document.form == "points"
    if points:
        unit = f"{document.log_odds.unit / 2**LOG_ODDS_BITS:.3f}"
        yield words["points_how"].format(items=len(singles), unit=unit)
    else:
        yield words["items_how"].format(items=len(singles), pairs=len(pairs))
    yield ""
    rows = [
        (f"`{term.id}`", *_range(term, points=points))
        for term in sorted(singles, key=_spread, reverse=True)
    ]
    yield from _table((words["item"], words["lowest"], words["highest"]), rows)
    if pairs:
        widest = sorted(pairs, key=_spread, reverse=True)[:_MOST_PAIRS_SHOWN]
        yield ""
        yield words["pairs_how"].format(shown=len(widest))
        yield ""
        rows = [(f"`{term.id}`", *_range(term)) for term in widest]
        yield from _table((words["pair"], words["lowest"], words["highest"]), rows)


def _spread(term: TableTerm) -> int:
    return max(term.cells) - min(term.cells)


def _range(term: TableTerm, *, points: bool = False) -> tuple[str, str]:
    if points:
        return f"{min(term.cells):+d}", f"{max(term.cells):+d}"
    low, high = (cell / 2**LOG_ODDS_BITS for cell in (min(term.cells), max(term.cells)))
    return f"{low:+.3f}", f"{high:+.3f}"


def _again(document: ScorecardDocument, lang: Language, words: Words) -> Iterator[str]:
    training = document.training
    options = {name: value for name, value in training.options.items()
               if not isinstance(value, tuple)}  # fmt: skip
    yield f"## {words['again']}"
    yield ""
    yield words["again_how"]
    yield ""
    rows = [(words["seed"], str(training.seed))]
    rows += [(f"`{name}`", str(value)) for name, value in sorted(options.items())]
    rows += [(name, number) for name, number in sorted(training.versions.items())]
    yield from _table((words["what_column"], words["value"]), rows)
