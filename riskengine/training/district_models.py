"""A district's scorecard: the province's tables, moved by what the district's outcomes say.

The move is affine in log-odds. In the full form it goes into the intercept, every cell, every
standard error and every row of the uncertainty factor; in the points form the points on paper stay
as they are, and only what a point is worth changes. What is not known about the move itself comes
on top as rows of the factor.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from riskengine.canonical import sha256
from riskengine.errors import TrainingError, shown
from riskengine.instrument.answers import complete, parse_answers
from riskengine.instrument.conditions import NOT_KNOWN, Scalar
from riskengine.instrument.items import Item
from riskengine.instrument.model import Instrument
from riskengine.intake.native import NativeMap, is_blank
from riskengine.scorecard.compiled import Scorecard
from riskengine.scorecard.document import (
    FACTOR_BITS,
    LOG_ODDS_BITS,
    Calibration,
    Golden,
    LogOdds,
    Metric,
    ScorecardDocument,
    TableTerm,
    Term,
    Uncertainty,
)
from riskengine.scorecard.load import compile_scorecard, parse_scorecard
from riskengine.text import Text
from riskengine.training.card import CARDS, card
from riskengine.training.cohort import Cohort
from riskengine.training.cohort_files import open_table
from riskengine.training.district_words import pool_name, pool_report, shift_note, standing_section
from riskengine.training.districts import Pool, Scales, Standing, pool, standings
from riskengine.training.shift import Line
from riskengine.training.tables import Floats
from riskengine.training.writing import model_bytes, write_folder

if TYPE_CHECKING:
    import pandas as pd

PROVINCE = "province"
"""Folder of the province's own model; no district may be called so."""
REPORTS = {"en": "districts.en.md", "zh": "districts.zh.md"}
_ERROR_DECIMALS = 6
_LONGEST_ID = 64


# --- Who belongs where --------------------------------------------------------------------------


@dataclass(frozen=True)
class Membership:
    """Everybody's district.

    Attributes
    ----------
    names
        A district for every person, ``None`` where there is none.
    labels
        Every district's name as people read it.
    """

    names: tuple[str | None, ...]
    labels: Mapping[str, Text]


def membership(
    frame: pd.DataFrame,
    rows: Sequence[int],
    instrument: Instrument,
    by: str,
    *,
    leave_out: Sequence[str] = (),
) -> Membership:
    """Read everybody's district from a column of a file or from an item of the instrument.

    An item is read through the instrument's crosswalk, so that two wordings of a district are one.
    It groups people and predicts nothing: an item that looks ahead is welcome here.

    Parameters
    ----------
    frame
        The cohort's table.
    rows
        For every person, the row of the table, from 0.
    by
        A column, or the id of an item.
    leave_out
        Names that are no district, such as people without supervision.

    Raises
    ------
    TrainingError
        Where there is no such column, or a cell is not an answer to the item.
    """
    header = [str(column) for column in frame.columns]
    native = NativeMap(instrument)
    item = instrument.by_id.get(by)
    column = native.columns(header).items.get(by) if item is not None else by
    if column not in header:
        raise TrainingError(
            f"no column or item {shown(by)} to tell districts apart; "
            f"the file has {', '.join(header)}"
        )
    names: list[str | None] = []
    for row in rows:
        cell = frame[column].iloc[row]
        value = native.value(item.id, cell) if item is not None else cell
        if is_blank(value) or value in NOT_KNOWN or value in leave_out:
            names.append(None)
        elif item is not None and item.levels and value not in item.level_ids:
            raise TrainingError(
                f"row {row + 1}: item [{by}] has no answer {shown(value)}; "
                f"it has {', '.join(item.level_ids)}"
            )
        else:
            names.append(str(value).strip())
    return Membership(
        names=tuple(names),
        labels={name: _label(item, name) for name in sorted({n for n in names if n is not None})},
    )


def _label(item: Item | None, name: str) -> Text:
    if item is not None and item.levels:
        return item.level(name).label
    return Text(zh=name, en=name)


# --- One district -------------------------------------------------------------------------------


