"""What the service adds to the bare call: POST /v1/recommendations against Engine.recommend.

    python benchmarks/service.py [--calls 300]

One process serves on this machine, one client keeps one connection open; the bare call is timed
in between, in another process at the same time of day, so that the ratio holds on a busy machine.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import platform
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

from riskengine import Engine, __version__
from riskengine.server.accounts.database import open_accounts, transaction
from riskengine.server.accounts.keys import add_key

ROOT = Path(__file__).resolve().parents[1]
DAY = date(2026, 3, 2)


def quantile(seconds: list[float], share: float) -> float:
    ordered = sorted(seconds)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000


def serve(folder: Path) -> tuple[subprocess.Popen[bytes], int, str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        **os.environ,
        "RISKENGINE_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "RISKENGINE_ACCOUNTS": f"sqlite:///{folder}/accounts.sqlite",
        "RISKENGINE_CASEBOOK": f"sqlite:///{folder}/casebook.sqlite",
        "RISKENGINE_CASEBOOK_KEYS": f"{folder}/keys",
    }
    database = open_accounts(environment["RISKENGINE_ACCOUNTS"])
    with transaction(database) as session:
        token, _ = add_key(
            session, label="benchmark", district="main", scopes=["recommend"], user=None,
            now=int(time.time()),
        )  # fmt: skip
    database.dispose()
    command = [sys.executable, "-m", "riskengine", "serve", "--port", str(port)]
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), 0.5).close()
            return process, port, token
        except OSError:
            time.sleep(0.1)
    process.terminate()
    raise SystemExit("the service did not start within a minute")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--calls", type=int, default=300)
    calls = parser.parse_args().calls
    path = ROOT / "examples/assessments/04_parolee_with_warning.json"
    raw = json.loads(path.read_text(encoding="utf-8"))
    engine = Engine.load()
    body = json.dumps({"assessment": raw, "on": DAY.isoformat()}).encode()
    with tempfile.TemporaryDirectory() as folder:
        process, port, token = serve(Path(folder))
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        connection = http.client.HTTPConnection("127.0.0.1", port)

        def over_http() -> None:
            connection.request("POST", "/v1/recommendations", body, headers)
            response = connection.getresponse()
            content = response.read()
            assert response.status == 200, content

        def bare() -> None:
            engine.recommend(engine.assessment(raw), on=DAY)

        def bare_as_json() -> None:
            engine.recommend(
                engine.assessment(json.loads(json.dumps(raw))), on=DAY
            ).model_dump_json()

        timed: dict[str, list[float]] = {"http": [], "bare": [], "bare + JSON": []}
        try:
            for number in range(calls + 20):
                for name, call in (
                    ("http", over_http), ("bare", bare), ("bare + JSON", bare_as_json)
                ):  # fmt: skip
                    began = time.perf_counter()
                    call()
                    if number >= 20:
                        timed[name].append(time.perf_counter() - began)
        finally:
            connection.close()
            process.terminate()
            process.wait(30)
    print(f"riskengine {__version__}, Python {platform.python_version()}, {os.cpu_count()} cores")
    print(f"{calls} calls, one worker, one connection, one key looked up in each call")
    print("| | p50 ms | p99 ms | p50 against bare |")
    print("|---|---|---|---|")
    base = statistics.median(timed["bare"])
    for name, seconds in timed.items():
        ratio = statistics.median(seconds) / base
        print(
            f"| {name} | {quantile(seconds, 0.5):.2f} | {quantile(seconds, 0.99):.2f} "
            f"| {ratio:.1f} |"
        )


if __name__ == "__main__":
    main()
