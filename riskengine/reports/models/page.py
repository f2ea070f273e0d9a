"""The page of one model: what it is, every table in it, what it rests on and what is not known.

It is made from the model file and its instrument alone, so it says what the program does. The
cover of self-containment is that of `riskengine.reports.html`: no script, no network, one style
sheet allowed by its hash.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

from markupsafe import Markup

from riskengine.errors import Language, UseError
from riskengine.evaluation.suppression import SMALLEST
from riskengine.explanation.texts import Texts
from riskengine.instrument.items import DerivedItem, Item
from riskengine.policy.document import PolicyDocument
from riskengine.reports.chart import definitions
from riskengine.reports.figures import minus
from riskengine.reports.inert import inert
from riskengine.reports.models import charts
from riskengine.reports.models.performance import (
    Performance,
    ShownGroup,
    shown_groups,
)
from riskengine.reports.models.shapes import Pair, PairCell, Shape, State, amounts, pairs, shapes
from riskengine.reports.models.spread import band_shares, deciles, spread
from riskengine.reports.templating import environment, frame, source
from riskengine.reports.words import words_of
from riskengine.scorecard.document import EvidenceSource, Metric
from riskengine.scorecard.views import item_denominator, item_tables
from riskengine.store.lookup import LoadedModel

OPEN_PAIRS = 12
"""Pairs that stand open on the page; the rest are folded, the widest first."""

RARE = 0.001
"""A cell of a pair with a smaller share of the reference population is marked."""

_EFFECT_WORDS = (
    ("the whole published table of weights", "整套公布的权重表"),
    ("adjusted log-odds", "经调整的对数优势比"),
    ("adjusted OR", "经调整的优势比"),
    ("log-odds", "对数优势比"),
    ("OR", "优势比"),
    ("r 0", "相关系数 0"),
    ("r -", "相关系数 -"),
    ("95 % interval", "95% 区间"),
    (" to ", "—"),
)


def model_page(
    model: LoadedModel,
    *,
    lang: Language,
    policy: PolicyDocument | None = None,
    performance: Performance | None = None,
) -> str:
    """Give one HTML document that explains a model.

    Parameters
    ----------
    model
        A model that passed every check; its golden assessments were recomputed when it was loaded.
    policy
        Shows where the bands begin.
    performance
        Figures by group; without them the page says that nothing was measured.

    Returns
    -------
    str
        The document. The same model gives the same text: it carries no time of making.

    Raises
    ------
    UseError, PolicyError
        Where the policy is for another instrument, or its bands for another scorecard.

    Examples
    --------
    >>> page = model_page(find_model("cn_serious_noncompliance"), lang="zh")  # doctest: +SKIP
    """
    instrument = model.scorecard.instrument
    if policy is not None and policy.instrument != instrument.id:
        raise UseError(
            f"policy [{policy.id}] is for instrument [{policy.instrument}], and the model is for "
            f"[{instrument.id}]"
        )
    say = model_texts(lang)
    return (
        environment()
        .get_template("models/model.html.j2")
        .render(
            page=ModelPage(model, say, policy, performance),
            **frame(say, model_style()),
            chart_definitions=definitions(),
        )
    )


def write_model_page(
    path: Path,
    model: LoadedModel,
    *,
    lang: Language,
    policy: PolicyDocument | None = None,
    performance: Performance | None = None,
) -> Path:
    """Write `model_page` to a file in UTF-8; folders on the way are made."""
    page = model_page(model, lang=lang, policy=policy, performance=performance)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page, encoding="utf-8", newline="\n")
    return path


def model_texts(lang: Language) -> Texts:
    """Words of the model pages in one language."""
    return words_of("models", lang)


@lru_cache(maxsize=1)
def model_style() -> str:
    """Style sheet of the model pages, in the colours of the other pages."""
    colours = re.search(r":root\s*\{[^}]*\}", source("page.css"))
    assert colours is not None
    return f"{colours[0]}\n{source('models/model.css')}"


@dataclass(frozen=True)
class ItemCard:
    """One item's shape with what is said about the item."""

    shape: Shape
    label: str
    domain: str
    tags: tuple[str, ...]
    direction: str
    evidence: tuple[EvidenceSource, ...]
    chart: Markup | None
    rank: int


