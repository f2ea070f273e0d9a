from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskengine.batch.table import _all_plain

PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9._:-]{0,63}")


@given(st.lists(st.one_of(
    st.from_regex(r"[A-Za-z][A-Za-z0-9._:-]{0,66}", fullmatch=True),
    st.text("aZ9.\n é张-", max_size=4), st.sampled_from(["", None, 5, b"a", 1.5]),
), max_size=4))  # fmt: skip
def test_ids_that_need_no_second_look(ids: list[object]) -> None:
    plain = [isinstance(one, str) and PLAIN.fullmatch(one) is not None for one in ids]
    assert _all_plain(ids) == (bool(ids) and all(plain))


@pytest.mark.parametrize("ids", [["a\nb"], ["a" * 65], ["1a"], ["a", "", "b"], ["a\n"], []])
def test_what_is_looked_at_again(ids: list[str]) -> None:
    assert not _all_plain(ids)
