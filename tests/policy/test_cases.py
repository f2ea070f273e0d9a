"""Cases that a chief officer can read are decided as they are written."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from pathlib import Path

import pytest

from riskengine.errors import ArtefactError
from riskengine.store.lookup import policy_names
from tests.support.policy_cases import Case, cases, compiled, differences, every_case

policy = lru_cache(compiled)


@pytest.mark.parametrize("case", every_case(), ids=str)
def test_it_is_decided_as_written(case: Case):
    assert differences(case, policy(case.profile)) == []


def test_there_are_sixty_and_every_profile_has_some():
    per_profile = Counter(case.profile for case in every_case())
    assert per_profile.total() >= 60
    assert set(per_profile) == {name.partition("@")[0] for name in policy_names()}


def test_no_two_cases_of_a_file_have_one_name():
    names = Counter((case.file, case.raw["name"]) for case in every_case())
    assert [name for name, count in names.items() if count > 1] == []


def one(tmp_path: Path, expect: str, more: str = "") -> list[str]:
    path = tmp_path / "one.yaml"
    path.write_text(
        f"profile: cn_default\ncases:\n  - name: a case\n{more}    expect: {expect}\n",
        encoding="utf-8",
    )
    (case,) = cases(path)
    return differences(case, policy("cn_default"))


class TestTheRunner:
    """A runner that cannot fail would show nothing."""

    def test_it_passes_what_is_right(self, tmp_path):
        assert one(tmp_path, "{tier: relaxed, rests_on: score_band}") == []

    @pytest.mark.parametrize(
        ("expect", "said"),
        [
            ("{tier: ordinary, rests_on: score_band}", "tier is [relaxed], expected [ordinary]"),
            ("{tier: relaxed, rests_on: initial_period}", "rests_on is [score_band]"),
            ("{tier: relaxed, rests_on: score_band, overdue_days: 3}", "overdue_days is [0]"),
            ('{tier: relaxed, rests_on: score_band, review_by: "2026-01-01"}', "review_by is"),
            ("{tier: relaxed, rests_on: score_band, unchecked: []}", "unchecked is"),
        ],
    )
    def test_it_fails_what_is_wrong_and_says_where(self, tmp_path, expect, said):
        (wrong,) = one(tmp_path, expect)
        assert wrong.startswith("one.yaml:3 a case: ")
        assert said in wrong

    @pytest.mark.parametrize(
        ("expect", "more", "error"),
        [
            ("{tier: relaxed, rests_on: score_band, teir: x}", "", ValueError),
            ("{tier: relaxed}", "", ValueError),
            ("{tier: relaxed, rests_on: score_band}", "    histroy: []\n", ValueError),
            ("{tier: relaxed, rests_on: score_band}", "    score: tiny\n", KeyError),
            ("{tier: relaxed, rests_on: score_band}", "    on: 01\n", ArtefactError),
        ],
    )
    def test_it_refuses_what_it_does_not_know(self, tmp_path, expect, more, error):
        with pytest.raises(error):
            one(tmp_path, expect, more)
