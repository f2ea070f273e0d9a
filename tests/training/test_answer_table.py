"""Answers kept as numbers: to whoever reads them, the mappings that went in."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskengine.errors import TrainingError
from riskengine.instrument.model import Instrument
from riskengine.training import answer_table, cohort_files
from riskengine.training.answer_table import coded, table_of
from riskengine.training.cohort import read_cohort

ANSWERS = st.one_of(
    st.sampled_from(["low", "high", "unknown", "1"]),
    st.booleans(),
    st.integers(0, 3),
    st.floats(0, 3).map(lambda number: round(number, 1)),
    st.dates(date(2020, 1, 1), date(2020, 1, 5)),
    st.tuples(st.sampled_from("ab"), st.sampled_from("ab")),
)
PEOPLE = st.lists(st.dictionaries(st.sampled_from("pqrs"), ANSWERS, max_size=4), max_size=9)


def typed(answers: object) -> object:
    """Equal numbers of different types told apart."""
    assert isinstance(answers, dict)
    return {item: (type(answer), answer) for item, answer in answers.items()}


@given(PEOPLE)
def test_what_goes_in_comes_out(people: list[dict[str, object]]) -> None:
    with pytest.MonkeyPatch.context() as patched:
        # people and items that first appear in a later block
        patched.setattr(answer_table, "_BLOCK", 3)
        table = table_of(people)
    assert [typed(answers) for answers in table] == [typed(answers) for answers in people]
    assert [typed(answers) for answers in table[1::2]] == [typed(one) for one in people[1::2]]
    back = table.taken(np.arange(len(people))[::-1])
    assert [typed(answers) for answers in back] == [typed(answers) for answers in people[::-1]]


@given(PEOPLE)
def test_one_item_alone(people: list[dict[str, object]]) -> None:
    for source in (people, table_of(people)):
        answers, codes = coded(source, "q")
        found = [(type(answers[code]), answers[code]) for code in codes.tolist()]
        wanted = [one.get("q", "not_asked") for one in people]
        assert found == [(type(answer), answer) for answer in wanted]


def test_a_place_beyond_the_end_is_refused() -> None:
    table = table_of([{"p": "low"}])
    assert table[-1] == {"p": "low"}
    with pytest.raises(IndexError):
        table[1]


@pytest.mark.parametrize("form", ["csv", "parquet", "frame"])
def test_blocks_give_the_cohort_that_one_block_gives(
    form: str, small: Instrument, people: pd.DataFrame, tmp_path: Path, monkeypatch: object
) -> None:
    spoiled = people.copy()
    spoiled.loc[701, "priors"] = "many"
    spoiled.loc[1003, "Event"] = ""
    source: Path | pd.DataFrame = spoiled
    if form == "csv":
        source = tmp_path / "people.csv"
        spoiled.to_csv(source, index=False)
    elif form == "parquet":
        source = tmp_path / "people.parquet"
        spoiled.to_parquet(source)
    at_once = read_cohort(source, small, "event_1y")
    assert isinstance(monkeypatch, pytest.MonkeyPatch)
    monkeypatch.setattr(cohort_files, "BLOCK", 97)
    in_blocks = read_cohort(source, small, "event_1y")
    assert [(r.row, r.item) for r in in_blocks.rejects] == [(702, "priors")]
    assert in_blocks.unlabelled == ((1004, "column [Event] is empty"),)
    assert list(in_blocks.answers) == list(at_once.answers)
    for name in ("rejects", "unlabelled", "data_sha256", "rows", "present", "unread", "follow_up"):
        assert getattr(in_blocks, name) == getattr(at_once, name), name
    for name in ("outcome", "at"):
        assert getattr(in_blocks, name).tolist() == getattr(at_once, name).tolist()


def test_a_file_that_breaks_off_in_a_later_block_is_named(
    small: Instrument, people: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "broken.csv"
    people.head(300).to_csv(path, index=False)
    with path.open("a", encoding="utf-8") as file:
        file.write("one,two" + ",more" * 40 + "\n")
    monkeypatch.setattr(cohort_files, "BLOCK", 97)
    with pytest.raises(TrainingError, match=r"broken\.csv: cannot be read"):
        read_cohort(path, small, "event_1y")


def test_a_file_without_people(small: Instrument, people: pd.DataFrame, tmp_path: Path) -> None:
    path = tmp_path / "none.parquet"
    people.head(0).to_parquet(path)
    assert read_cohort(path, small, "event_1y").people == 0
