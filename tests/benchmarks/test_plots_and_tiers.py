"""Plots say in words and shapes what they show; tiers are cut at scores, never within one."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree

import numpy as np
import pytest

SCRIPTS = Path(__file__).resolve().parents[2] / "benchmarks"
SVG = "{http://www.w3.org/2000/svg}"
SERIES = {
    "a & b": [(0.0, 0.5, 0.4, 0.6), (50.0, 0.6, 0.55, 0.65), (800.0, 0.7, None, None)],
    "other": [(50.0, 0.55, None, None), (800.0, 0.65, None, None)],
}


@pytest.fixture(scope="module")
def scripts() -> Iterator[None]:
    """Let the scripts be imported as they import one another."""
    sys.path.insert(0, str(SCRIPTS))
    yield
    sys.path.remove(str(SCRIPTS))


@pytest.fixture(scope="module")
def plots(scripts: None) -> ModuleType:
    import plots

    return plots


def text_of(root: ElementTree.Element, tag: str) -> str:
    found = root.find(f"{SVG}{tag}")
    assert found is not None
    return found.text or ""


def test_a_line_plot_is_told_in_words_and_shapes(plots: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "one.svg"
    how = {"title": "T <1>", "x_label": "events", "y_label": "AUC", "series": SERIES}
    plots.line_plot(path, **how, log_x=True, reference=0.72)
    root = ElementTree.fromstring(path.read_text(encoding="utf-8"))
    assert text_of(root, "title") == "T <1>"
    said = text_of(root, "desc")
    assert "a & b: at 0: 0.5 (0.4 to 0.6), at 50: 0.6 (0.55 to 0.65), at 800: 0.7" in said
    assert "Dashed level: 0.72" in said
    assert len(root.findall(f".//{SVG}circle")) == 4  # three points and the legend
    lines = root.findall(f"{SVG}polyline")
    assert len({line.get("stroke-dasharray") for line in lines}) == len(lines) == 2
    again = tmp_path / "two.svg"
    plots.line_plot(again, **how, log_x=True, reference=0.72)
    assert again.read_bytes() == path.read_bytes()


def test_all_that_is_drawn_lies_on_the_page(plots: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "dots.svg"
    rows = [("first", -0.002, -0.004, 0.001), ("second, a longer label", 0.003, None, None)]
    plots.dot_plot(path, title="Dots", x_label="difference", rows=rows, reference=0.004)
    root = ElementTree.fromstring(path.read_text(encoding="utf-8"))
    places = [float(circle.get("cx", "nan")) for circle in root.findall(f".//{SVG}circle")]
    assert len(places) == 2
    assert places[0] < places[1]
    _, _, width, height = (float(part) for part in root.get("viewBox", "").split())
    for line in root.findall(f".//{SVG}line"):
        assert all(0 <= float(line.get(end, "nan")) <= width for end in ("x1", "x2"))
        assert all(0 <= float(line.get(end, "nan")) <= height for end in ("y1", "y2"))
    assert "second, a longer label: 0.003" in text_of(root, "desc")


def test_nothing_is_no_plot(plots: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="nothing to plot"):
        plots.dot_plot(tmp_path / "no.svg", title="", x_label="", rows=[])
    with pytest.raises(ValueError, match="logarithmic"):
        plots.line_plot(
            tmp_path / "no.svg", title="", x_label="", y_label="", log_x=True,
            series={"a": [(-1.0, 0.0, None, None), (1.0, 0.0, None, None)]},
        )  # fmt: skip


def test_tiers_have_the_shares_and_one_score_has_one_tier(scripts: None) -> None:
    from stability import tiers, twice

    scores = np.random.default_rng(0).normal(size=1000)
    found = tiers(scores)
    assert np.bincount(found).tolist() == [200, 600, 200]
    assert scores[found == 0].max() < scores[found == 1].min()
    assert scores[found == 1].max() < scores[found == 2].min()
    whole = np.repeat(np.arange(10), [150, 80, 100, 100, 100, 100, 100, 100, 60, 110])
    tied = tiers(whole.astype(float))
    assert all(len(set(tied[whole == score])) == 1 for score in range(10))
    # 23 % is nearer to a fifth than 15 %, and 17 % than 11 % or 27 %
    assert np.bincount(tied).tolist() == [230, 600, 170]
    outcome = (np.arange(1000) % 2).astype(np.int64)
    assert twice(scores, scores * 3 + 1, outcome).changed == 0.0
    turned = twice(scores, -scores, outcome)
    assert (turned.changed, turned.two_steps) == (0.4, 0.4)
    assert turned.auc == pytest.approx(0.5)
