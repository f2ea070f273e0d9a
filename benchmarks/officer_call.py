"""What the officer waits for: a cold process to its first recommendation, and a warm call.

Run with ``python benchmarks/officer_call.py``. The peer, measured in the same run, is what a usual
deployment does before it can answer: import scikit-learn and shap and unpickle a small pipeline.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

from riskengine import Engine, __version__

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / "examples" / "assessments" / "07_steady_probationer.json"
ON = date(2026, 3, 2)

OURS = """
import json, sys
from datetime import date
from riskengine import Engine
engine = Engine.load()
with open(sys.argv[1], encoding="utf-8") as file:
    assessment = engine.assessment(json.load(file))
engine.recommend(assessment, on=date(2026, 3, 2))
"""
PEER = """
import sys, joblib, shap, sklearn
pipeline = joblib.load(sys.argv[1])
pipeline.predict_proba([[0.0] * 12])
"""


def cold(program: str, argument: Path) -> float:
    """Wall seconds of one whole process."""
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", program, str(argument)], check=True, cwd="/")
    return time.perf_counter() - started


def make_peer(folder: Path) -> Path:
    """A pickled logistic pipeline on made-up numbers."""
    import joblib
    import numpy as np
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    rng = np.random.default_rng(0)
    features = rng.normal(size=(500, 12))
    pipeline = make_pipeline(StandardScaler(), LogisticRegression())
    pipeline.fit(features, features[:, 0] + rng.normal(size=500) > 0)
    path = folder / "peer.joblib"
    joblib.dump(pipeline, path)
    return path


def warm(runs: int) -> list[float]:
    """Milliseconds of single warm calls, explanation included."""
    engine = Engine.load()
    assessment = engine.assessment(json.loads(EXAMPLE.read_text(encoding="utf-8")))
    times = []
    for _ in range(runs):
        started = time.perf_counter()
        engine.recommend(assessment, on=ON)
        times.append((time.perf_counter() - started) * 1000)
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=11)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with tempfile.TemporaryDirectory() as folder:
        peer = make_peer(Path(folder))
        cold(OURS, EXAMPLE), cold(PEER, peer)  # both warm the disk and write their byte code
        pairs = [(cold(OURS, EXAMPLE), cold(PEER, peer)) for _ in range(options.runs)]
    ours = statistics.median(pair[0] for pair in pairs)
    theirs = statistics.median(pair[1] for pair in pairs)
    ratio = statistics.median(pair[1] / pair[0] for pair in pairs)
    calls = warm(2000)
    lines = [
        "# The officer's call",
        "",
        "`python benchmarks/officer_call.py --out docs/benchmarks/officer_call.md`",
        "",
        "| figure | value |",
        "| --- | --- |",
        f"| cold process to first recommendation, median of {options.runs} | {ours:.3f} s |",
        f"| peer: scikit-learn, shap, a pickled pipeline, one prediction | {theirs:.3f} s |",
        f"| peer over ours, median of pairs | {ratio:.1f} |",
        f"| warm `engine.recommend`, median of {len(calls)} | {statistics.median(calls):.3f} ms |",
        f"| warm, 99th percentile | {statistics.quantiles(calls, n=100)[98]:.3f} ms |",
        "",
        f"riskengine {__version__}, Python {platform.python_version()}, {os.cpu_count()} cores, "
        f"{platform.machine()}. Absolute times hold for one machine; the ratio travels better.",
        "",
    ]
    text = "\n".join(lines)
    print(text)
    if options.out:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