def recalibrated(document: ScorecardDocument, line: Line) -> ScorecardDocument:
    """Give a scorecard whose log-odds are a line of the old ones; goldens are not yet recomputed.

    Raises
    ------
    TrainingError
        Where the line falls.
    """
    sigmoid = line.sigmoid()
    unit, offset = document.log_odds.unit, document.log_odds.offset
    extra = line.factor()
    extra = extra[np.abs(extra).any(axis=1)]
    if not document.uncertainty.rank:
        # the shift is a part of what is not known; a part must not pass for the whole
        extra = extra[:0]
    whole = 2.0**LOG_ODDS_BITS

    def worth(cells: Sequence[int]) -> Floats:
        return np.array(cells, dtype=np.float64) * unit / whole

    at_zero = (offset + unit * document.intercept) / whole
    old = np.array(document.uncertainty.intercept_factor or (0,) * document.uncertainty.rank)
    new = extra[:, 0] + extra[:, 1] * (at_zero - line.centre)
    intercept_factor = np.concatenate([np.rint(line.slope * old), np.rint(new * 2.0**FACTOR_BITS)])
    full = document.form == "full"
    terms = tuple(_term(term, line, extra, worth, scaled=full) for term in document.terms)
    moved = {
        "terms": terms,
        "uncertainty": document.uncertainty.model_copy(
            update={
                "rank": len(intercept_factor),
                "intercept_factor": tuple(int(entry) for entry in intercept_factor),
            }
        ),
    }
    if full:
        affine = _affine(line.slope, sigmoid.intercept)
        moved |= {
            "intercept": affine(document.intercept),
            "reference": document.reference.model_copy(
                update={"score_quantiles": tuple(map(affine, document.reference.score_quantiles))}
            ),
        }
    else:
        moved["log_odds"] = LogOdds(
            unit=round(line.slope * unit), offset=_affine(line.slope, sigmoid.intercept)(offset)
        )
    return document.model_copy(update=moved)


def _affine(slope: float, intercept: float) -> Callable[[int], int]:
    return lambda units: int(np.rint(slope * units + intercept * 2.0**LOG_ODDS_BITS))


def _term(
    term: Term,
    line: Line,
    extra: Floats,
    worth: Callable[[Sequence[int]], Floats],
    *,
    scaled: bool,
) -> Term:
    """Scale one term and give it its part in the uncertainty of the slope."""
    if not isinstance(term, TableTerm):
        if not scaled:
            return term
        update: dict[str, object] = {"slope": int(np.rint(line.slope * term.slope))}
        if term.standard_error is not None:
            update["standard_error"] = round(line.slope * term.standard_error, _ERROR_DECIMALS)
        return term.model_copy(update=update)
    cells = worth(term.cells)
    update = {}
    if scaled:
        update["cells"] = tuple(int(c) for c in np.rint(line.slope * np.array(term.cells)))
    if term.standard_errors:
        slopes = float((extra[:, 1] ** 2).sum())
        errors = np.sqrt((line.slope * np.array(term.standard_errors)) ** 2 + slopes * cells**2)
        update["standard_errors"] = tuple(round(float(e), _ERROR_DECIMALS) for e in errors)
    old = [np.rint(line.slope * np.array(row)) for row in term.factor]
    new = [np.rint(row[1] * cells * 2.0**FACTOR_BITS) for row in extra]
    if old or new:
        update["factor"] = tuple(tuple(int(entry) for entry in row) for row in [*old, *new])
    return term.model_copy(update=update)


def district_document(
    province: ScorecardDocument,
    instrument: Instrument,
    found: Pool,
    standing: Standing,
    *,
    label: Text | None = None,
) -> ScorecardDocument:
    """Write a district's scorecard and check it as if it had been read from a file.

    Parameters
    ----------
    province
        The scorecard whose people's scores were pooled.
    found, standing
        The pool, and how this district stands in it.
    label
        The district's name as people read it.

    Raises
    ------
    ScorecardError, TrainingError
        Where the line falls or the audit finds anything.
    """
    one = standing.district
    label = label or Text(zh=one.name, en=one.name)
    document = recalibrated(province, one.line)
    whole = pool_name(province, found)
    calibrated = standing.scale == "calibrated"
    here = standing.validation == "calibrated_here"
    calibration = None
    if calibrated:
        old = province.calibration
        sigmoid = one.line.sigmoid()
        calibration = Calibration(
            population=label if here else whole,
            events=one.events if here else found.events,
            people=one.people if here else found.people,
            slope=round(sigmoid.slope * (old.slope if old else 1.0), 9),
            intercept=round(
                sigmoid.intercept + sigmoid.slope * (old.intercept if old else 0.0), 9
            ),
            method=(
                (f"{old.method}; then " if old else "")
                + "the district's line in a hierarchical model of its pool, "
                "folded into the log-odds"
            ),
        )
    document = document.model_copy(
        update={
            "id": _id(province, one.name),
            "title": Text(
                zh=f"{province.title.zh}（{label.zh}）", en=f"{province.title.en} ({label.en})"
            ),
            "scale": standing.scale,
            "validation": standing.validation,
            "calibration": calibration,
            "uncertainty": _noted(document.uncertainty, one.error),
            "training": document.training.model_copy(
                update={"options": {**province.training.options, **_options(found, standing)}}
            ),
            "evaluation": (*province.evaluation, *_figures(standing)),
        }
    )
    document = document.model_copy(update={"golden": recomputed_goldens(document, instrument)})
    checked = parse_scorecard(model_bytes(document), source=f"{document.id}/model.json")
    compile_scorecard(checked, instrument)
    return checked


