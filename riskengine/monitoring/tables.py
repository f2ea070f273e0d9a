"""A run as data frames."""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskengine.monitoring.document import Monitoring

if TYPE_CHECKING:
    import pandas as pd


def signals_frame(found: Monitoring) -> pd.DataFrame:
    """A row a signal, with its sentence in both languages."""
    import pandas as pd

    rows = []
    for one in found.signals:
        row = one.model_dump(exclude={"label", "text"})
        rows.append(
            {
                **row,
                "label_zh": one.label.zh,
                "label_en": one.label.en,
                "text_zh": one.text.zh,
                "text_en": one.text.en,
            }
        )
    return pd.DataFrame(rows)


def proposals_frame(found: Monitoring) -> pd.DataFrame:
    """A row a proposal, with the signals that speak for it."""
    import pandas as pd

    return pd.DataFrame(
        [
            {
                "action": one.action,
                "because": ", ".join(one.because),
                "text_zh": one.text.zh,
                "text_en": one.text.en,
            }
            for one in found.proposals
        ]
    )
