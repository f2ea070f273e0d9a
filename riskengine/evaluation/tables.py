"""An evaluation as data frames, CSV tables and the file of group figures for a model's page."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from riskengine.batch.writing import write_rows
from riskengine.evaluation.document import Difference, Evaluation, Figure
from riskengine.evaluation.words import figure_label, text, why_not
from riskengine.reports.models.performance import GroupFigures, Performance
from riskengine.scorecard.document import Metric
from riskengine.text import Text

if TYPE_CHECKING:
    import pandas as pd

Row = dict[str, Any]


def overall_rows(found: Evaluation) -> list[Row]:
    """A row a figure of everybody; then those at every cut."""
    rows = [{"cut": "", "score": None, **_figure(one)} for one in found.figures]
    for cut in found.cuts:
        rows += [{"cut": cut.id, "score": cut.score, **_figure(one)} for one in cut.figures]
    return rows


def group_rows(found: Evaluation) -> list[Row]:
    """A row a group and figure, with its gap to the reference group where one was taken."""
    rows: list[Row] = []
    for table in found.groups:
        for cell in table.cells:
            head: Row = {
                "within": "" if table.within is None else "=".join(table.within),
                "item": table.item,
                "group": cell.group,
                "label_zh": cell.label.zh,
                "label_en": cell.label.en,
                "people": cell.people,
                "events": cell.events,
                "suppressed": cell.suppressed,
                "reference": table.reference or "",
            }
            parts = [("", cell.figures, cell.gaps)]
            parts += [(one.cut, one.figures, one.gaps) for one in cell.at]
            for cut, figures, gaps in parts:
                by_name = {gap.name: gap for gap in gaps}
                for one in figures:
                    rows.append(
                        {**head, "cut": cut, **_figure(one), **_gap(by_name.get(one.name))}
                    )
            if cell.suppressed:
                rows.append({**head, "cut": "", **_empty(), **_gap(None)})
    return rows


def calibration_rows(found: Evaluation) -> list[Row]:
    """Bins, then points of the smooth curve; none for a relative scale."""
    plot = found.calibration
    if plot is None:
        return []
    rows: list[Row] = [
        {
            "kind": "bin",
            "predicted": one.predicted,
            "observed": one.observed.value,
            "low": one.observed.low,
            "high": one.observed.high,
            "people": one.people,
            "weight": one.weight,
        }
        for one in plot.bins
    ]
    rows += [
        {
            "kind": "curve",
            "predicted": one.predicted,
            "observed": one.observed,
            "low": one.low,
            "high": one.high,
            "people": None,
            "weight": None,
        }
        for one in plot.curve
    ]
    return rows


def decision_curve_rows(found: Evaluation) -> list[Row]:
    """A row a strategy and threshold; none for a relative scale."""
    curve = found.decision_curve
    if curve is None:
        return []
    return [
        {
            "strategy": one.id,
            "label_zh": one.label.zh,
            "label_en": one.label.en,
            "threshold": threshold,
            "net_benefit": one.net_benefit[at],
            "low": one.low[at] if one.low else None,
            "high": one.high[at] if one.high else None,
        }
        for one in curve.strategies
        for at, threshold in enumerate(curve.thresholds)
    ]


def comparison_rows(found: Evaluation) -> list[Row]:
    """A row a comparison, group and figure; the item is empty for everybody."""
    rows: list[Row] = []
    for one in found.comparisons:
        head: Row = {"against": one.name, "item": "", "group": "", "people": one.people}
        parts: list[tuple[Row, Any]] = [({**head, "events": one.events}, one)]
        parts += [
            (
                {
                    "against": one.name,
                    "item": group.item,
                    "group": group.group,
                    "people": group.people,
                    "events": group.events,
                },
                group,
            )
            for group in one.groups
        ]
        for lead, part in parts:
            pairs = zip(part.first, part.second, part.differences, strict=True)
            for first, second, apart in pairs:
                rows.append(
                    {
                        **lead,
                        "figure": apart.name,
                        "threshold": None,
                        "first": first.value,
                        "second": second.value,
                        **_difference(apart),
                    }
                )
            for benefit in part.net_benefit:
                rows.append(
                    {
                        **lead,
                        "figure": "net_benefit",
                        "threshold": benefit.threshold,
                        "first": None,
                        "second": None,
                        **_difference(benefit.difference),
                    }
                )
    return rows


def contact_rows(found: Evaluation) -> list[Row]:
    """A row a tier, and a row a third of its people by contact."""
    rows: list[Row] = []
    for tier in found.surveillance.tiers:
        values = {one.name: one.value for one in tier.figures}
        rows.append(
            {
                "tier": tier.tier,
                "contacts_low": None,
                "contacts_high": None,
                "people": tier.people,
                "events": tier.events,
                "event_share": values.get("event_share"),
                "contacts": values.get("contacts"),
                "events_per_100_contacts": values.get("events_per_100_contacts"),
                "auc": values.get("auc"),
                "trend": None if tier.trend is None else tier.trend.value,
            }
        )
        for band in tier.bands:
            inside = {one.name: one.value for one in band.figures}
            rows.append(
                {
                    "tier": tier.tier,
                    "contacts_low": band.low,
                    "contacts_high": band.high,
                    "people": band.people,
                    "events": band.events,
                    "event_share": inside.get("event_share"),
                    "contacts": inside.get("contacts"),
                    "events_per_100_contacts": None,
                    "auc": None,
                    "trend": None,
                }
            )
    return rows


TABLES = {
    "figures": overall_rows,
    "groups": group_rows,
    "calibration": calibration_rows,
    "decision_curve": decision_curve_rows,
    "comparisons": comparison_rows,
    "contacts": contact_rows,
}
"""Tables by name; each becomes ``NAME.csv``, where there is anything in it."""


def frame(found: Evaluation, table: str) -> pd.DataFrame:
    """One of `TABLES` as a data frame.

    Examples
    --------
    >>> frame(evaluation, "groups")  # doctest: +SKIP
    """
    import pandas as pd

    return pd.DataFrame(TABLES[table](found))


def write_tables(found: Evaluation, folder: Path) -> list[Path]:
    """Write every table that has rows as CSV, with cells that no spreadsheet runs."""
    written = []
    for name, rows_of in TABLES.items():
        rows = rows_of(found)
        if rows:
            path = folder / f"{name}.csv"
            write_rows(path, list(rows[0]), rows)
            written.append(path)
    return written


def performance_of(found: Evaluation) -> Performance | None:
    """Group figures for the page of the model, format ``riskengine/performance/1``.

    Groups that are hidden here hold neither people nor figures there either. Nothing where there
    are no groups by an item.
    """
    kind = f"kind_{found.kind}"
    method = text("performance_method", kind=text(kind), draws=found.method.draws)
    cut = found.operating_cut
    groups = []
    for table in found.groups:
        if table.within is not None or table.column:
            continue
        for cell in table.cells:
            figures: list[Figure] = list(cell.figures)
            for one in cell.at:
                figures += one.figures if one.cut == cut else ()
            groups.append(
                GroupFigures(
                    item=table.item,
                    group=cell.label,
                    people=cell.people or 0,
                    events=cell.events,
                    figures=tuple(_metrics(figures, method.en)),
                )
            )
    if not groups:
        return None
    return Performance(
        format="riskengine/performance/1",
        model=f"{found.model.id}@{found.model.version}",
        model_sha256=found.model.sha256,
        population=found.cohort.population,
        method=method,
        groups=tuple(groups),
    )


def _metrics(figures: Iterable[Figure], method: str) -> Iterable[Metric]:
    for one in figures:
        if one.value is not None:
            yield Metric(name=one.name, value=one.value, low=one.low, high=one.high, method=method)


def _figure(one: Figure) -> Row:
    label: Text = figure_label(one.name)
    return {
        "figure": one.name,
        "name_zh": label.zh,
        "name_en": label.en,
        "value": one.value,
        "low": one.low,
        "high": one.high,
        "why_not": "" if one.why_not is None else why_not(one.why_not).en,
    }


def _empty() -> Row:
    return {
        "figure": "",
        "name_zh": "",
        "name_en": "",
        "value": None,
        "low": None,
        "high": None,
        "why_not": "",
    }


def _gap(gap: Difference | None) -> Row:
    return {
        "gap": None if gap is None else gap.value,
        "gap_low": None if gap is None else gap.low,
        "gap_high": None if gap is None else gap.high,
        "gap_stands_out": None if gap is None else gap.stands_out,
    }


def _difference(one: Difference) -> Row:
    return {"difference": one.value, "low": one.low, "high": one.high, "p": one.p}