def _noted(uncertainty: Uncertainty, error: float) -> Uncertainty:
    if not uncertainty.rank:
        return uncertainty
    more = shift_note(error)
    note = Text(zh=uncertainty.note.zh + more.zh, en=f"{uncertainty.note.en} {more.en}")
    return uncertainty.model_copy(update={"note": note})


def _options(found: Pool, standing: Standing) -> dict[str, Scalar | tuple[Scalar, ...]]:
    one, scales = standing.district, found.scales
    return {
        "district": one.name,
        "district_people": one.people,
        "district_events": one.events,
        "district_shift": round(one.shift, 6),
        "district_shift_error": round(one.error, 6),
        "district_level": round(one.line.level, 6),
        "district_slope": round(one.line.slope, 6),
        "district_own_slope": one.own_slope,
        "district_borrowed": round(one.borrowed, 6),
        "pool_people": found.people,
        "pool_events": found.events,
        "pool_districts": len(found.districts),
        "pool_apart": round(found.apart, 6),
        "prior_of_apart": scales.districts,
        "prior_of_slopes_apart": scales.slopes,
        "prior_of_slope": scales.slope,
        "prior_of_level": scales.level,
    }


def _figures(standing: Standing) -> tuple[Metric, ...]:
    figures = (
        ("district_observed_over_expected_before", standing.before, "by the province's score"),
        (
            "district_observed_over_expected",
            standing.after,
            "by the district's line, learned on the other folds' people",
        ),
    )
    return tuple(
        Metric(name=name, value=round(value, 6), method=f"the district's own people, {how}")
        for name, value, how in figures
        if value is not None
    )


def recomputed_goldens(document: ScorecardDocument, instrument: Instrument) -> tuple[Golden, ...]:
    """Recompute the golden assessments for moved tables."""
    scorecard = Scorecard(document=document, instrument=instrument)
    people = [
        complete(instrument, parse_answers(instrument, golden.answers)[0])
        for golden in document.golden
    ]
    scores = scorecard.scores(scorecard.term_parts(scorecard.encode(people)))
    risks: list[str | None] = [None] * len(people)
    if document.scale == "calibrated":
        risks = [f"{risk:.9f}" for risk in scorecard.probabilities(scores)]
    return tuple(
        Golden(answers=golden.answers, score=int(score), probability=risk)
        for golden, score, risk in zip(document.golden, scores, risks, strict=True)
    )


def _id(province: ScorecardDocument, name: str) -> str:
    end = slug(name)
    return f"{province.id[: _LONGEST_ID - 1 - len(end)]}_{end}"


def slug(name: str) -> str:
    """Give an id for a district's name, which may be in any script; stable for equal names."""
    plain = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    if plain and name.isascii():
        return plain[:32]
    return f"d{sha256(name.encode('utf-8'))[:10]}"


# --- All of them --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Districts:
    """A province's districts, learned and written down.

    Attributes
    ----------
    standings, documents
        By district, in the order of the pool.
    left_out
        How many people had no district.
    """

    pool: Pool
    standings: tuple[Standing, ...]
    documents: Mapping[str, ScorecardDocument]
    labels: Mapping[str, Text]
    left_out: int


