from __future__ import annotations

import re
from pathlib import Path

from riskengine.synthetic import DEFAULT

PAGE = Path(__file__).resolve().parents[2] / "docs" / "synthetic.md"


def test_the_page_runs_as_it_stands() -> None:
    names: dict[str, object] = {}
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) == 3
    exec(blocks[0], names)
    assert len(names["rows"]) == len(names["checked"]) == 2_400  # type: ignore[arg-type]
    exec(blocks[1], names)
    assert len(names["answers"]) == len(names["true"]) == len(names["at"]) > 5_000  # type: ignore[arg-type]
    assert len(names["known"]) == 100  # type: ignore[arg-type]
    exec(blocks[2], names)
    assert names["province"].parameters.offices.leniency_sd.value == 1.0  # type: ignore[attr-defined]


def test_the_page_states_the_rates_of_the_parameters() -> None:
    text = " ".join(PAGE.read_text(encoding="utf-8").split())
    stated = {
        "reoffence": "re-offence .4 %",
        "warning": "warning 4 %",
        "admonition": "admonition 8 %",
        "public_security_penalty": "public-security penalty 3 %",
        "absconding": "more than ten days 1.5 %",
        "short_absence": "less 2.5 %",
    }
    for kind in DEFAULT.kinds:
        assert stated[kind.name] in text
        figure = float(stated[kind.name].split()[-2])
        assert abs(figure - 100 * kind.recorded_per_year) <= 0.051
