"""A made-up province as the file of an agency that records days: one row a person at intake."""

from __future__ import annotations

from datetime import date

import pandas as pd

from riskengine.synthetic.province import Province

_BY_KIND = ("reoffence", "criminal_detention", "warning", "public_security_penalty")
_BY_GRADE = ("absent_up_to_10_days", "absent_11_to_30_days", "absent_over_a_month")


def dated(province: Province, as_of: date) -> pd.DataFrame:
    """One row a person at intake, with answers and the days that were on record by a day.

    Parameters
    ----------
    province
        The province.
    as_of
        The day of the extraction: nothing recorded later is seen, and people assessed on that day
        or later are left out.

    Returns
    -------
    DataFrame
        The columns of ``people``, then the day of the first event of every kind (``..._on``,
        blank where there is none; nothing made up is a detention), and ``ended_on`` with
        ``end_reason``, which for a revocation is its ground.
    """
    day = pd.Timestamp(as_of)
    people = province.people[province.people["assessed_on"] < day].reset_index(drop=True)
    who = people["person"]
    known = province.events[province.events["recorded_on"] <= day]
    columns: dict[str, pd.Series[pd.Timestamp]] = {}
    for names, column in ((_BY_KIND, "kind"), (_BY_GRADE, "detail")):
        for name in names:
            first = known[known[column] == name].groupby("person")["date"].min()
            columns[f"{name}_on"] = first.reindex(who).set_axis(who.index)
    ends = known[known["is_end"]].set_index("person")
    reason = ends["detail"].where(ends["kind"] == "revocation", ends["kind"])
    return people.assign(
        **columns,
        ended_on=ends["date"].reindex(who).set_axis(who.index),
        end_reason=reason.reindex(who).set_axis(who.index),
    )
