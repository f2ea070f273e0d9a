"""How long pages and lists take in a large district with many at work.

    python benchmarks/service_pages.py --people 100000 --clients 16 --seconds 60

A made-up district (`casebook_people`) is served by `riskengine serve`; every client is a signed-in
official with a connection of its own who opens one page after the other without a pause, chosen at
random. Client and service share the machine.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))
import common  # noqa: F401, I001  (puts the checkout on the path)

from sqlalchemy import select

from casebook_people import PER_OFFICER, check, officer_of, office_of, populate
from riskengine import Engine
from riskengine.casebook.database import reading
from riskengine.casebook.schema import CaseRow
from riskengine.server.accounts.database import open_accounts, transaction
from riskengine.server.accounts.tables import User
from riskengine.server.accounts.users import add_user
from riskengine.server.services import make_record, open_book
from riskengine.server.settings import Settings

DISTRICT = "main"
PASSWORD = "a heron over Qinghe 7"
LONE = 10
"""Turns of each page by one client alone."""
ROLES = ["officer", "approver", "reviewer"]
Times = dict[str, list[float]]


def settings_in(folder: Path, casebook: str | None, *, port: int, workers: int) -> Settings:
    return Settings(
        port=port,
        public_url=f"http://127.0.0.1:{port}",
        accounts=f"sqlite:///{folder}/accounts.sqlite",
        casebook=casebook or f"sqlite:///{folder}/casebook.sqlite",
        casebook_keys=f"{folder}/keys",
        workers=workers,
    )


def prepare(settings: Settings, people: int, clients: int) -> list[str]:
    """Fill an empty record and add officials; return ids of some cases."""
    make_record(settings)
    book = open_book(settings)
    with reading(book) as tx:
        cases = list(tx.session.scalars(select(CaseRow.id).order_by(CaseRow.id).limit(5_000)))
    if not cases:
        began = time.perf_counter()
        cases = populate(book, Engine.load(), DISTRICT, people=people, today=date.today())
        print(f"made-up district: {people:,} people in {time.perf_counter() - began:.0f} s")
    book.engine.dispose()
    accounts = open_accounts(settings.accounts)
    with transaction(accounts) as session:
        there = set(session.scalars(select(User.id)))
        for number in range(clients):
            name = officer_of(number * PER_OFFICER)
            if name not in there:
                add_user(session, name, name=f"officer {number}", roles={DISTRICT: ROLES},
                         password=PASSWORD, now=int(time.time()), must_change=False)  # fmt: skip
    accounts.dispose()
    return cases


@contextmanager
def served(settings: Settings, folder: Path) -> Iterator[None]:
    environment = {
        **os.environ,
        "RISKENGINE_PORT": str(settings.port),
        "RISKENGINE_PUBLIC_URL": settings.public_url,
        "RISKENGINE_ACCOUNTS": settings.accounts,
        "RISKENGINE_CASEBOOK": settings.casebook,
        "RISKENGINE_CASEBOOK_KEYS": settings.casebook_keys,
        "RISKENGINE_WORKERS": str(settings.workers),
    }
    with (folder / "serve.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "riskengine", "serve"],
            env=environment, stdout=log, stderr=log,
        )  # fmt: skip
        (folder / "serve.pid").write_text(str(process.pid))
        try:
            until = time.monotonic() + 300
            while True:
                try:
                    socket.create_connection(("127.0.0.1", settings.port), 0.5).close()
                    break
                except OSError:
                    if time.monotonic() > until or process.poll() is not None:
                        raise SystemExit(
                            f"the service did not start: {folder}/serve.log"
                        ) from None
                    time.sleep(0.2)
            yield
        finally:
            process.terminate()
            process.wait(60)


def processor_seconds(folder: Path) -> float:
    """Seconds of processor time of the service so far; other work on the machine has no part."""
    first = int((folder / "serve.pid").read_text())
    ticks = 0.0
    for place in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            fields = (place / "stat").read_text().rpartition(")")[2].split()
            if int(place.name) == first or int(fields[1]) == first:
                ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


class Client:
    """One official with a connection and a session."""

    def __init__(self, port: int, user: str) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        self.cookie = ""
        body = json.dumps({"user": user, "password": PASSWORD})
        self.connection.request("POST", "/v1/session", body, {"Content-Type": "application/json"})
        answer = self.connection.getresponse()
        content = answer.read()
        assert answer.status == 200, content
        self.cookie = "; ".join(
            value.partition(";")[0] for name, value in answer.getheaders()
            if name.lower() == "set-cookie"
        )  # fmt: skip

    def get(self, path: str) -> bytes:
        try:
            self.connection.request("GET", path, headers={"Cookie": self.cookie})
            answer = self.connection.getresponse()
        except http.client.RemoteDisconnected:
            # the service ends a connection on which nothing came for ten seconds
            self.connection.close()
            self.connection.request("GET", path, headers={"Cookie": self.cookie})
            answer = self.connection.getresponse()
        content = answer.read()
        assert answer.status == 200, (path, answer.status, content[:500])
        return content


def pages(chance: random.Random, cases: list[str], people: int) -> dict[str, str]:
    """One address of each page, with a case, office or filter drawn at random."""
    office = office_of(chance.randrange(people))
    number = chance.randrange(1, 20)
    due = chance.choice(["overdue", "7", "30", "new"])
    return {
        "caseload, own": "/caseload",
        "caseload, district": f"/caseload?who=all&due={due}",
        "caseload, office": f"/caseload?who=all&office={office}",
        "caseload, tier, later page": f"/caseload?who=all&tier=ordinary&page={number}",
        "due list, own": "/due?due=30",
        "due list, office": f"/due?who=all&due=90&office={office}",
        "case": f"/cases/{chance.choice(cases)}",
        "approver's queue": "/approvals",
        "reviewer's desk": "/overview",
        "API due list": "/v1/tasks",
        "API due list, own, by kind": "/v1/tasks?kind=review_due",
        "API cases": f"/v1/cases?office={office}",
    }


def work(client: Client, seed: int, cases: list[str], people: int, until: float,
         begin: float, times: Times) -> None:  # fmt: skip
    chance = random.Random(seed)
    while time.monotonic() < until:
        name, path = chance.choice(list(pages(chance, cases, people).items()))
        began = time.perf_counter()
        client.get(path)
        if time.monotonic() >= begin:
            times.setdefault(name, []).append(time.perf_counter() - began)


def measure(settings: Settings, folder: Path, cases: list[str], given: Any) -> Times:
    """Let the clients work; return seconds by page."""
    with served(settings, folder):
        began = time.perf_counter()
        clients = [
            Client(settings.port, officer_of(number * PER_OFFICER))
            for number in range(given.clients)
        ]
        print(f"signing in: {(time.perf_counter() - began) / len(clients) * 1000:.0f} ms each")
        alone: Times = {}
        spent: dict[str, float] = {}
        for name, path in pages(random.Random(1), cases, given.people).items():
            clients[0].get(path)
            before = processor_seconds(folder)
            for _ in range(LONE):
                began = time.perf_counter()
                clients[0].get(path)
                alone.setdefault(name, []).append(time.perf_counter() - began)
            spent[name] = (processor_seconds(folder) - before) / LONE
        parts: list[Times] = [{} for _ in clients]
        begin = time.monotonic() + 3
        threads = [
            threading.Thread(
                target=work,
                args=(client, seed, cases, given.people, begin + given.seconds, begin, part),
            )
            for seed, (client, part) in enumerate(zip(clients, parts, strict=True))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    together: Times = {}
    for part in parts:
        for name, seconds in part.items():
            together.setdefault(name, []).extend(seconds)
    everything = sorted(one for seconds in together.values() for one in seconds)
    print(f"{len(everything) / given.seconds:.0f} pages a second")
    print("| page | processor ms | alone p50 ms | p50 ms | p99 ms | pages |")
    print("|---|---|---|---|---|---|")
    for name in [*alone, "all"]:
        seconds = sorted(together.get(name, []) if name != "all" else everything)
        if seconds:
            lone = f"{statistics.median(alone[name]) * 1000:.0f}" if name in alone else ""
            busy = f"{spent[name] * 1000:.0f}" if name in spent else ""
            print(
                f"| {name} | {busy} | {lone} "
                f"| {statistics.median(seconds) * 1000:.0f} "
                f"| {seconds[int(0.99 * (len(seconds) - 1))] * 1000:.0f} | {len(seconds)} |"
            )
    return together


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--database", help="of the record; a SQLite file in the folder if missing")
    parser.add_argument("--folder", type=Path, help="keep everything there, and use what is there")
    parser.add_argument("--check", action="store_true", help="verify the record first")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = given.folder or Path(place)
        folder.mkdir(parents=True, exist_ok=True)
        settings = settings_in(folder, given.database, port=free_port(), workers=given.workers)
        cases = prepare(settings, given.people, given.clients)
        if given.check:
            book = open_book(settings)
            events, sound, same = check(book, DISTRICT, sample=200)
            book.engine.dispose()
            print(f"{events:,} events, sound: {sound}; 200 people made anew, the same: {same}")
        load = os.getloadavg()[0]
        print(f"load before: {load:.1f}, {os.cpu_count()} cores, {given.workers} workers")
        measure(settings, folder, cases, given)
        print(f"load after: {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
