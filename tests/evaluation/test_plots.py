"""Figures for notebooks."""

from __future__ import annotations

import io

import pytest

from riskengine.errors import UseError
from riskengine.evaluation.evaluate import Settings, evaluate_people
from riskengine.evaluation.plots import calibration_figure, decision_figure, group_figure
from tests.evaluation.made_people import BANDS, ON, TEMPORAL, cohort, model, people


@pytest.mark.parametrize("calibrated", [True, False])
def test_figures_are_drawn_or_refused_with_the_reason(calibrated: bool) -> None:
    of = people(300, 1, calibrated=calibrated, groups={"sex": ["f", "m"] * 150})
    found = evaluate_people(
        of,
        model=model(calibrated=calibrated),
        cohort=cohort(of),
        standing=TEMPORAL,
        on=ON,
        settings=Settings(seed=1, draws=200),
        bands=BANDS,
    )
    rates = group_figure(found, "sex", "false_positive_rate", cut="strict")
    assert [label.get_text() for label in rates.axes[0].get_yticklabels()] == ["f", "m"]
    if calibrated:
        for figure in (calibration_figure(found), decision_figure(found), rates):
            drawn = io.BytesIO()
            figure.savefig(drawn, format="svg")
            assert b"<svg" in drawn.getvalue()
            assert all(axes.has_data() for axes in figure.axes)
        return
    for draw in (calibration_figure, decision_figure):
        with pytest.raises(UseError, match="gives no probability"):
            draw(found)
    with pytest.raises(UseError, match="no groups by"):
        group_figure(found, "race", "auc")
