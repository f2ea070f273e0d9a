"""Making a paper form from the engine that would give the recommendation."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

from riskengine.canonical import content_hash
from riskengine.engine import Engine
from riskengine.errors import Language, UseError
from riskengine.explanation.texts import Texts
from riskengine.instrument.items import DerivedItem, Item
from riskengine.policy.bands import CutOffs
from riskengine.policy.compiled import Policy
from riskengine.policy.history import COUNTED
from riskengine.policy.statutory import StatutorySet
from riskengine.policy.tiers import Tier
from riskengine.reports.paper import law as paper_law
from riskengine.reports.paper.form import FORMAT, Answers, Band, PaperForm, Record
from riskengine.reports.paper.items import item_rows, pairs
from riskengine.reports.paper.rules import (
    asked_by_rules,
    cited,
    initial,
    narrowed,
    rule_rows,
    way_down,
    window,
)
from riskengine.reports.paper.sibling import require_points
from riskengine.reports.paper.words import paper_texts
from riskengine.reports.words import words_of
from riskengine.scorecard.uncertainty import has_uncertainty
from riskengine.store.lookup import find_model

_DATES = ("birth_date", "start_date", "end_date")
_KINDS = {
    "nominal": "choice",
    "ordinal": "choice",
    "multiple": "several",
    "boolean": "yes_no",
    "integer": "number",
    "number": "number",
    "date": "date",
}


def paper_form(model: str | Path, policy: str, *, on: date, lang: Language) -> PaperForm:
    """Make the form of a points model under a policy.

    Parameters
    ----------
    model, policy
        As for `Engine.load`; everything that it checks is checked.
    on
        Day for which law and rules are printed.
    lang
        Language of every word.

    Raises
    ------
    UseError
        Where the model is in the full form (with its points sibling), serves no decision, or
        counts what nobody works out by hand.

    Examples
    --------
    >>> form = paper_form("cn_serious_noncompliance", "cn_default", on=day, lang="zh")
    ... # doctest: +SKIP
    """
    require_points(find_model(model).scorecard.document)
    return form_of(Engine.load(model, policy), on=on, lang=lang)


def form_of(engine: Engine, *, on: date, lang: Language) -> PaperForm:
    """Make the form of an engine that is loaded; see `paper_form`."""
    policy, law, card = engine.policy, engine.law, engine.scorecard
    document, instrument = card.document, engine.instrument
    require_points(document)
    if policy is None:
        raise UseError("a paper form needs a policy: research mode gives a score and no tier")
    engine.check_in_force(on)
    if law is not None:
        _refuse_replaced_answers(engine, law, on)
    say, engine_say = paper_texts(lang), words_of("engine", lang)
    rows, tables = item_rows(card, say), pairs(card, say)
    first, last = window(policy.document, on)
    if law is not None:
        spans = [(first, last), *((c.valid_from, c.valid_to) for c in law.constraints)]
        first, last = narrowed([*spans, (first, last)], on)
    outcome = instrument.outcomes_by_id[document.outcome]
    template = "template" in (document.purpose, policy.document.purpose)
    cells = [[cell for row in table.points for cell in row] for table in tables]
    content = {
        "format": FORMAT,
        "lang": lang,
        "as_of": on,
        "first": first,
        "last": last,
        "title": document.title[lang],
        "about": engine_say("about", outcome=outcome.label[lang], days=document.horizon_days),
        "purpose": "template" if template else "operational",
        "model": engine.provenance.model,
        "model_sha256": engine.provenance.model_sha256,
        "policy": engine.provenance.policy,
        "policy_sha256": engine.provenance.policy_sha256,
        "policy_title": policy.document.title[lang],
        "instrument": engine.provenance.instrument,
        "statutory_set": None if law is None else f"{law.jurisdiction}@{law.version_on(on)}",
        "proposes": policy.document.roles.proposes[lang],
        "approves": policy.document.roles.approves[lang],
        "start": document.intercept,
        "items": rows,
        "pairs": tables,
        "lowest": document.intercept
        + sum(min(b.points for b in (*row.boxes, *row.unanswered)) for row in rows)
        + sum(min(points) for points in cells),
        "highest": document.intercept
        + sum(max(b.points for b in (*row.boxes, *row.unanswered)) for row in rows)
        + sum(max(points) for points in cells),
        "bands": bands(policy.cut_offs, lang),
        "band_citation": cited(policy.document.band_citation, say),
        "records": tuple(_records(engine, policy, law, on, say)),
        "stops": () if law is None else paper_law.stop_rows(law, on, say),
        "rules": rule_rows(policy, on, say),
        "initial": initial(policy, say),
        "way_down": way_down(policy, say),
        "alerts": () if law is None else tuple(paper_law.alert_rows(law, instrument, on, say)),
        "either": say("either_program" if has_uncertainty(card) else "either_none"),
        "not_for": tuple(text[lang] for text in document.not_for),
        "cautions": tuple(_cautions(document.validation, template, engine_say)),
        "validation": engine_say(
            f"validation_{document.validation}",
            population=""
            if document.calibration is None
            else (document.calibration.population[lang]),
        ),
    }
    unnumbered = PaperForm(id="", **content)
    number = content_hash(unnumbered.model_dump(mode="json"))[:10].upper()
    return unnumbered.model_copy(update={"id": f"{number[:5]}-{number[5:]}"})


def bands(cuts: CutOffs, lang: Language) -> tuple[Band, ...]:
    """The table of bands, from the least to the most restrictive."""
    ends = (
        (Tier.RELAXED, None, cuts.relaxed_below - 1),
        (Tier.ORDINARY, cuts.relaxed_below, cuts.strict_from - 1),
        (Tier.STRICT, cuts.strict_from, None),
    )
    return tuple(
        Band(tier=tier, label=tier.label[lang], low=low, high=high) for tier, low, high in ends
    )


def _refuse_replaced_answers(engine: Engine, law: StatutorySet, on: date) -> None:
    """Refuse items whose answers the law replaces, since a form cannot do that in silence."""
    for constraint in law.in_force(on):
        for category in constraint.sealed:
            if category.item in engine.scorecard.document.items:
                raise UseError(
                    f"model [{engine.provenance.model}] counts [{category.item}], whose answer "
                    f"the law may replace ({constraint.id}, {constraint.citation.text.en}); a "
                    "form cannot do that without telling. Accepted: a model without this item"
                )


def _cautions(validation: str, template: bool, say: Texts) -> Iterator[str]:
    """What stands on every print (after State v. Loomis and Ewert v. Canada)."""
    if template:
        yield say("caution_template")
    yield say("caution_group")
    yield say("caution_not_sole")
    if validation != "calibrated_here":
        yield say("caution_not_validated")


def _records(
    engine: Engine, policy: Policy, law: StatutorySet | None, on: date, say: Texts
) -> Iterator[Record]:
    """Facts that stops, rules and days need and that bring no points."""
    instrument = engine.instrument
    asked = asked_by_rules(policy, on) | set(_DATES)
    if law is not None:
        asked |= paper_law.asked_by_law(law, instrument, on)
    for name in list(asked):
        if (derived := instrument.derived_by_id.get(name)) is not None:
            asked |= set(derived.sources)
    for row in engine.scorecard.document.items:
        scored = instrument.every_item[row]
        if isinstance(scored, DerivedItem):
            asked |= set(scored.sources)
    for item in instrument.items:
        if item.id in asked and item.id not in engine.scorecard.document.items:
            yield _record(item, say)


def _record(item: Item, say: Texts) -> Record:
    kind = _KINDS.get(item.type, "text")
    return Record(
        item=item.id,
        label=item.label[say.lang],
        kind=kind,
        options=tuple(
            Answers(label=level.label[say.lang], codes=(level.id,)) for level in item.levels
        ),
        newest=item.id in COUNTED.values() and item.id != COUNTED["commendation"],
    )
