"""What is known about a model and its use, as sentences in both languages.

A fact is computed from files alone: the model, an evaluation, a policy, the statutory set, the
installation and the rules of the record. What a file does not say is not known, and a default of
the software is nobody's answer: a policy or rule file counts only where it was named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from riskengine.errors import Language
from riskengine.evaluation.document import Evaluation, Figure, FigureName
from riskengine.evaluation.words import figure_label
from riskengine.explanation.texts import Texts
from riskengine.instrument.items import Item
from riskengine.policy.document import PolicyDocument, TierTerms
from riskengine.policy.statutory import StatutorySet
from riskengine.policy.tiers import Tier
from riskengine.reports.checklists.names import FACT_NAMES, FactName
from riskengine.reports.words import text_of, words_of
from riskengine.scorecard.document import Metric
from riskengine.store.installation import Installation
from riskengine.store.lookup import LoadedModel
from riskengine.text import Text
from riskengine.training.card_words import FIGURES, LEARNERS

if TYPE_CHECKING:
    # the reports never import the record; its rules are handed in
    from riskengine.casebook.rules import CasebookRules

LANGUAGES: tuple[Language, ...] = ("zh", "en")


@dataclass(frozen=True)
class Known:
    """The files that facts are taken from.

    Attributes
    ----------
    on
        Day for which the law is asked; facts of the law need it.
    """

    model: LoadedModel
    evaluation: Evaluation | None = None
    policy: PolicyDocument | None = None
    law: StatutorySet | None = None
    on: date | None = None
    installation: Installation | None = None
    rules: CasebookRules | None = None


Said = list[Text]
"""Sentences of one fact; none where it is not known."""


def known_facts(known: Known) -> dict[FactName, tuple[Text, ...]]:
    """Give every fact that is known, in the order of their names."""
    found = {name: tuple(_FACTS[name](known)) for name in FACT_NAMES}
    return {name: said for name, said in found.items() if said}


def _say(key: str, **values: object) -> Text:
    """Fill one sentence in both languages; a value that is a text stands in each."""
    return text_of("checklists", key, **values)


def _in(value: object, lang: Language) -> object:
    return value[lang] if isinstance(value, Text) else value


def _listed(texts: Iterable[Text | str]) -> Text:
    """Join texts as each language lists them; where there is nothing to list, that is said."""
    every = list(texts)
    filled: dict[Language, str] = {}
    for lang in LANGUAGES:
        say: Texts = words_of("checklists", lang)
        filled[lang] = say.listed(str(_in(one, lang)) for one in every) or say("none_stated")
    return Text(zh=filled["zh"], en=filled["en"])


def _clauses(texts: Iterable[Text]) -> Text:
    """Join sentences into one, without the stops at their ends."""
    every = list(texts)
    parts = {
        lang: words_of("checklists", lang)("separator").join(
            one[lang].rstrip(".。") for one in every
        )
        for lang in LANGUAGES
    }
    return Text(zh=parts["zh"], en=parts["en"])


# --- The model ----------------------------------------------------------------------------------


def _title(k: Known) -> Said:
    document = k.model.scorecard.document
    return [_say("fact_title", title=document.title, name=f"{document.id}@{document.version}")]


def _purpose(k: Known) -> Said:
    return [_say(f"fact_purpose_{k.model.scorecard.document.purpose}")]


def _not_for(k: Known) -> Said:
    return [_say("fact_not_for", what=_clauses(k.model.scorecard.document.not_for))]


def _outcome(k: Known) -> Said:
    document = k.model.scorecard.document
    outcome = k.model.scorecard.instrument.outcomes_by_id[document.outcome]
    return [
        _say("fact_outcome", label=outcome.label, event=outcome.event),
        _say("fact_clock", clock=outcome.clock),
    ]


def _horizon(k: Known) -> Said:
    document = k.model.scorecard.document
    return [_say(f"fact_horizon_{document.estimand}", days=document.horizon_days)]


def _discretion(k: Known) -> Said:
    document = k.model.scorecard.document
    outcome = k.model.scorecard.instrument.outcomes_by_id[document.outcome]
    return [_say("fact_discretion_yes" if outcome.discretion else "fact_discretion_no")]


def _labels(k: Known, ids: Iterable[str]) -> Text:
    every = k.model.scorecard.instrument.every_item
    return _listed(every[one].label if one in every else one for one in ids)


def _items(k: Known) -> Said:
    items = k.model.scorecard.document.items
    return [_say("fact_items", n=len(items), what=_labels(k, items))]


def _scored(k: Known) -> list[Item | None]:
    """Scored items, ``None`` for those that are derived."""
    by_id = k.model.scorecard.instrument.by_id
    return [by_id.get(one) for one in k.model.scorecard.document.items]


def _items_rated(k: Known) -> Said:
    scored = _scored(k)
    rated = sum(item is not None and item.rated == "rated" for item in scored)
    return [_say("fact_items_rated", rated=rated, recorded=len(scored) - rated)]


def _items_known_at(k: Known) -> Said:
    points = [item.known_at if item else "derived" for item in _scored(k)]
    parts = [
        _say(f"known_at_{point}", n=points.count(point))
        for point in ("assessment", "release", "supervision", "outcome", "derived")
        if point in points
    ]
    return [_say("fact_items_known_at", what=_listed(parts))]


def _not_scored(k: Known) -> Said:
    scored = set(k.model.scorecard.document.items)
    derived = k.model.scorecard.instrument.derived_by_id
    used = scored | {source for one in scored & derived.keys() for source in derived[one].sources}
    left = [one for one in k.model.scorecard.instrument.items if one.id not in used]
    return [_say("fact_not_scored", n=len(left))]


def _disclosure(k: Known) -> Said:
    classes = [item.disclosure for item in k.model.scorecard.instrument.items]
    counts = {name: classes.count(name) for name in ("open", "confidential", "third_party")}
    return [_say("fact_disclosure_classes", **counts)]


def _legal_basis(k: Known) -> Said:
    items = k.model.scorecard.instrument.items
    named = sum(bool(item.legal_basis) for item in items)
    return [_say("fact_legal_basis", all=len(items), n=named)] if named else []


def _protected(k: Known) -> Said:
    instrument = k.model.scorecard.instrument
    protected = [item.id for item in instrument.items if item.protected]
    scored = [one for one in k.model.scorecard.document.items if one in protected]
    if scored:
        return [_say("fact_protected_used", what=_labels(k, scored))]
    # an instrument that marks nothing as protected was not examined for it
    return [_say("fact_protected_none", what=_labels(k, protected))] if protected else []


def _proxies(k: Known) -> Said:
    scored = [item for item in _scored(k) if item is not None and item.proxy is not None]
    return [_say("fact_proxies", what=_listed(one.label for one in scored))] if scored else []


def _rater_agreement(k: Known) -> Said:
    uncertainty = k.model.scorecard.document.uncertainty
    if uncertainty.rater_kappa is None:
        return []
    how = "assumed" if uncertainty.rater_kappa_assumed else "measured"
    return [_say(f"fact_rater_{how}", kappa=f"{uncertainty.rater_kappa:g}")]


def _specification(k: Known) -> Said:
    return [_say("fact_specification", terms=len(k.model.scorecard.document.terms))]


def _directions(k: Known) -> Said:
    every = k.model.scorecard.instrument.every_item
    kept = [one for one in k.model.scorecard.document.items if every[one].enforce]
    return [_say("fact_directions", what=_labels(k, kept))] if kept else []


def _output(k: Known) -> Said:
    return [_say(f"fact_output_{k.model.scorecard.document.scale}")]


def _learner(k: Known) -> Said:
    learner = k.model.scorecard.document.training.learner
    words = LEARNERS.get(learner)
    what = learner if words is None else Text(zh=words["zh"], en=words["en"])
    return [_say("fact_learner", what=what)]


_BUILDING = (
    "folds", "replicates", "outer_bags", "pairs", "smoothing_rounds", "missing",
    "include_protected", "most_items", "draws",
)  # fmt: skip


def _building(k: Known) -> Said:
    options = k.model.scorecard.document.training.options
    told = [f"{name} {options[name]}" for name in _BUILDING if name in options]
    return [_say("fact_building", what=_listed(told))] if told else []


def _trained_on(k: Known) -> Said:
    training = k.model.scorecard.document.training
    if not training.people:
        return [_say("fact_trained_on_nobody", population=training.population)]
    people = f"{training.people:,}"
    if training.events is None:
        return [_say("fact_trained_on_no_events", population=training.population, people=people)]
    return [
        _say(
            "fact_trained_on",
            population=training.population,
            people=people,
            events=f"{training.events:,}",
        )
    ]


def _trained_dates(k: Known) -> Said:
    training = k.model.scorecard.document.training
    if training.first is None or training.last is None:
        return []
    return [_say("fact_trained_dates", first=training.first, last=training.last)]


def _data_identity(k: Known) -> Said:
    sha256 = k.model.scorecard.document.training.data_sha256
    return [] if sha256 is None else [_say("fact_data_identity", sha256=sha256)]


def _set_aside(k: Known) -> Said:
    options = k.model.scorecard.document.training.options
    keys = {
        "rejected": "rows_rejected",
        "unlabelled": "rows_without_outcome",
        "outside": "rows_outside_risk_set",
    }
    if not all(key in options for key in keys.values()):
        return []
    return [_say("fact_set_aside", **{name: options[key] for name, key in keys.items()})]


def _unknown_answers(k: Known) -> Said:
    learned = k.model.scorecard.document.training.options.get("unknown_learned", ())
    if isinstance(learned, tuple) and learned:
        return [_say("fact_unknown_learned", what=_labels(k, (str(one) for one in learned)))]
    return [_say("fact_unknown_zero")] if _unknown_is_zero(k) else []


def _unknown_is_zero(k: Known) -> bool:
    """Whether every cell of an answer that is not known is zero, as the tables have it."""
    document = k.model.scorecard.document
    for term in document.terms:
        if term.kind == "table" and len(term.axes) == 1:
            axis = document.axes_by_id[term.axes[0]]
            if any(term.cells[axis.known_states :]):
                return False
        else:
            return False
    return True


def _internal_validation(k: Known) -> Said:
    metrics = k.model.scorecard.document.evaluation
    return [_metric(one) for one in metrics if one.name in FIGURES]


def _metric(metric: Metric) -> Text:
    words = FIGURES[metric.name]
    values = {
        "figure": Text(zh=words["zh"], en=words["en"]),
        "value": f"{metric.value:.3f}",
        "method": metric.method,
    }
    if metric.low is None or metric.high is None:
        return _say("fact_internal_bare", **values)
    return _say("fact_internal", low=f"{metric.low:.3f}", high=f"{metric.high:.3f}", **values)


def _recalibration(k: Known) -> Said:
    calibration = k.model.scorecard.document.calibration
    if calibration is None:
        return []
    return [
        _say(
            "fact_recalibration",
            slope=f"{calibration.slope:.3f}",
            intercept=f"{calibration.intercept:+.3f}",
            people=f"{calibration.people:,}",
            population=calibration.population,
        )
    ]


def _uncertainty(k: Known) -> Said:
    return [_say("fact_uncertainty", note=k.model.scorecard.document.uncertainty.note)]


def _evidence(k: Known) -> Said:
    evidence = k.model.scorecard.document.evidence
    if not evidence:
        return []
    # a citation serves several effects; it is named once
    works = dict.fromkeys(one.citation.rstrip(".") for one in evidence)
    return [_say("fact_evidence", n=len(evidence), what=_clauses(Text(zh=w, en=w) for w in works))]


def _validation_level(k: Known) -> Said:
    return [_say(f"fact_validation_{k.model.scorecard.document.validation}")]


def _golden(k: Known) -> Said:
    return [_say("fact_golden", n=len(k.model.scorecard.document.golden))]


def _versions(k: Known) -> Said:
    versions = k.model.scorecard.document.training.versions
    told = [f"{name} {number}" for name, number in sorted(versions.items())]
    return [_say("fact_versions", what=_listed(told))] if told else []


# --- An evaluation ------------------------------------------------------------------------------


def _of_evaluation(tell: Callable[[Evaluation], Said]) -> Callable[[Known], Said]:
    return lambda k: [] if k.evaluation is None else tell(k.evaluation)


def _figure(figure: Figure) -> Text | None:
    if figure.value is None:
        return None
    percent = figure.name in _SHARES

    def form(value: float) -> str:
        return f"{value:.1%}" if percent else f"{value:.3f}"

    label = figure_label(figure.name)
    if figure.low is None or figure.high is None:
        return _say("fact_figure_bare", figure=label, value=form(figure.value))
    return _say(
        "fact_figure",
        figure=label,
        value=form(figure.value),
        low=form(figure.low),
        high=form(figure.high),
    )


_SHARES: frozenset[FigureName] = frozenset(
    ("event_share", "mean_risk", "share_flagged", "sensitivity", "specificity", "ppv", "npv")
)


def _figures(figures: Sequence[Figure], *names: FigureName) -> Said:
    said = [_figure(one) for one in figures if one.name in names]
    return [one for one in said if one is not None]


def _ev_kind(e: Evaluation) -> Said:
    # where nobody said, it is not known
    return [] if e.kind == "not_stated" else [_say("fact_ev_kind", words=e.kind_words)]


def _ev_people(e: Evaluation) -> Said:
    c = e.cohort
    return [
        _say(
            "fact_ev_people",
            population=c.population,
            people=f"{c.people:,}",
            events=f"{c.events:,}",
        )
    ]


def _ev_dates(e: Evaluation) -> Said:
    if e.cohort.first is None or e.cohort.last is None:
        return []
    return [_say("fact_ev_dates", first=e.cohort.first, last=e.cohort.last)]


def _ev_flow(e: Evaluation) -> Said:
    c = e.cohort
    names = ("rows", "rejected", "unlabelled", "outside", "not_yet", "people")
    return [_say("fact_ev_flow", **{name: f"{getattr(c, name):,}" for name in names})]


def _ev_follow_up(e: Evaluation) -> Said:
    c = e.cohort
    if c.weighted:
        return [_say("fact_ev_follow_up_weighted", effective=f"{c.effective:,.0f}")]
    return [_say("fact_ev_follow_up_all", people=f"{c.people:,}")]


def _ev_method(e: Evaluation) -> Said:
    m = e.method
    if not m.draws:
        return []
    return [_say("fact_ev_method", draws=m.draws, seed=m.seed, level=f"{m.level:.0%}")]


def _ev_cuts(e: Evaluation) -> Said:
    names: tuple[FigureName, ...] = ("share_flagged", "sensitivity", "specificity", "ppv")
    return [
        _say("fact_ev_cut", cut=cut.label, what=_listed(told))
        for cut in e.cuts
        if (told := _figures(cut.figures, *names))
    ]


def _ev_curve(e: Evaluation) -> Said:
    if e.decision_curve is None:
        return []
    against = [one.label for one in e.decision_curve.strategies if one.id != "model"]
    return [_say("fact_ev_curve", what=_listed(against))] if against else []


def _ev_groups(e: Evaluation) -> Said:
    if not e.groups:
        return []
    ways = {one.item: one.label for one in e.groups}
    said = [_say("fact_ev_groups", what=_listed(ways.values()))]
    if e.multiplicity is not None:
        m = e.multiplicity
        said.append(_say("fact_ev_multiplicity", looked=m.looked_at, stand_out=m.stand_out))
    return said


def _ev_stability(e: Evaluation) -> Said:
    s = e.stability
    if s is None:
        return []
    return [_say("fact_ev_stability", mean=f"{s.mean:.0%}", either=f"{s.either:.0%}")]


def _ev_surveillance(e: Evaluation) -> Said:
    return [_say("fact_ev_surveillance", words=one) for one in e.surveillance.words]


def _ev_notices(e: Evaluation) -> Said:
    return [_say("fact_ev_notice", words=one.text) for one in e.notices]


def _ev_compared(e: Evaluation) -> Said:
    if not e.comparisons:
        return []
    return [_say("fact_ev_compared", what=_listed(one.label for one in e.comparisons))]


# --- Policy, law, installation, record ----------------------------------------------------------


def _of_policy(tell: Callable[[PolicyDocument], Said]) -> Callable[[Known], Said]:
    return lambda k: [] if k.policy is None else tell(k.policy)


def _name(p: PolicyDocument) -> str:
    return f"{p.id}@{p.version}"


def _policy_roles(p: PolicyDocument) -> Said:
    adopted = p.adoption.by if p.adoption else p.adopted_by
    return [
        _say(
            "fact_policy_roles",
            name=_name(p),
            proposes=p.roles.proposes,
            approves=p.roles.approves,
        ),
        _say("fact_policy_not_adopted", name=_name(p))
        if adopted is None
        else _say("fact_policy_adopted", name=_name(p), by=adopted),
    ]


def _policy_dates(p: PolicyDocument) -> Said:
    if p.valid_from is None and p.valid_to is None:
        return []
    ends = [_say("open_end") if day is None else str(day) for day in (p.valid_from, p.valid_to)]
    return [_say("fact_policy_dates", name=_name(p), first=ends[0], last=ends[1])]


def _tier(tier: Tier) -> Text:
    return _say(f"tier_{tier.value}")


def _tiers(p: PolicyDocument) -> list[tuple[Tier, TierTerms]]:
    """Tiers of a policy, the strictest first."""
    return [(tier, p.tiers[tier]) for tier in reversed(Tier) if tier in p.tiers]


def _policy_tiers(p: PolicyDocument) -> Said:
    return [
        _say(
            "fact_policy_tier",
            tier=_tier(tier),
            minutes=terms.officer_minutes_per_month,
            contacts=_listed(
                _say("contact", label=one.label, times=one.times, days=one.per_days)
                for one in terms.contacts
            ),
        )
        for tier, terms in _tiers(p)
    ]


def _policy_review(p: PolicyDocument) -> Said:
    return [
        _say("fact_policy_review", tier=_tier(tier), days=terms.review.days)
        for tier, terms in _tiers(p)
    ]


def _policy_bands(p: PolicyDocument) -> Said:
    values: dict[str, object] = {"citation": p.band_citation.text}
    if p.bands.kind == "reference_share":
        values |= {"strict": p.bands.strict, "relaxed": p.bands.relaxed}
    elif p.bands.kind != "point_ranges":
        values |= {"strict": p.bands.strict_from, "relaxed": p.bands.relaxed_below}
    return [_say(f"fact_policy_bands_{p.bands.kind}", **values)]


def _policy_either(p: PolicyDocument) -> Said:
    return [_say("fact_policy_either", bound=f"{p.either_tier_below:.0%}")]


def _law_binding(k: Known) -> Said:
    if k.law is None or k.on is None:
        return []
    return [
        _say(
            "fact_law_binding",
            jurisdiction=k.law.jurisdiction,
            n=len(k.law.in_force(k.on)),
            version=k.law.version_on(k.on),
        )
    ]


def _law_unverified(k: Known) -> Said:
    if k.law is None or k.on is None:
        return []
    # of several versions of a provision the one in force on the day, in whatever order they stand
    dated = sorted(k.law.provisions.all, key=lambda one: one.valid_from)
    every = {one.id: one for one in dated if one.valid_from <= k.on}
    left = [one for one in every.values() if not k.law.provisions.verified(one, k.on)]
    return [_say("fact_law_unverified", n=len(left), all=len(every))] if every else []


def _agency(k: Known) -> Said:
    found = k.installation
    if found is None or found.agency is None:
        return []
    return [_say("fact_agency", agency=found.agency, jurisdiction=found.jurisdiction)]


def _of_rules(tell: Callable[[CasebookRules], Said]) -> Callable[[Known], Said]:
    return lambda k: [] if k.rules is None else tell(k.rules)


def _cb_own_view(r: CasebookRules) -> Said:
    return [_say("fact_cb_own_view", share=f"{r.own_view.share:.0%}", rules=r.name)]


def _cb_approval(r: CasebookRules) -> Said:
    also = [_say(f"also_{one}") for one in r.approval.also]
    what = _listed(also) if also else _say("nothing_more")
    return [_say("fact_cb_approval", what=what, rules=r.name)]


def _cb_notice(r: CasebookRules) -> Said:
    return [_say("fact_cb_notice", days=r.notice_within_days, rules=r.name)]


def _cb_review(r: CasebookRules) -> Said:
    onward = _listed(one.label for one in r.review.onward)
    days = r.review.answer_within_days
    return [_say("fact_cb_review", days=days, what=onward, rules=r.name)]


def _cb_reasons(r: CasebookRules) -> Said:
    n, least = len(r.override_reasons), r.least_characters
    return [_say("fact_cb_reasons", n=n, least=least, rules=r.name)]


def _cb_erasure(r: CasebookRules) -> Said:
    what = _listed(one.label for one in r.erasure)
    return [_say("fact_cb_erasure", n=len(r.erasure), what=what, rules=r.name)]


def _cb_without(r: CasebookRules) -> Said:
    what = _listed(one.label for one in r.without_score)
    return [_say("fact_cb_without", what=what, rules=r.name)]


def _ev_identity(e: Evaluation) -> Said:
    return [_say("fact_ev_identity", source=e.cohort.source, sha256=e.cohort.sha256)]


def _ev_ranking(e: Evaluation) -> Said:
    return _figures(e.figures, "auc")


def _ev_calibration(e: Evaluation) -> Said:
    return _figures(e.figures, "calibration_in_the_large", "calibration_slope", "ici", "brier")


_FACTS: Mapping[FactName, Callable[[Known], Said]] = {
    "title": _title,
    "purpose": _purpose,
    "not_for": _not_for,
    "outcome": _outcome,
    "horizon": _horizon,
    "discretion": _discretion,
    "items": _items,
    "items_rated": _items_rated,
    "items_known_at": _items_known_at,
    "not_scored": _not_scored,
    "disclosure_classes": _disclosure,
    "legal_basis": _legal_basis,
    "protected": _protected,
    "proxies": _proxies,
    "rater_agreement": _rater_agreement,
    "specification": _specification,
    "directions": _directions,
    "output": _output,
    "learner": _learner,
    "building": _building,
    "trained_on": _trained_on,
    "trained_dates": _trained_dates,
    "data_identity": _data_identity,
    "set_aside": _set_aside,
    "unknown_answers": _unknown_answers,
    "internal_validation": _internal_validation,
    "recalibration": _recalibration,
    "uncertainty": _uncertainty,
    "evidence": _evidence,
    "validation_level": _validation_level,
    "golden": _golden,
    "versions": _versions,
    "ev_kind": _of_evaluation(_ev_kind),
    "ev_identity": _of_evaluation(_ev_identity),
    "ev_people": _of_evaluation(_ev_people),
    "ev_dates": _of_evaluation(_ev_dates),
    "ev_flow": _of_evaluation(_ev_flow),
    "ev_follow_up": _of_evaluation(_ev_follow_up),
    "ev_method": _of_evaluation(_ev_method),
    "ev_ranking": _of_evaluation(_ev_ranking),
    "ev_calibration": _of_evaluation(_ev_calibration),
    "ev_cuts": _of_evaluation(_ev_cuts),
    "ev_curve": _of_evaluation(_ev_curve),
    "ev_groups": _of_evaluation(_ev_groups),
    "ev_stability": _of_evaluation(_ev_stability),
    "ev_surveillance": _of_evaluation(_ev_surveillance),
    "ev_notices": _of_evaluation(_ev_notices),
    "ev_compared": _of_evaluation(_ev_compared),
    "policy_roles": _of_policy(_policy_roles),
    "policy_dates": _of_policy(_policy_dates),
    "policy_tiers": _of_policy(_policy_tiers),
    "policy_review": _of_policy(_policy_review),
    "policy_bands": _of_policy(_policy_bands),
    "policy_either": _of_policy(_policy_either),
    "law_binding": _law_binding,
    "law_unverified": _law_unverified,
    "agency": _agency,
    "cb_own_view": _of_rules(_cb_own_view),
    "cb_approval": _of_rules(_cb_approval),
    "cb_notice": _of_rules(_cb_notice),
    "cb_review": _of_rules(_cb_review),
    "cb_reasons": _of_rules(_cb_reasons),
    "cb_erasure": _of_rules(_cb_erasure),
    "cb_without": _of_rules(_cb_without),
}
