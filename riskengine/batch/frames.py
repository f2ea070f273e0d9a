"""`Engine.recommend_frame`: a pandas frame in, a frame of results and a frame of rejects out."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from riskengine.batch.score import COLUMNS, contribution_columns, score_rows, usable
from riskengine.errors import Language
from riskengine.intake.frames import assessments_from_frame
from riskengine.intake.rejects import FIELDS, reject

if TYPE_CHECKING:
    import pandas as pd

    from riskengine.engine import Engine


def recommend_frame(
    engine: Engine, frame: pd.DataFrame, *, on: date, explain: bool, lang: Language
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """See `Engine.recommend_frame`."""
    import pandas as pd

    read = assessments_from_frame(frame, engine.instrument, assessed_on=on)
    rows = [usable(row, on) for row in read]
    good = [row.assessment for row in rows if row.assessment is not None]
    bad = [row for row in rows if row.assessment is None]
    columns = [*COLUMNS, *(contribution_columns(engine) if explain else ())]
    results = pd.DataFrame(
        [dict(row) for row in score_rows(engine, good, on=on, explain=explain)], columns=columns
    )
    return results, pd.DataFrame(
        [reject(row, problem, lang) for row in bad for problem in row.problems],
        columns=list(FIELDS),
    )
