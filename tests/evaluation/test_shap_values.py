"""An item view in shap's container: exact, in either unit, and fit for shap's own plots."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from riskengine import Engine
from riskengine.errors import UseError
from riskengine.evaluation import shap_values
from riskengine.evaluation.shap_values import AdditivityError, to_shap

pytest.importorskip("shap")
EXAMPLES = sorted((Path(__file__).parents[2] / "examples" / "assessments").glob("*.json"))
DAY = date(2026, 3, 2)


def recommended(engine: Engine, lang: str) -> list:
    return [
        engine.recommend(
            engine.assessment(json.loads(file.read_text(encoding="utf-8"))), on=DAY, lang=lang
        )
        for file in EXAMPLES
    ]


@pytest.fixture(scope="module", params=["zh", "en"])
def every(request) -> list:
    return recommended(Engine.load(), request.param)


@pytest.fixture(scope="module")
def scored(every) -> list:
    found = [one for one in every if one.item_view is not None]
    assert len(found) > 8
    return found


@pytest.fixture(scope="module")
def researched() -> list:
    """Two made-up people on the full form."""
    engine = Engine.load("georgia_parole_3y", None, research=True)
    golden = engine.scorecard.document.golden
    return [
        engine.recommend(
            engine.assessment(
                {
                    "instrument": "georgia_parole",
                    "person": f"G-{number}",
                    "assessed_on": "2015-01-01",
                    "answers": dict(one.answers),
                }
            ),
            on=DAY,
            lang="en",
        )
        for number, one in enumerate(golden)
    ]


def test_points_add_up_to_the_score(scored):
    found = to_shap(scored)
    sums = found.base_values + found.values.sum(axis=1)
    np.testing.assert_allclose(sums, [one.score.value for one in scored], atol=1e-9, rtol=0)
    assert found.feature_names == [share.label for share in scored[0].item_view.items]


def test_log_odds_add_up_to_the_exact_log_odds(scored):
    found = to_shap(scored, unit="log_odds")
    sums = found.base_values + found.values.sum(axis=1)
    unit = Engine.load().scorecard.document.log_odds
    exact = [(unit.offset + unit.unit * one.score.value) / 2**40 for one in scored]
    np.testing.assert_allclose(sums, exact, atol=1e-9, rtol=0)
    np.testing.assert_allclose(sums, [one.score.log_odds for one in scored], atol=1e-6, rtol=0)


def test_a_full_form_with_pairs_adds_up_and_has_no_points(researched):
    found = to_shap(researched)
    sums = found.base_values + found.values.sum(axis=1)
    exact = [one.score.value / 2**40 for one in researched]
    np.testing.assert_allclose(sums, exact, atol=1e-9, rtol=0)
    assert np.ptp(sums) > 0.1
    with pytest.raises(UseError, match=r"has no points; accepted: log_odds"):
        to_shap(researched, unit="points")


def test_answers_stand_beside_in_numbers_and_in_words(scored):
    found = to_shap(scored)
    assert found.data.shape == found.values.shape == found.display_data.shape
    for row, one in enumerate(scored):
        answers = {a.item: a for factor in one.factors for a in factor.answers}
        for column, share in enumerate(one.item_view.items):
            answer = answers[share.item]
            assert found.display_data[row, column] == answer.answer
            assert np.isnan(found.data[row, column]) == (not answer.known)
    ages = [
        a.answer
        for one in scored
        for f in one.factors
        for a in f.answers
        if a.item == "age_at_start"
    ]
    column = [share.item for share in scored[0].item_view.items].index("age_at_start")
    for said, number in zip(ages, found.data[:, column], strict=True):
        assert np.isnan(number) or said.startswith(f"{number:g}")


def test_one_recommendation_is_one_row(scored):
    one, many = scored[0].to_shap(), to_shap(scored)
    np.testing.assert_array_equal(one.values, many.values[0])
    assert one.base_values == many.base_values[0]


def test_without_a_score_there_is_nothing_to_show(every):
    unscored = next(one for one in every if one.item_view is None)
    with pytest.raises(UseError, match=r"recommendation \[1\] has no score"):
        unscored.to_shap()
    with pytest.raises(UseError, match="there is no recommendation"):
        to_shap([])


def test_models_are_not_mixed(scored, researched):
    with pytest.raises(UseError, match=r"recommendation \[2\] is by \[georgia_parole_3y@1.0.0\]"):
        to_shap([scored[0], researched[0]])


def test_what_does_not_add_up_is_never_given(scored):
    view = scored[0].item_view
    wrong = scored[0].model_copy(
        update={"item_view": view.model_copy(update={"baseline": view.baseline + 1})}
    )
    with pytest.raises(AdditivityError, match="baseline and contributions make"):
        wrong.to_shap()


def test_values_that_drift_in_floating_point_are_caught(scored, monkeypatch):
    shown = shap_values._shown
    monkeypatch.setattr(shap_values, "_shown", lambda *a: (shown(*a)[0] + 2e-9, shown(*a)[1]))
    with pytest.raises(AdditivityError, match="differ from the score"):
        scored[0].to_shap()


def test_another_file_under_the_models_name_is_refused(scored):
    other = scored[0].provenance.model_copy(update={"model_sha256": "0" * 64})
    with pytest.raises(UseError, match="their hashes differ"):
        scored[0].model_copy(update={"provenance": other}).to_shap(unit="log_odds")


def test_without_shap_the_error_names_what_to_install(scored, monkeypatch):
    monkeypatch.setitem(sys.modules, "shap", None)
    with pytest.raises(UseError, match=r"pip install 'riskengine\[explain\]'"):
        scored[0].to_shap()


def test_a_recommendation_brings_neither_shap_nor_the_room_of_analysts():
    code = (
        "import json, sys; from datetime import date; from riskengine import Engine\n"
        "engine = Engine.load()\n"
        f"raw = json.load(open({str(EXAMPLES[3])!r}, encoding='utf-8'))\n"
        "engine.recommend(engine.assessment(raw), on=date(2026, 3, 2))\n"
        "print(sorted(m for m in sys.modules if m.split('.')[0] in ('shap', 'sklearn', 'numba') "
        "or m.startswith('riskengine.evaluation')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.filterwarnings("ignore")
def test_shaps_own_plots_run(scored):
    matplotlib = pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    matplotlib.use("Agg")
    import shap
    from matplotlib import pyplot

    found = to_shap(scored)
    for draw in (
        lambda: shap.plots.waterfall(found[0], show=False),
        lambda: shap.plots.beeswarm(found, show=False),
        lambda: shap.plots.bar(found, show=False),
        lambda: shap.plots.scatter(found[:, 0], show=False),
    ):
        draw()
        assert pyplot.gcf().get_axes()
        pyplot.close("all")
