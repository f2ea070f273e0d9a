"""What was on record of a person on a day, over time that can be compared.

Two rules hold everywhere here. What was recorded after the day does not exist, whenever it
happened. And a count is only given over a window that the person was wholly under observation
for; where it was not, the answer is not known, or it is a rate over the time that was. A count
over whatever follow-up there happens to be carries the outcome in it: an event ends follow-up.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from riskengine.errors import TrainingError, shown
from riskengine.instrument.derived import months_between
from riskengine.instrument.items import DerivedItem, Item
from riskengine.instrument.model import Instrument
from riskengine.instrument.outcomes import Outcome
from riskengine.text import Text

if TYPE_CHECKING:
    import pandas as pd

WINDOW_DAYS = 180
"""Window of the counts."""
RATE_DAYS = 60
"""Shortest time under observation over which a rate says anything."""
YEAR_DAYS = 365.25
UNKNOWN = "unknown"

_MOST_MONTHS = 600


class DatedRecords(Protocol):
    """What an office has on file, dated. A made-up province is one.

    Attributes
    ----------
    instrument
        Of the answers.
    people
        A row a person at intake: ``person``, ``assessed_on`` (observation begins), and answers by
        item id.
    events
        ``person``, ``kind`` (an outcome's id, or the kind of an end), ``detail``, ``date``,
        ``recorded_on``, ``is_end`` and, of an end, ``left_on``: when the person left the
        community (custody comes weeks before the ruling).
    followed_until
        Last day to which each person could be followed, in the order of ``people``.
    """

    @property
    def instrument(self) -> Instrument:
        """The instrument."""
        ...

    @property
    def people(self) -> pd.DataFrame:
        """People at intake."""
        ...

    @property
    def events(self) -> pd.DataFrame:
        """Events on record."""
        ...

    @property
    def followed_until(self) -> pd.Series[Any]:
        """Last days."""
        ...


# --- Outcomes -----------------------------------------------------------------------------------


def parts_of(instrument: Instrument, outcome: Outcome) -> set[str]:
    """Ids of the outcomes whose events count: its components, or itself."""
    return set(outcome.components) or {outcome.id}


def counted(events: pd.DataFrame, instrument: Instrument, outcome: Outcome) -> pd.Series[bool]:
    """Which events count as the outcome: of its parts, and no reason listed as no failure."""
    parts = parts_of(instrument, outcome)
    excused = set(outcome.not_failures)
    for part in parts:
        excused |= set(instrument.outcomes_by_id[part].not_failures)
    return events["kind"].isin(parts) & ~events["detail"].isin(excused)


# --- Landmarks ----------------------------------------------------------------------------------


def landmarks_at(records: DatedRecords, at_months: Sequence[int]) -> pd.DataFrame:
    """Give everybody's landmark dates, whole calendar months after observation began.

    Returns
    -------
    DataFrame
        ``person``, ``month``, ``on``; all people of a month together.

    Raises
    ------
    TrainingError
        Where a number of months is not above zero, or stands twice.
    """
    import pandas as pd

    if not at_months or min(at_months) < 1 or len(set(at_months)) != len(at_months):
        raise TrainingError(
            f"landmarks at months {shown(list(at_months))}: give different whole numbers, "
            f"each above zero"
        )
    start = records.people["assessed_on"].to_numpy().astype("datetime64[D]")
    return pd.concat(
        [
            pd.DataFrame(
                {
                    "person": records.people["person"].to_numpy(),
                    "month": month,
                    "on": months_later(start, month).astype("datetime64[s]"),
                }
            )
            for month in at_months
        ],
        ignore_index=True,
    )


def months_later(days: NDArray[np.datetime64], months: int) -> NDArray[np.datetime64]:
    """Move days by calendar months; a day that the month lacks falls in the next month."""
    month = days.astype("datetime64[M]")
    later: NDArray[np.datetime64] = (month + months).astype("datetime64[D]") + (
        days - month.astype("datetime64[D]")
    )
    return later


def under_supervision(records: DatedRecords, landmarks: pd.DataFrame) -> NDArray[np.bool_]:
    """Who is in the community under supervision on the landmark day, whatever comes later.

    Whoever left it that day or before is not: ended, dead, moved, or taken into custody with a
    ruling still to come.

    Raises
    ------
    TrainingError
        Where somebody has two ends.
    """
    ends = records.events[records.events["is_end"]]
    twice = ends["person"][ends["person"].duplicated()]
    if len(twice):
        raise TrainingError(
            f"person {shown(twice.iat[0])} has two ends of supervision; give the one that holds"
        )
    on = landmarks["on"].to_numpy()
    left_on = of_everybody(landmarks["person"], ends["person"], ends["left_on"])
    until = of_everybody(landmarks["person"], records.people["person"], records.followed_until)
    found: NDArray[np.bool_] = (np.isnat(left_on) | (left_on > on)) & (on < until)
    return found


def of_everybody(
    person: pd.Series[Any], who: pd.Series[Any], days: pd.Series[Any]
) -> NDArray[np.datetime64]:
    """Look a day up for every row of people; no time where there is none, also where all are."""
    import pandas as pd

    found: NDArray[np.datetime64] = (
        pd.Series(pd.to_datetime(days).to_numpy(), index=who.to_numpy())
        .reindex(person.to_numpy())
        .to_numpy()
        .astype("datetime64[s]")
    )
    return found


def on_record(records: DatedRecords, landmarks: pd.DataFrame) -> pd.DataFrame:
    """Every event that was on record on each landmark day.

    Returns
    -------
    DataFrame
        ``row`` (place in ``landmarks``), ``on``, ``kind``, ``detail``, ``date``; an event that
        had happened but was recorded later is not there.
    """
    places = landmarks[["person", "on"]].reset_index(drop=True)
    places["row"] = np.arange(len(places))
    events = records.events
    joined = places.merge(
        events.loc[~events["is_end"], ["person", "kind", "detail", "date", "recorded_on"]],
        on="person",
    )
    known = joined[(joined["recorded_on"] <= joined["on"]) & (joined["date"] <= joined["on"])]
    return known[["row", "on", "kind", "detail", "date"]].reset_index(drop=True)


def count(known: pd.DataFrame, rows: int, days: int | None = None) -> NDArray[np.int64]:
    """How many known events every landmark has, within ``days`` up to and including the day.

    The window is that of ``count_within`` of derived items; all events where it is left out.
    """
    if days is not None:
        known = known[(known["on"] - known["date"]).dt.days < days]
    counts: NDArray[np.int64] = np.bincount(known["row"].to_numpy(dtype=np.int64), minlength=rows)
    return counts


# --- The items ----------------------------------------------------------------------------------


def _text(zh: str, en: str) -> Text:
    return Text(zh=zh, en=en)


def _number(name: str, zh: str, en: str, bands: tuple[int, ...], *, scored: bool) -> Item:
    return Item(
        id=name,
        label=_text(zh, en),
        type="integer",
        domain="compliance",
        minimum=0,
        maximum=1000,
        bands=bands,
        dynamic=True,
        direction="risk",
        use=("scored",) if scored else ("audit",),
        phase="reassessment",
    )


def _day(name: str, zh: str, en: str) -> Item:
    return Item(
        id=name, label=_text(zh, en), type="date", domain="compliance", dynamic=True,
        use=("audit",), phase="reassessment",
    )  # fmt: skip


_MONTHS: tuple[int | float, ...] = (3, 6, 9, 12, 18, 24)
_RATES: tuple[int | float, ...] = (0.01, 0.75, 1.5, 3.0)

ITEMS: tuple[Item, ...] = (
    _day("reassessed_on", "本次评估日期", "Day of this reassessment"),
    _day("supervised_since", "开始监管观察的日期", "Under observation since"),
    _day(
        "clean_since",
        "最近一次记录在案的严重不遵守日期（没有的，填开始监管观察的日期）",
        "Last serious non-compliance on record; where there is none, the start of observation",
    ),
    Item(
        id="years_observed", label=_text("已观察年数", "Years under observation"), type="number",
        domain="compliance", minimum=0, maximum=50, dynamic=True, use=("audit",),
        phase="reassessment",
    ),
    _number("serious_n", "至今严重不遵守记录次数", "Serious non-compliance on record so far",
            (1, 2), scored=False),
    _number("minor_n", "至今轻微违规记录次数", "Minor violations on record so far",
            (1, 2, 4), scored=False),
    _number(f"serious_{WINDOW_DAYS}d", f"近{WINDOW_DAYS}天严重不遵守记录次数",
            f"Serious non-compliance on record in {WINDOW_DAYS} days", (1, 2), scored=True),
    _number(f"minor_{WINDOW_DAYS}d", f"近{WINDOW_DAYS}天轻微违规记录次数",
            f"Minor violations on record in {WINDOW_DAYS} days", (1, 2), scored=True),
)  # fmt: skip
"""What a reassessment adds for a landmark model, all of it from the record on the day."""

DERIVED: tuple[DerivedItem, ...] = (
    DerivedItem(
        id="clean_months", label=_text("连续无严重不遵守记录月数", "Clean months"),
        domain="compliance", function="months_between",
        arguments={"start": "clean_since", "end": "reassessed_on"}, minimum=0,
        maximum=_MOST_MONTHS, bands=_MONTHS, dynamic=True, direction="protective", use=("scored",),
    ),
    DerivedItem(
        id="supervised_months", label=_text("已接受监管月数", "Months supervised so far"),
        domain="compliance", function="months_between",
        arguments={"start": "supervised_since", "end": "reassessed_on"}, minimum=0,
        maximum=_MOST_MONTHS, bands=_MONTHS, dynamic=True, use=("scored",),
    ),
    DerivedItem(
        id="serious_rate", label=_text("平均每年严重不遵守记录次数", "Serious records a year"),
        domain="compliance", function="ratio",
        arguments={"part": "serious_n", "whole": "years_observed"}, minimum=0, maximum=1000,
        bands=_RATES, dynamic=True, direction="risk", use=("scored",),
    ),
    DerivedItem(
        id="minor_rate", label=_text("平均每年轻微违规记录次数", "Minor records a year"),
        domain="compliance", function="ratio",
        arguments={"part": "minor_n", "whole": "years_observed"}, minimum=0, maximum=1000,
        bands=_RATES, dynamic=True, direction="risk", use=("scored",),
    ),
)  # fmt: skip
"""Computed from them by the engine's own released functions."""


def with_history(instrument: Instrument) -> Instrument:
    """Give a benchmark's copy of an instrument that also scores the record.

    A copy, and a benchmark: where the record acts through a policy's rules, scoring it too would
    count it twice.

    Raises
    ------
    TrainingError
        Where the instrument has no domain ``compliance``, or has one of the items already.
    """
    value = instrument.model_dump(mode="json", by_alias=True, exclude_none=True)
    added = [item.model_dump(mode="json", by_alias=True, exclude_none=True) for item in ITEMS]
    derived = [item.model_dump(mode="json", by_alias=True, exclude_none=True) for item in DERIVED]
    value["id"] = f"{instrument.id}_with_history"
    value["purpose"] = "benchmark"
    value["items"] = [*value["items"], *added]
    value["derived"] = [*value.get("derived", []), *derived]
    try:
        return Instrument.model_validate_json(json.dumps(value))
    except ValueError as error:
        raise TrainingError(
            f"instrument [{instrument.id}] cannot hold a history: {error}"
        ) from error


def history(records: DatedRecords, landmarks: pd.DataFrame, outcome: Outcome) -> pd.DataFrame:
    """Answer the items of `ITEMS` from what was on record on each landmark day.

    Parameters
    ----------
    landmarks
        ``person`` and ``on``; a landmark lies on the day of intake or later.
    outcome
        Its events are the serious ones; every other violation on record is a minor one.

    Returns
    -------
    DataFrame
        One column an item of `ITEMS`, as native answers; in the order of ``landmarks``. A count
        over a window longer than the observation is ``unknown``, and so is a rate over less than
        `RATE_DAYS` days.

    Raises
    ------
    TrainingError
        Where a landmark lies before the intake.
    """
    import pandas as pd

    rows = len(landmarks)
    on = landmarks["on"].reset_index(drop=True)
    people = records.people
    start = pd.Series(of_everybody(landmarks["person"], people["person"], people["assessed_on"]))
    observed = (on - start).dt.days.to_numpy(dtype=np.int64)
    if rows and observed.min() < 0:
        who = landmarks["person"].iloc[int(observed.argmin())]
        raise TrainingError(
            f"person {shown(who)}: a landmark lies before the intake; "
            f"a landmark is the day of intake or later"
        )
    known = on_record(records, landmarks)
    serious = counted(known, records.instrument, outcome)
    grave, minor = known[serious], known[~serious]
    last = grave.groupby("row")["date"].max().reindex(range(rows))
    clean_since = last.where(last.notna(), start)

    def within(events: pd.DataFrame) -> NDArray[np.object_]:
        counts = count(events, rows, WINDOW_DAYS).astype(object)
        counts[observed < WINDOW_DAYS] = UNKNOWN
        return counts

    years = np.round(observed / YEAR_DAYS, 6).astype(object)
    years[observed < RATE_DAYS] = UNKNOWN
    return pd.DataFrame(
        {
            "reassessed_on": _iso(on),
            "supervised_since": _iso(start),
            "clean_since": _iso(clean_since),
            "years_observed": years,
            "serious_n": count(grave, rows).astype(object),
            "minor_n": count(minor, rows).astype(object),
            f"serious_{WINDOW_DAYS}d": within(grave),
            f"minor_{WINDOW_DAYS}d": within(minor),
        }
    )


def whole_months(start: NDArray[np.datetime64], end: NDArray[np.datetime64]) -> NDArray[np.int64]:
    """Completed calendar months, by the released function ``months_between``."""
    pairs = zip(
        start.astype("datetime64[D]").tolist(), end.astype("datetime64[D]").tolist(), strict=True
    )
    return np.array([int(months_between(start=a, end=b)) for a, b in pairs], dtype=np.int64)


def _iso(days: pd.Series[Any]) -> NDArray[np.object_]:
    text: NDArray[np.object_] = days.dt.strftime("%Y-%m-%d").to_numpy(dtype=object)
    return text