@dataclass(frozen=True)
class Named:
    """A term with its description, for definition lists and tables."""

    name: str
    value: str
    code: str = ""


@dataclass(frozen=True)
class GroupTable:
    """One attribute by which groups are compared, and what was measured."""

    label: str
    groups: tuple[ShownGroup, ...]


class ModelPage:
    """What the template needs to know about one model."""

    def __init__(
        self,
        model: LoadedModel,
        say: Texts,
        policy: PolicyDocument | None,
        performance: Performance | None,
    ) -> None:
        self.model, self.say, self.policy, self.performance = model, say, policy, performance
        self.card = model.scorecard
        self.document = model.scorecard.document
        self.instrument = model.scorecard.instrument
        self.lang = say.lang
        self.unit, self.per_unit = amounts(self.card)

    # --- words and numbers ---------------------------------------------------------------------

    def label(self, item: str) -> str:
        """An item in the words of the instrument."""
        return self.instrument.every_item[item].label[self.lang]

    def signed(self, amount: float) -> str:
        """What something adds, as it is printed."""
        return self.unit.signed(amount)

    def plain(self, amount: float) -> str:
        """A score, or a size without a direction."""
        return self.unit.plain(amount)

    def size(self, amount: float) -> str:
        """A size that may be below one point."""
        return f"{amount:.2f}"

    def fine(self, amount: float) -> str:
        """A mean, which need not be a whole point."""
        return minus(f"{amount:.2f}")

    def signed_fine(self, amount: float) -> str:
        """A mean with its sign."""
        return minus(f"{amount:+.2f}")

    def share(self, share: float) -> str:
        """A share in per cent; what is there is never printed as nothing."""
        if 0 < share < 0.0005:
            return self.say("share_tiny")
        return f"{100 * share:.1f}%"

    def sentences(self, *keys: str) -> str:
        """Put sentences after one another as the language does."""
        return ("" if self.lang == "zh" else " ").join(self.say(key) for key in keys)

    def error(self, state: State) -> str:
        """A standard error; a value that was set to zero has none."""
        if state.error is None or not (state.error or state.worth):
            return "\N{EN DASH}"
        return self.size(state.error)

    def listed(self, items: Sequence[object]) -> str:
        """Items in words, as the language lists them; the code where the instrument has none."""
        every = self.instrument.every_item
        words = [self.label(str(i)) if str(i) in every else str(i) for i in items]
        return self.say.listed(words) or self.say("none")

    # --- head ----------------------------------------------------------------------------------

    @property
    def title(self) -> str:
        """Title of the model."""
        return self.document.title[self.lang]

    @property
    def name(self) -> str:
        """Name and version."""
        return f"{self.document.id}@{self.document.version}"

    @property
    def not_operational(self) -> bool:
        """Whether nobody may be assessed with it as it is."""
        return self.document.purpose != "operational"

    @property
    def facts(self) -> list[Named]:
        """What the model is about, at a glance."""
        say, document = self.say, self.document
        outcome = self.instrument.outcomes_by_id[document.outcome]
        population = document.calibration.population[self.lang] if document.calibration else ""
        return [
            Named(say("fact_outcome"), outcome.label[self.lang], document.outcome),
            Named(say("fact_event"), outcome.event[self.lang]),
            Named(say("fact_clock"), outcome.clock[self.lang]),
            Named(
                say("fact_horizon"),
                say(f"estimand_{document.estimand}", days=f"{document.horizon_days:,}"),
            ),
            Named(say("fact_scale"), say(f"scale_{document.scale}")),
            Named(say("fact_form"), self._form()),
            Named(
                say("fact_validation"),
                say(f"validation_{document.validation}", population=population),
            ),
            Named(say("fact_for"), say(f"for_{document.purpose}")),
        ]

    def _form(self) -> str:
        document = self.document
        if document.form == "points":
            return self.say("form_points", unit=f"{self.per_unit:g}")
        return self.say("form_full")

    @property
    def warnings(self) -> list[str]:
        """What must be known about the outcome before a figure is believed."""
        outcome = self.instrument.outcomes_by_id[self.document.outcome]
        said = [outcome.notes[self.lang]] if outcome.notes else []
        if outcome.looks_ahead:
            said.append(outcome.looks_ahead[self.lang])
        if outcome.discretion:
            said.append(self.say("outcome_discretion"))
        return said

    # --- items ---------------------------------------------------------------------------------

    @cached_property
    def shapes(self) -> list[Shape]:
        """Shapes of the single tables and lines."""
        return shapes(self.card, self.say)

    @cached_property
    def pairs(self) -> list[Pair]:
        """All pairs, those that move people most first."""
        return pairs(self.card, self.say)

    @cached_property
    def scale(self) -> charts.Scale:
        """One scale for all shapes."""
        return charts.scale_of(self.shapes)

    @property
    def row_axis(self) -> Markup:
        """Axis above the rows of a table."""
        return charts.row_axis(self.scale)

    @cached_property
    def items(self) -> list[ItemCard]:
        """One card for every item that adds something by itself."""
        return [self._item(rank, shape) for rank, shape in enumerate(self.shapes, start=1)]

    @property
    def only_in_pairs(self) -> tuple[str, ...]:
        """Items that act only together with another one."""
        alone = {shape.item for shape in self.shapes}
        return tuple(item for item in self.document.items if item not in alone)

    def row_chart(self, shape: Shape, at: int) -> Markup:
        """Bar of one state."""
        return charts.row_chart(shape.states[at], shape.mean, self.scale)

    def range_chart(self, shape: Shape) -> Markup:
        """Range of one item, for the index."""
        return charts.range_chart(shape.low, shape.high, self.scale)

    def _item(self, rank: int, shape: Shape) -> ItemCard:
        item = self.instrument.every_item[shape.item]
        domain = next(d for d in self.instrument.domains if d.id == item.domain)
        return ItemCard(
            shape=shape,
            label=item.label[self.lang],
            domain=domain.label[self.lang],
            tags=tuple(self._tags(item)),
            direction=self._direction(item, shape),
            evidence=tuple(e for e in self.document.evidence if e.id in shape.evidence),
            chart=self._chart(shape, item),
            rank=rank,
        )

    def _tags(self, item: Item | DerivedItem) -> Iterator[str]:
        say, rating = self.say, self.document.uncertainty
        yield say("tag_changeable" if item.dynamic else "tag_static")
        if item.unit is not None:
            yield say("unit_of", unit=item.unit[self.lang])
        if isinstance(item, DerivedItem):
            yield say("tag_derived")
            return
        yield say(f"tag_{item.rated}")
        if item.id in rating.rated_items and rating.rater_kappa is not None:
            how = "assumed" if rating.rater_kappa_assumed else "measured"
            yield say(f"tag_kappa_{how}", kappa=f"{rating.rater_kappa:g}")
        if item.disclosure != "open":
            yield say(f"tag_{item.disclosure}")
        if item.protected:
            yield say("tag_protected")
        if item.proxy is not None:
            yield say("tag_proxy", attribute=self.listed([item.proxy.attribute]))

    def _direction(self, item: Item | DerivedItem, shape: Shape) -> str:
        if item.direction == "free" or (isinstance(item, Item) and item.type == "nominal"):
            return self.say("direction_free")
        how = "enforced" if item.enforce else "expected"
        over = "levels" if shape.kind == "levels" else "number"
        return self.say(f"direction_{item.direction}_{how}_{over}")

    def _chart(self, shape: Shape, item: Item | DerivedItem) -> Markup | None:
        if shape.kind == "levels":
            return None
        description = str(
            inert(
                self.say(
                    f"chart_{shape.kind}",
                    item=item.label[self.lang],
                    low=self.signed(shape.low),
                    high=self.signed(shape.high),
                    mean=self.signed(shape.mean),
                )
            )
        )
        if shape.kind == "line":
            return charts.line_chart(shape, self.scale, description)
        return charts.step_chart(shape, self.scale, description, self.say("chart_apart"))

    @property
    def open_pairs(self) -> list[Pair]:
        """Pairs that stand open on the page."""
        return self.pairs[:OPEN_PAIRS]

    @property
    def folded_pairs(self) -> list[Pair]:
        """The others."""
        return self.pairs[OPEN_PAIRS:]

    def cell_class(self, cell: PairCell) -> str:
        """How one cell of a pair is shaded and marked."""
        sign = "up" if cell.step > 0 else "down"
        shade = f"{sign} {sign[0]}{abs(cell.step)}" if cell.step else "flat"
        return f"{shade} rare" if cell.share < RARE else shade

    @property
    def errors_known(self) -> bool:
        """Whether any cell has a standard error."""
        return any(state.error is not None for s in self.shapes for state in s.states)

    # --- the start of every score --------------------------------------------------------------

    @property
    def intercept(self) -> str:
        """Score of somebody all of whose cells are zero."""
        return self.plain(self.unit.amount(self.document.intercept))

    @property
    def baseline(self) -> str:
        """Mean score of the reference population."""
        mean = item_tables(self.card).baseline / item_denominator(self.card)
        return minus(f"{self.unit.amount(mean):.2f}")

    # --- reference population ------------------------------------------------------------------

    @property
    def distribution(self) -> Markup:
        """How scores are spread, with the bands of the policy."""
        found = spread(self.card)
        marks = []
        if self.policy is not None:
            _, bands = band_shares(self.card, self.policy)
            half = 0.5 if self.unit.in_points else 0.0
            marks = [
                charts.Mark(
                    band.low - half,
                    self.say("band_begins", tier=band.tier.label[self.lang],
                             score=self.plain(band.low)),
                )
                for band in bands
                if band.low is not None
            ]  # fmt: skip
        tenths = self.deciles
        description = self.say(
            "chart_distribution", low=tenths[1], middle=tenths[5], high=tenths[9]
        )
        return charts.distribution_chart(found.counts, found.ends, marks, found.ticks, description)

    @property
    def deciles(self) -> list[str]:
        """Scores at every tenth of the reference population."""
        return [self.plain(score) for score in deciles(self.card)]

    @property
    def bands(self) -> list[Named]:
        """Bands of the policy with their scores and shares."""
        if self.policy is None:
            return []
        said = []
        for band in band_shares(self.card, self.policy)[1]:
            if band.low is None:
                scores = self.say("scores_below", high=self.plain(band.high or 0.0))
            elif band.high is None:
                scores = self.say("scores_from", low=self.plain(band.low))
            else:
                scores = self.say(
                    "scores_between", low=self.plain(band.low), high=self.plain(band.high)
                )
            said.append(Named(band.tier.label[self.lang], scores, self.share(band.share)))
        return said

    # --- evidence ------------------------------------------------------------------------------

    def effect_words(self, source: EvidenceSource) -> str:
        """The published effect; model files hold it in English."""
        said = source.effect
        if self.lang == "zh":
            for english, chinese in _EFFECT_WORDS:
                said = said.replace(english, chinese)
        return said

    @property
    def evidence_rows(self) -> list[tuple[EvidenceSource, str]]:
        """Every source with the terms that rest on it."""
        users: dict[str, list[str]] = {source.id: [] for source in self.document.evidence}
        for term in self.document.terms:
            for cited in term.evidence:
                users.setdefault(cited, []).append(self.term_label(term.id))
        return [(s, self.say.listed(users[s.id])) for s in self.document.evidence]

    def term_label(self, term: str) -> str:
        """A term in words: its item, or its two items."""
        found = next(t for t in self.document.terms if t.id == term)
        if found.kind == "linear":
            return self.label(found.item)
        axes = self.document.axes_by_id
        return self.say("times").join(self.label(axes[axis].item) for axis in found.axes)

    # --- figures -------------------------------------------------------------------------------

    @property
    def figures(self) -> list[Metric]:
        """What was measured of the model as a whole."""
        return [m for m in self.document.evaluation if not m.name.startswith("price_")]

    @property
    def prices(self) -> list[Metric]:
        """What a guarantee costs: differences to the model without it."""
        return [m for m in self.document.evaluation if m.name.startswith("price_")]

    @property
    def accuracy_measured(self) -> bool:
        """Whether it was ever compared with outcomes; what rounding does is no accuracy."""
        return any(not m.name.startswith("rounding_") for m in self.figures)

    def methods(self, metrics: Sequence[Metric]) -> list[str]:
        """How the figures were obtained, each way once; model files say it in English."""
        return list(dict.fromkeys(metric.method for metric in metrics))

    @property
    def calibration(self) -> list[Named]:
        """On what a calibrated scale rests."""
        say, found = self.say, self.document.calibration
        if found is None:
            return []
        events = say("not_stated") if found.events is None else f"{found.events:,}"
        counted = say("calibration_counted", people=f"{found.people:,}", events=events)
        line = f"{found.slope:.3f}{say('clauses')}{found.intercept:+.3f}"
        return [
            Named(say("calibration_on"), found.population[self.lang]),
            Named(say("calibration_counts"), counted),
            Named(say("calibration_line"), minus(line)),
            Named(say("calibration_method"), found.method),
        ]

    def figure_words(self, metric: Metric) -> str:
        """Name of a figure; its own id where the catalogue has none."""
        return self._known_words(f"figure_{metric.name}", metric.name)

    def _known_words(self, key: str, fallback: str) -> str:
        return self.say(key) if key in self.say.sentences else fallback

    def figure(self, metric: Metric) -> str:
        """A figure, and its sign where it is a difference."""
        return self._number(metric, metric.value)

    def interval(self, metric: Metric) -> str:
        """Interval of a figure, or that there is none."""
        if metric.low is None or metric.high is None:
            return self.say("no_interval")
        return self.say(
            "interval",
            low=self._number(metric, metric.low),
            high=self._number(metric, metric.high),
        )

    def _number(self, metric: Metric, value: float) -> str:
        form = "+.4f" if metric.name.startswith("price_") else ".3f"
        return minus(f"{value:{form}}")

    # --- groups --------------------------------------------------------------------------------

    @property
    def fewest_shown(self) -> int:
        """People a group must have."""
        return SMALLEST

    @property
    def group_tables(self) -> list[GroupTable]:
        """Every attribute by which groups could be compared, with or without figures."""
        given = self.performance.groups if self.performance else ()
        audited = [i.id for i in self.instrument.items if i.protected]
        tables = []
        for item in dict.fromkeys((*(one.item for one in given), *audited)):
            groups = [one for one in given if one.item == item]
            tables.append(GroupTable(self.listed([item]), shown_groups(groups)))
        return tables

    # --- what is left out ----------------------------------------------------------------------

    @property
    def scorable_unused(self) -> tuple[str, ...]:
        """Items that may be scored and are asked, and that this model does not use."""
        used = set(self.document.items)
        return tuple(
            i.id
            for i in self.instrument.items
            if "scored" in i.use and i.id not in used and not i.protected
        )

    @property
    def held_apart(self) -> list[tuple[str, str]]:
        """Items that never enter this model, by why they are asked at all."""
        used = set(self.document.items)
        rest = [i for i in self.instrument.items if i.id not in used]
        groups = [("protected", [i.id for i in rest if i.protected])]
        unscored = [i for i in rest if "scored" not in i.use and not i.protected]
        for use in ("rule", "need", "audit"):
            groups.append((use, [i.id for i in unscored if i.use[0] == use]))
        return [(self.say(f"apart_{name}"), self.listed(ids)) for name, ids in groups if ids]

    @property
    def enforced(self) -> list[Item | DerivedItem]:
        """Items of the model whose direction is guaranteed."""
        every = self.instrument.every_item
        return [every[i] for i in self.document.items if every[i].enforce]

    def moves(self, item: Item | DerivedItem) -> str:
        """Which way a guaranteed direction goes."""
        return self.say("more_raises" if item.direction == "risk" else "more_lowers")

    @property
    def proxies(self) -> list[Named]:
        """Items of the model that give away a protected attribute, and why they stay."""
        found = []
        for name in self.document.items:
            item = self.instrument.by_id.get(name)
            if item is not None and item.proxy is not None:
                told = self.listed([item.proxy.attribute])
                words = self.say("colon", name=told, value=item.proxy.reason[self.lang])
                found.append(Named(item.label[self.lang], words))
        return found

    # --- training ------------------------------------------------------------------------------

    @property
    def training(self) -> list[Named]:
        """Where the numbers come from."""
        say, training = self.say, self.document.training
        learner = self._known_words(f"learner_{training.learner}", training.learner)
        unstated = say("not_stated")
        events = unstated if training.events is None else f"{training.events:,}"
        rows = [
            Named(say("training_learner"), learner, training.learner),
            Named(say("training_population"), training.population[self.lang]),
            Named(say("training_people"), f"{training.people:,}"),
            Named(say("training_events"), events),
            Named(say("training_weight"), f"{training.weight:,.0f}"),
            Named(
                say("training_dates"),
                say("from_to", first=training.first, last=training.last)
                if training.first and training.last
                else unstated,
            ),
            Named(say("training_protected"), self.listed(training.protected_used)),
            Named(say("training_seed"), unstated if training.seed is None else f"{training.seed}"),
        ]
        return [*rows, Named(say("training_data"), "", training.data_sha256 or unstated)]

    @property
    def options(self) -> list[Named]:
        """Every recorded setting and version, by its technical name."""
        training = self.document.training
        rows = []
        for name, value in sorted(training.options.items()):
            said = ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
            rows.append(Named(name, said or self.say("none")))
        return [*rows, *(Named(n, v) for n, v in sorted(training.versions.items()))]

    @property
    def uncertainty(self) -> list[Named]:
        """On what the intervals rest."""
        say, stated = self.say, self.document.uncertainty
        rows = [
            Named(say("uncertainty_method"), say(f"method_{stated.method}")),
            Named(say("uncertainty_replicates"), f"{stated.replicates:,}" if stated.replicates
                  else say("none")),
            Named(say("uncertainty_level"), f"{100 * stated.level:g}%"),
        ]  # fmt: skip
        if stated.rater_kappa is None:
            return [*rows, Named(say("uncertainty_raters"), say("kappa_none"))]
        how = "assumed" if stated.rater_kappa_assumed else "measured"
        words = say(f"kappa_{how}", kappa=f"{stated.rater_kappa:g}")
        return [
            *rows,
            Named(say("uncertainty_raters"), words),
            Named(say("uncertainty_rated"), self.listed(stated.rated_items)),
        ]

    @property
    def hashes(self) -> list[Named]:
        """What names the content of every file."""
        say = self.say
        return [
            Named(say("hash_model"), self.name, self.model.sha256),
            Named(
                say("hash_instrument"),
                f"{self.document.instrument.id}@{self.document.instrument.version}",
                self.document.instrument.sha256,
            ),
        ]
