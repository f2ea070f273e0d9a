from __future__ import annotations

import subprocess
import sys
from hashlib import sha256

import pytest

from riskengine.synthetic import Province, make_province

FRAMES = ("districts", "officers", "people", "ratings", "contacts", "events", "conduct", "truth")


def digest(province: Province) -> dict[str, str]:
    return {
        name: sha256(getattr(province, name).to_csv(index=False).encode()).hexdigest()
        for name in FRAMES
    }


def test_the_same_seed_gives_the_same_bytes() -> None:
    assert digest(make_province(2, 200, seed=5)) == digest(make_province(2, 200, seed=5))


def test_another_seed_gives_another_province() -> None:
    one, other = digest(make_province(2, 200, seed=5)), digest(make_province(2, 200, seed=6))
    assert all(one[name] != other[name] for name in FRAMES)


def test_a_fresh_process_gives_the_same_bytes() -> None:
    code = (
        "from riskengine.synthetic import make_province; from hashlib import sha256;"
        "print(sha256(make_province(2, 200, seed=5).events.to_csv(index=False).encode())"
        ".hexdigest())"
    )
    printed = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    ).stdout
    assert printed.strip() == digest(make_province(2, 200, seed=5))["events"]


def test_a_district_does_not_change_when_another_is_added() -> None:
    small, large = make_province(1, 200, seed=5), make_province(2, 200, seed=5)
    first = large.truth[large.truth["district"] == "D01"].reset_index(drop=True)
    assert small.truth.equals(first)
    assert small.events.equals(
        large.events[large.events["district"] == "D01"].reset_index(drop=True)
    )


@pytest.mark.parametrize(("districts", "people"), [(0, 10), (1, 0), ([], 10)])
def test_an_empty_province_is_refused(districts: int, people: int) -> None:
    with pytest.raises(ValueError, match="at least one district"):
        make_province(districts, people, seed=1)


def test_the_smallest_province_stands() -> None:
    assert len(make_province(1, 1, seed=1).people) == 1


def test_scoring_does_not_load_this_package_or_data_frames() -> None:
    code = (
        "import sys, riskengine; "
        "print([m for m in sys.modules if m.split('.')[0] == 'pandas' or 'synthetic' in m])"
    )
    printed = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    ).stdout
    assert printed.strip() == "[]"
