"""The full report of an evaluation, for analysts and reviewers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from markupsafe import Markup

from riskengine.evaluation.document import (
    Comparison,
    Cut,
    Difference,
    Evaluation,
    Figure,
    FigureName,
    GroupCell,
    Groups,
)
from riskengine.evaluation.words import figure_label
from riskengine.explanation.texts import Texts
from riskengine.reports.evaluation import charts
from riskengine.reports.evaluation.figures import (
    SHARES,
    find,
    number,
    stop,
    thousands,
    written,
)
from riskengine.reports.figures import minus, written_day
from riskengine.reports.models.charts import Mark
from riskengine.scorecard.document import LOG_ODDS_BITS

_RANKING: tuple[FigureName, ...] = ("auc", "brier", "brier_reference", "brier_skill", "log_score")
_CALIBRATION: tuple[FigureName, ...] = (
    "event_share", "mean_risk", "observed_expected", "calibration_in_the_large",
    "calibration_slope", "ici", "e50", "e90",
)  # fmt: skip
_CUT: tuple[FigureName, ...] = (
    "share_flagged", "sensitivity", "specificity", "ppv", "npv", "lift", "net_benefit",
)  # fmt: skip
_OVERALL_OF_GROUP: tuple[FigureName, ...] = ("event_share", "auc", "observed_expected")
_CUT_OF_GROUP: tuple[FigureName, ...] = (
    "share_flagged", "false_positive_rate", "false_negative_rate", "ppv",
)  # fmt: skip
_PANELS: tuple[FigureName, ...] = (
    "auc", "observed_expected", "false_positive_rate", "false_negative_rate",
)  # fmt: skip


@dataclass(frozen=True)
class Row:
    """One row of a table: a name and its cells."""

    label: str
    cells: tuple[str, ...]
    note: str = ""
    hidden: bool = False


@dataclass(frozen=True)
class Table:
    """A table with the heads of its columns."""

    heads: tuple[str, ...]
    rows: tuple[Row, ...]

    @property
    def there(self) -> bool:
        """Whether it has anything in it."""
        return bool(self.rows)


@dataclass(frozen=True)
class GroupSection:
    """One way of grouping people as it is printed."""

    title: str
    chart: Markup | None
    table: Table
    gaps_title: str
    gaps: Table
    trade_off: str


@dataclass(frozen=True)
class ComparisonSection:
    """One comparison as it is printed."""

    title: str
    how: str
    note: str
    table: Table
    groups: Table


class ReportPage:
    """What the template of the report needs to know."""

    def __init__(self, document: Evaluation, say: Texts) -> None:
        self.document, self.say, self.lang = document, say, say.lang

    # --- words and numbers ---------------------------------------------------------------------

    def written(self, figure: Figure | Difference | None) -> str:
        """Write a figure with its interval."""
        return written(figure, self.say)

    def label(self, name: FigureName) -> str:
        """What a figure is called."""
        return figure_label(name)[self.lang]

    @property
    def level(self) -> str:
        """Level of the intervals."""
        return f"{self.document.method.level:.0%}"

    @property
    def title(self) -> str:
        """Title of the model."""
        return self.document.model.title[self.lang]

    @property
    def name(self) -> str:
        """Name and version of the model."""
        return f"{self.document.model.id}@{self.document.model.version}"

    @property
    def day(self) -> str:
        """Day of the evaluation."""
        return written_day(self.document.on, self.lang)

    # --- head ----------------------------------------------------------------------------------

    @property
    def headline(self) -> list[str]:
        """The result in words: on whom, and what was found."""
        say, document = self.say, self.document
        share = find(document.figures, "event_share")
        said = [
            document.kind_words[self.lang],
            say(
                "headline_people",
                population=stop(document.cohort.population[self.lang], self.lang),
                people=thousands(document.cohort.people),
                events=thousands(document.cohort.events),
                days=document.model.horizon_days,
                outcome=document.model.outcome_label[self.lang],
                share="\N{EN DASH}"
                if share is None or share.value is None
                else number("event_share", share.value),
            ),
        ]
        auc = find(document.figures, "auc")
        if auc is not None and auc.value is not None:
            ends = (auc.low, auc.high)
            low, high = (f"{100 * end:.0f}%" if end is not None else "–" for end in ends)
            said.append(say("headline_auc", share=f"{100 * auc.value:.0f}%", low=low, high=high))
        expected = find(document.figures, "mean_risk")
        if document.model.scale == "relative":
            said.append(say("headline_relative"))
        elif expected is not None and expected.value is not None and share is not None:
            said.append(
                say(
                    "headline_calibrated",
                    expected=number("mean_risk", expected.value),
                    observed=number("event_share", share.value or 0.0),
                )
            )
        return said

    @property
    def facts(self) -> list[tuple[str, str]]:
        """On whom, when, and how they were followed."""
        say, document = self.say, self.document
        cohort, model = document.cohort, document.model
        dates = (
            say("not_stated")
            if cohort.first is None or cohort.last is None
            else say(
                "from_to",
                first=written_day(cohort.first, self.lang),
                last=written_day(cohort.last, self.lang),
            )
        )
        names = ("rows", "rejected", "unlabelled", "outside", "not_yet", "people")
        counts = {name: thousands(getattr(cohort, name)) for name in names}
        rows = [
            ("fact_population", cohort.population[self.lang]),
            ("fact_dates", dates),
            (
                "fact_kind",
                f"{document.kind_words[self.lang]} {say(f'kind_by_{document.kind_by}')}",
            ),
            (
                "fact_outcome",
                say(
                    "outcome_days",
                    label=model.outcome_label[self.lang],
                    days=f"{model.horizon_days:,}",
                ),
            ),
            ("fact_counts", say("counts", **counts)),
            (
                "fact_follow_up",
                say("weighted", effective=thousands(cohort.effective))
                if cohort.weighted
                else say("unweighted"),
            ),
            (
                "fact_trained",
                say(
                    "trained",
                    on=model.trained_on[self.lang],
                    people=thousands(model.training_people),
                ),
            ),
        ]
        if document.policy is not None:
            p = document.policy
            rows.append(("fact_policy", f"{p.title[self.lang]} ({p.id}@{p.version})"))
        rows.append(("fact_file", cohort.source))
        return [(say(key), value) for key, value in rows]

    # --- figures -------------------------------------------------------------------------------

    def _table(self, names: Iterable[FigureName]) -> Table:
        found = [one for name in names if (one := find(self.document.figures, name)) is not None]
        return Table(
            (self.say("column_figure"), self.say("column_value", level=self.level)),
            tuple(Row(self.label(one.name), (self.written(one),)) for one in found),
        )

    @property
    def ranking(self) -> Table:
        """Figures of discrimination and accuracy."""
        return self._table(_RANKING)

    @property
    def calibration(self) -> Table:
        """Figures of calibration."""
        return self._table(_CALIBRATION)

    def _score(self, score: float) -> str:
        if self.document.model.form == "points":
            return minus(f"{score:.0f}")
        return minus(f"{score / 2**LOG_ODDS_BITS:.1f}")

    def _marks(self, *, risks: bool = False) -> list[Mark]:
        marks = []
        for cut in self.document.cuts:
            at = cut.risk if risks else float(cut.score)
            if cut.kind == "tier" and at is not None:
                marks.append(Mark(at, cut.label[self.lang]))
        return sorted(marks, key=lambda one: one.at)

    @property
    def spread(self) -> Markup:
        """Scores with and without the outcome."""
        spread = self.document.spread
        unit = 1 if self.document.model.form == "points" else 2**LOG_ODDS_BITS
        low, high = spread.edges[0] / unit, spread.edges[-1] / unit
        axis = [
            (value * unit, minus(f"{value:g}"))
            for value in (charts.ticks(low, high, about=7) if low < high else [low])
        ]
        marks = [one for one in self._marks() if spread.edges[0] <= one.at <= spread.edges[-1]]
        words = (self.say("with_event"), self.say("without_event"))
        return charts.spread_chart(spread, marks, axis, self.say("spread_said"), words)

    @property
    def calibration_plot(self) -> Markup | None:
        """The calibration plot."""
        plot = self.document.calibration
        if plot is None or not plot.bins:
            return None
        first, last = plot.bins[0], plot.bins[-1]
        said = self.say(
            "calibration_said",
            low_predicted=number("mean_risk", first.predicted),
            low_observed=self.written(first.observed),
            high_predicted=number("mean_risk", last.predicted),
            high_observed=self.written(last.observed),
        )
        return charts.calibration_chart(plot, said, (self.say("predicted"), self.say("observed")))

    @property
    def calibration_data(self) -> Table:
        """What the plot shows."""
        bins = () if self.document.calibration is None else self.document.calibration.bins
        return Table(
            (self.say("predicted"), self.say("people"), self.say("observed")),
            tuple(
                Row(
                    number("mean_risk", one.predicted),
                    (thousands(one.people), self.written(one.observed)),
                )
                for one in bins
            ),
        )

    @property
    def cuts(self) -> Table:
        """Figures at every cut, a column a cut so that intervals have room."""
        cuts = self.document.cuts
        names = [name for name in _CUT if any(find(cut.figures, name) for cut in cuts)]
        rows = tuple(
            Row(self.label(name), tuple(self.written(find(cut.figures, name)) for cut in cuts))
            for name in names
        )
        heads = (self.say("column_figure"), *(self._cut_head(cut) for cut in cuts))
        return Table(heads, rows if cuts else ())

    def _cut_head(self, cut: Cut) -> str:
        return cut.label[self.lang]

    @property
    def operating(self) -> Cut | None:
        """The cut at which groups are compared."""
        wanted = self.document.operating_cut
        return next((one for one in self.document.cuts if one.id == wanted), None)

    # --- decision curve ------------------------------------------------------------------------

    @property
    def curve(self) -> Markup | None:
        """The decision curve."""
        curve = self.document.decision_curve
        if curve is None or len(curve.thresholds) < 2:
            return None
        low, high = curve.thresholds[0], curve.thresholds[-1]
        said = self.say("curve_said", low=f"{low:.1%}", high=f"{high:.1%}")
        marks = [one for one in self._marks(risks=True) if low <= one.at <= high]
        words = (self.say("threshold"), self.say("net_benefit"))
        return charts.decision_chart(curve, marks, said, words)

    @property
    def curve_legend(self) -> list[tuple[Markup, str, str]]:
        """Line, name and note of every strategy."""
        curve = self.document.decision_curve
        if curve is None:
            return []
        return [
            (
                charts.line_sample(one.id),
                one.label[self.lang],
                "" if one.note is None else one.note[self.lang],
            )
            for one in curve.strategies
        ]

    @property
    def curve_words(self) -> str:
        """Where the model is better than flagging everybody or nobody, the longest stretch."""
        curve = self.document.decision_curve
        if curve is None:
            return ""
        lines = {one.id: one.net_benefit for one in curve.strategies}
        if "model" not in lines or "all" not in lines:
            return ""
        better = [
            model > max(every, 0.0) + 1e-12
            for model, every in zip(lines["model"], lines["all"], strict=True)
        ]
        stretch = _longest(better)
        if stretch is None:
            return self.say("curve_words_never")
        first, last = (curve.thresholds[at] for at in stretch)
        return self.say("curve_words_best", low=f"{first:.1%}", high=f"{last:.1%}")

    # --- stability -----------------------------------------------------------------------------

    @property
    def stability_words(self) -> str:
        """Stability in a sentence."""
        found = self.document.stability
        if found is None:
            return self.say("stability_none")
        return self.say(
            "stability_how",
            mean=f"{found.mean:.0%}",
            either=f"{found.either:.0%}",
            bound=f"{found.bound:.0%}",
            model=f"{found.model_share:.0%}",
        )

    @property
    def stability(self) -> Table:
        """Stability by tier."""
        found = self.document.stability
        keys = ("column_tier", "people", "column_same", "column_either")
        return Table(
            tuple(self.say(key) for key in keys),
            ()
            if found is None
            else tuple(
                Row(
                    self.say(f"tier_{one.tier}"),
                    (thousands(one.people), f"{one.mean:.0%}", f"{one.either:.0%}"),
                )
                for one in found.tiers
            ),
        )

    # --- groups --------------------------------------------------------------------------------

    @property
    def groups(self) -> list[GroupSection]:
        """Groups among everybody."""
        return [self._groups(one) for one in self.document.groups if one.within is None]

    @property
    def strata(self) -> list[GroupSection]:
        """Groups within strata."""
        return [self._groups(one) for one in self.document.groups if one.within is not None]

    @property
    def multiplicity(self) -> str:
        """How many differences were looked at."""
        found = self.document.multiplicity
        if found is None:
            return ""
        return self.say(
            "multiplicity",
            looked_at=found.looked_at,
            by_chance=f"{found.by_chance:.1f}",
            outside=found.outside,
            stand_out=found.stand_out,
        )

    def _of_cell(self, cell: GroupCell, name: FigureName) -> Figure | None:
        """A figure of a group: overall, or at the operating cut."""
        found = find(cell.figures, name)
        if found is not None or self.document.operating_cut is None:
            return found
        at = next((one for one in cell.at if one.cut == self.document.operating_cut), None)
        return None if at is None else find(at.figures, name)

    def _groups(self, group: Groups) -> GroupSection:
        say, lang = self.say, self.lang
        title = group.label[lang]
        if group.within_label is not None:
            title = say("within", item=title, stratum=group.within_label[lang])
        names = [
            name
            for name in (*_OVERALL_OF_GROUP, *_CUT_OF_GROUP)
            if any(self._of_cell(cell, name) for cell in group.cells)
        ]
        rows = tuple(self._group_row(group, cell, names) for cell in group.cells)
        heads = (say("column_group"), say("people"), say("events"), *map(self.label, names))
        reference = next(
            (one.label[lang] for one in group.cells if one.group == group.reference), ""
        )
        gaps = tuple(
            Row(
                cell.label[lang],
                (
                    self.label(gap.name),
                    self.written(gap),
                    say("yes" if gap.stands_out else "no"),
                ),
            )
            for cell in group.cells
            for gap in self._gaps(cell)
        )
        keys = ("column_group", "column_figure", "column_gap", "column_stands_out")
        return GroupSection(
            title=title,
            chart=self._forest(group),
            table=Table(heads, rows),
            gaps_title=say("gaps", reference=reference),
            gaps=Table(tuple(say(key, level=self.level) for key in keys), gaps),
            trade_off="" if group.trade_off is None else group.trade_off[lang],
        )

    def _group_row(self, group: Groups, cell: GroupCell, names: Sequence[FigureName]) -> Row:
        label = cell.label[self.lang]
        if cell.suppressed:
            return Row(label, (self.say("hidden"),), hidden=True)
        note = self.say("reference") if cell.group == group.reference else ""
        cells = (
            thousands(cell.people or 0),
            thousands(cell.events or 0),
            *(self.written(self._of_cell(cell, name)) for name in names),
        )
        return Row(label, cells, note)

    def _gaps(self, cell: GroupCell) -> Iterator[Difference]:
        yield from cell.gaps
        for at in cell.at:
            if at.cut == self.document.operating_cut:
                yield from at.gaps

    @cached_property
    def _panels(self) -> list[tuple[FigureName, charts.Panel]]:
        """Scales of the forest plots, common to the page."""
        cells = [c for g in self.document.groups for c in g.cells if not c.suppressed]
        found: list[tuple[FigureName, charts.Panel]] = []
        for name in _PANELS:
            figures = [f for cell in cells if (f := self._of_cell(cell, name)) is not None]
            ends = [
                end
                for f in figures
                if f.value is not None
                for end in (f.value, f.low, f.high)
                if end is not None
            ]
            if not ends:
                continue
            everybody = find(self.document.figures, name)
            if everybody is None and self.operating is not None:
                everybody = find(self.operating.figures, name)
            value = None if everybody is None else everybody.value
            ends = sorted(ends)
            # one wild interval must not press all others into a corner
            low, high = ends[len(ends) // 50], ends[-1 - len(ends) // 50]
            if value is not None:
                low, high = min(low, value), max(high, value)
            spare = 0.06 * (high - low) or 0.05
            low, high = low - spare, high + spare
            if name in SHARES:
                low, high = max(0.0, low), min(1.0, high)
            words = self.say(f"panel_{name}")
            panel = charts.Panel(words, low, high, value, name in SHARES)
            found.append((name, panel))
        return found

    def _forest(self, group: Groups) -> Markup | None:
        if not self._panels:
            return None
        rows = []
        for cell in group.cells:
            label = cell.label[self.lang]
            if cell.suppressed:
                rows.append(charts.ForestRow(label, (), self.say("hidden")))
                continue
            cells = tuple(_ends(self._of_cell(cell, name)) for name, _ in self._panels)
            rows.append(charts.ForestRow(label, cells))
        said = self.say("forest_said", item=group.label[self.lang])
        return charts.forest_chart(rows, [panel for _, panel in self._panels], said)

    # --- surveillance --------------------------------------------------------------------------

    @property
    def exposure(self) -> Table:
        """Contacts and events by tier and contacts."""
        say, lang = self.say, self.lang
        found = self.document.surveillance
        names: tuple[FigureName, ...] = ("event_share", "contacts", "events_per_100_contacts")
        rows: list[Row] = []
        for tier in found.tiers:
            label = tier.label[lang]
            if tier.suppressed:
                rows.append(Row(label, (say("hidden"),), hidden=True))
                continue
            rows.append(self._exposure(label, tier.people, tier.events, tier.figures, names))
            for band in tier.bands:
                name = f"{label} · {self._band(band.low, band.high)}"
                if band.suppressed:
                    rows.append(Row(name, (say("hidden"),), hidden=True))
                else:
                    rows.append(
                        self._exposure(name, band.people, band.events, band.figures, names)
                    )
        heads = (say("column_tier"), say("people"), say("events"), *map(self.label, names))
        return Table(heads, tuple(rows))

    def _exposure(
        self,
        label: str,
        people: int | None,
        events: int | None,
        figures: Sequence[Figure],
        names: Sequence[FigureName],
    ) -> Row:
        cells = (thousands(people or 0), thousands(events or 0))
        return Row(label, cells + tuple(self.written(find(figures, name)) for name in names))

    def _band(self, low: float | None, high: float | None) -> str:
        say = self.say
        if low is None and high is None:
            return say("column_contacts")
        if low is None:
            words = say("contact_below", high=f"{high:.3g}")
        elif high is None:
            words = say("contact_above", low=f"{low:.3g}")
        else:
            words = say("contact_band", low=f"{low:.3g}", high=f"{high:.3g}")
        return say("colon", name=say("column_contacts"), value=words)

    # --- comparisons ---------------------------------------------------------------------------

    @property
    def comparisons(self) -> list[ComparisonSection]:
        """Other scores on the same people."""
        return [self._comparison(one) for one in self.document.comparisons]

    def _comparison(self, one: Comparison) -> ComparisonSection:
        say, lang = self.say, self.lang
        rows = [
            Row(
                self.label(gap.name),
                (
                    self.written(find(one.first, gap.name)),
                    self.written(find(one.second, gap.name)),
                    self.written(gap),
                ),
            )
            for gap in one.differences
        ]
        rows += [
            Row(
                say("net_benefit_at", threshold=f"{gap.threshold:.1%}"),
                ("", "", self.written(gap.difference)),
            )
            for gap in one.net_benefit
        ]
        group_rows = []
        for group in one.groups:
            label = group.label[lang]
            if group.suppressed:
                group_rows.append(Row(label, (say("hidden"),), hidden=True))
                continue
            group_rows += [
                Row(label, (thousands(group.people or 0), self.label(gap.name), self.written(gap)))
                for gap in group.differences
            ]
        heads = ("column_figure", "column_first", "column_second", "column_difference")
        of_groups = ("column_group", "people", "column_figure", "column_difference")
        return ComparisonSection(
            title=say("comparison_title", name=one.label[lang]),
            how=say("comparison_how", people=thousands(one.people)),
            note="" if one.note is None else one.note[lang],
            table=Table(tuple(say(key) for key in heads), tuple(rows)),
            groups=Table(tuple(say(key) for key in of_groups), tuple(group_rows)),
        )

    # --- method --------------------------------------------------------------------------------

    @property
    def method(self) -> list[str]:
        """How figures were obtained, and what they do not say."""
        say, m = self.say, self.document.method
        return [
            say("method_draws", draws=thousands(m.draws), seed=m.seed, level=self.level),
            say("method_few", fewest=m.fewest_events, smallest=m.smallest),
            say("method_elsewhere"),
        ]

    @property
    def provenance(self) -> list[tuple[str, str]]:
        """Hashes and versions."""
        document = self.document
        versions = ", ".join(f"{k} {v}" for k, v in sorted(document.method.versions.items()))
        return [
            (self.say("method_smoother"), document.method.smoother[self.lang]),
            (self.say("model_hash"), document.model.sha256),
            (self.say("data_hash"), document.cohort.sha256),
            (self.say("method_versions"), versions),
        ]


def _ends(figure: Figure | None) -> tuple[float, float, float] | None:
    if figure is None or figure.value is None:
        return None
    low = figure.value if figure.low is None else figure.low
    high = figure.value if figure.high is None else figure.high
    return figure.value, low, high


def _longest(found: Sequence[bool]) -> tuple[int, int] | None:
    """First and last place of the longest stretch of true values."""
    best: tuple[int, int] | None = None
    start = 0
    for at in range(len(found) + 1):
        if at < len(found) and found[at]:
            continue
        if at > start and (best is None or at - start > best[1] - best[0] + 1):
            best = (start, at - 1)
        start = at + 1
    return best