def learn_districts(
    province: ScorecardDocument,
    instrument: Instrument,
    score: Floats,
    outcome: NDArray[np.int64],
    members: Membership,
    *,
    weight: Floats | None = None,
    scales: Scales | None = None,
    seed: int = 0,
) -> Districts:
    """Learn the districts of a province and write their scorecards; nothing is put on a disk.

    Parameters
    ----------
    province
        The province's scorecard.
    score
        Shape (people,): log-odds on its scale by models that had not seen the person, or by the
        scorecard itself where it comes from elsewhere or from evidence.
    weight
        How often everybody counts, such as a weight for censoring.

    Raises
    ------
    TrainingError
        Where nobody has a district, or two districts would share a folder or an id.
    """
    inside = np.array([name is not None for name in members.names], dtype=np.bool_)
    names = [name for name in members.names if name is not None]
    if not names:
        raise TrainingError("nobody has a district; there is nothing to pool")
    _distinct(names)
    there = None if weight is None else weight[inside]
    found = pool(score[inside], outcome[inside], names, weight=there, scales=scales)
    rows = standings(found, score[inside], outcome[inside], names, weight=there, seed=seed)
    documents = {
        row.district.name: district_document(
            province, instrument, found, row, label=members.labels.get(row.district.name)
        )
        for row in rows
    }
    return Districts(found, rows, documents, members.labels, left_out=int((~inside).sum()))


def by_district(
    province: ScorecardDocument,
    instrument: Instrument,
    cohort: Cohort,
    score: Floats,
    source: Path | str | pd.DataFrame,
    by: str,
    *,
    leave_out: Sequence[str] = (),
    scales: Scales | None = None,
    seed: int = 0,
) -> Districts:
    """Learn the districts of a cohort that was read from a file.

    People who stand for others that were lost sight of count by the cohort's weights, which sum
    to the effective sample size.

    Parameters
    ----------
    cohort
        The people, read from ``source``.
    score
        Shape (people,): see `learn_districts`.
    by
        A column of the file, or the id of an item.
    leave_out
        Names that are no district.

    Raises
    ------
    TrainingError
        Where districts cannot be told apart, or the cohort does not know its rows.
    """
    if cohort.at is None:
        raise TrainingError(f"{cohort.source}: it is not known which row each person comes from")
    frame, _, _ = open_table(source)
    members = membership(frame, (cohort.at - 1).tolist(), instrument, by, leave_out=leave_out)
    weight = None if cohort.censoring_weight is None else cohort.counts
    return learn_districts(
        province,
        instrument,
        score,
        cohort.outcome,
        members,
        weight=weight,
        scales=scales,
        seed=seed,
    )


def _distinct(names: Sequence[str]) -> None:
    """Refuse names that would share a folder, or that are no name for one."""
    taken: dict[str, str] = {PROVINCE: PROVINCE}
    ids: dict[str, str] = {}
    for name in sorted(set(names)):
        folder_of(name)
        for key, table in ((name.casefold(), taken), (slug(name), ids)):
            if key in table:
                raise TrainingError(
                    f"districts {shown(name)} and {shown(table[key])} would share a folder or an "
                    f"id; names must differ in more than case and marks, and none is [{PROVINCE}]"
                )
            table[key] = name


def folder_of(name: str) -> str:
    """Give the folder of a district: its own name, in any script.

    Raises
    ------
    TrainingError
        For a name with anything but letters, digits, blanks, hyphens and underscores.
    """
    if not re.fullmatch(r"\w[\w -]{0,62}", name) or name != name.strip():
        raise TrainingError(
            f"district {shown(name)} cannot name a folder; accepted are up to 63 letters, digits, "
            f"blanks, hyphens and underscores"
        )
    return name


def write_districts(
    out: Path,
    districts: Districts,
    *,
    by: str = "riskengine train",
    now: datetime | None = None,
    environment: Mapping[str, str] | None = None,
) -> list[Path]:
    """Write a folder for every district, and the report on all of them last.

    Returns
    -------
    list of Path
        The folders, in the order of the pool.
    """
    started = time.monotonic()
    folders = []
    for row in districts.standings:
        name = row.district.name
        document = districts.documents[name]
        folder = out / folder_of(name)
        write_folder(
            folder,
            document,
            {
                file: card(document, lang)
                + "\n"
                + standing_section(row, districts.labels.get(name), lang)
                for lang, file in CARDS.items()
            },
            by=by,
            now=now or datetime.now(UTC),
            run_seconds=time.monotonic() - started,
            environment=environment,
        )
        folders.append(folder)
    for lang, file in REPORTS.items():
        text = pool_report(
            districts.pool,
            districts.standings,
            districts.labels,
            districts.left_out,
            "zh" if lang == "zh" else "en",
        )
        (out / file).write_text(text, encoding="utf-8", newline="\n")
    return folders
