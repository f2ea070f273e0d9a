"""Whole rounds by many at once, with kill -9 in the middle: is anything lost or half there?

    python benchmarks/durability.py --clients 32 --seconds 60 --kills 20

Clients decide through the record's own functions (``--through functions``: processes with eight
threads each, and a kill ends one of the processes) or through the HTTP API (``--through http``: a
kill ends the service with all its workers). On PostgreSQL some kills end the database server
itself. What a client was told is written down by somebody else; after every kill it must stand in
the record, the chains must verify, and the read tables must be what a rebuild makes of the events.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))
import common  # noqa: F401, I001  (puts the checkout on the path)

from sqlalchemy import select

from riskengine import Engine
from riskengine.casebook.actors import Actor, Role
from riskengine.casebook.assessing import sign
from riskengine.casebook.cases import open_case
from riskengine.casebook.database import Casebook, connect, reading, writing
from riskengine.casebook.deciding import decide, propose
from riskengine.casebook.places import migrate
from riskengine.casebook.rebuild import rebuild
from riskengine.casebook.revealing import record_own_view, reveal
from riskengine.casebook.rules import find_rules
from riskengine.casebook.schema import AssessmentRow, CaseRow, DecisionRow, ProposalRow
from riskengine.casebook.sealing import MasterKey
from riskengine.casebook.verify import verify
from riskengine.policy.tiers import Tier

DISTRICT = "main"
SECRET = b"k" * 32
GROUNDS = "近三个月按时报到，工作稳定"
THREADS = 8
TABLES = {"case": CaseRow, "proposal": ProposalRow, "decision": DecisionRow}
Told = Callable[[str, str], None]


def example() -> dict[str, Any]:
    (path,) = (common.CHECKOUT / "examples" / "assessments").glob("07_*.json")
    raw: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    del raw["person"], raw["id"]
    return raw


def book_of(url: str) -> Casebook:
    return Casebook(connect(url), MasterKey.of(SECRET), find_rules())


def by_functions(book: Casebook, engine: Engine, person: str, told: Told) -> None:
    """One whole round, each act committed by itself and then told."""
    officer = Actor("S-1", "S-1", DISTRICT, frozenset([Role.OFFICER]))
    approver = Actor("P-1", "P-1", DISTRICT, frozenset([Role.APPROVER]))

    def now() -> datetime:
        return datetime.now(UTC)

    with writing(book, DISTRICT) as tx:
        case = open_case(tx, officer, person=person, office="office", at=now())
    told("case", case)
    with writing(book, DISTRICT) as tx:
        signed = sign(tx, officer, case, example(), engine=engine, at=now())
    told("signed", signed)
    with writing(book, DISTRICT) as tx:
        record_own_view(tx, officer, signed, tier=Tier.ORDINARY, grounds=GROUNDS, at=now())
    told("own_view", signed)
    with writing(book, DISTRICT) as tx:
        found = reveal(tx, officer, signed, engine=engine, at=now())
    told("revealed", signed)
    with writing(book, DISTRICT) as tx:
        proposal = propose(
            tx, officer, signed, tier=found.tiers[0].tier, grounds=GROUNDS, at=now()
        )
    told("proposal", proposal)
    with writing(book, DISTRICT) as tx:
        decision = decide(tx, approver, proposal, grounds=GROUNDS, at=now())
    told("decision", decision)


def worker(url: str, name: str, threads: int, out: int, engine: Engine) -> None:
    """Decide without end in some threads; a line for everything that was committed."""
    book = book_of(url)

    def told(kind: str, what: str) -> None:
        os.write(out, f"{kind} {what}\n".encode())

    def go_on(number: int) -> None:
        rounds = 0
        while True:
            rounds += 1
            try:
                by_functions(book, engine, f"K-{name}-{number}-{rounds}", told)
            except Exception as error:
                # the database is gone for a moment: nothing was told, so nothing is owed
                said = " ".join(str(error).split())[:100]
                told("error", f"{type(error).__name__}: {said}")
                time.sleep(0.2)

    for number in range(threads):
        threading.Thread(target=go_on, args=(number,), daemon=True).start()
    threading.Event().wait()


class Http:
    """A client of the service with the keys of an officer and an approver."""

    def __init__(self, port: int, keys: dict[str, str]) -> None:
        self.port, self.keys = port, keys
        self.connection: http.client.HTTPConnection | None = None

    def post(self, who: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        if self.connection is None:
            self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {
            "Authorization": f"Bearer {self.keys[who]}", "Content-Type": "application/json",
            "Idempotency-Key": f"{random.getrandbits(64):x}",
        }  # fmt: skip
        try:
            self.connection.request("POST", f"/v1{path}", json.dumps(body), headers)
            answer = self.connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException):
            self.connection.close()
            self.connection = None
            raise
        if answer.status not in (200, 201):
            raise OSError(f"{path}: {answer.status} {content[:300]!r}")
        found: dict[str, Any] = json.loads(content)
        return found

    def round(self, person: str, told: Told) -> None:
        """One whole round; what the service answered is told."""
        case = self.post("officer", "/cases", {"person": person, "office": "office"})["case"]
        told("case", case)
        signed = self.post("officer", f"/cases/{case}/assessments", {"assessment": example()})
        name = signed["assessment"]
        told("signed", name)
        view = {"tier": "ordinary", "grounds": GROUNDS}
        self.post("officer", f"/assessments/{name}/own-view", view)
        told("own_view", name)
        found = self.post("officer", f"/assessments/{name}/recommendation", {})
        told("revealed", name)
        body = {"tier": found["tiers"][0]["tier"], "grounds": GROUNDS}
        proposal = self.post("officer", f"/assessments/{name}/proposals", body)["proposal"]
        told("proposal", proposal)
        done = self.post("approver", f"/proposals/{proposal}/decision", {"grounds": GROUNDS})
        told("decision", done["decision"])


@dataclass
class Ledger:
    """What clients were told, kept outside of everything that is killed."""

    told: list[tuple[str, str]] = field(default_factory=list)
    errors: dict[str, int] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, kind: str, what: str) -> None:
        with self.lock:
            self.told.append((kind, what))

    def error(self, line: str) -> None:
        with self.lock:
            self.errors[line[:120]] = self.errors.get(line[:120], 0) + 1

    def count(self, kind: str) -> int:
        return sum(one == kind for one, _ in self.told)


def check(book: Casebook, ledger: Ledger) -> list[str]:
    """Everything that is wrong, in words; empty where nothing is."""
    wrong = []
    told = list(ledger.told)
    with reading(book) as tx:
        found = verify(tx)
        wrong += [one.text("en") for one in found.findings]
        there = {kind: set(tx.session.scalars(select(row.id))) for kind, row in TABLES.items()}
        rows = tx.session.execute(
            select(AssessmentRow.id, AssessmentRow.own_tier, AssessmentRow.revealed_at)
        ).all()
        there["signed"] = {row.id for row in rows}
        there["own_view"] = {row.id for row in rows if row.own_tier is not None}
        there["revealed"] = {row.id for row in rows if row.revealed_at is not None}
    wrong += [f"lost: {kind} {what}" for kind, what in told if what not in there[kind]]
    with writing(book, DISTRICT) as tx:
        wrong += [f"differs: {name}" for name in rebuild(tx).differing]
    return wrong


class Postgres:
    """A cluster of its own that can be killed and started again."""

    def __init__(self, place: str) -> None:
        from tests.support.postgres import binaries

        folder = binaries()
        if folder is None:
            raise SystemExit("no PostgreSQL here")
        as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        self.prefix = as_user if os.geteuid() == 0 else []
        self.place, self.data, self.folder = place, f"{place}/data", folder
        if self.prefix:
            shutil.chown(place, "postgres", "postgres")
        self._run("initdb", "-D", self.data, "-U", "postgres", "-A", "trust", "-E", "UTF8",
                  "--locale=C.UTF-8")  # fmt: skip
        self.start()

    def _run(self, program: str, *given: str) -> None:
        subprocess.run(
            [*self.prefix, str(self.folder / program), *given], check=True, cwd=self.place,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    @property
    def url(self) -> str:
        return f"postgresql+psycopg://postgres@/postgres?host={self.place}"

    def start(self) -> None:
        options = f"-c listen_addresses='' -k {self.place} -c max_connections=200"
        for attempt in range(50):
            try:
                self._run("pg_ctl", "-D", self.data, "-w", "-o", options, "start")
                return
            except subprocess.CalledProcessError:
                # its old children may still hold the memory for a moment
                if attempt == 49:
                    raise
                time.sleep(0.2)

    def kill(self) -> None:
        """End the server and all its processes with SIGKILL, as a power cut would."""
        first = int(Path(self.data, "postmaster.pid").read_text().split()[0])
        listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(first)], stdout=subprocess.PIPE)
        for pid in (first, *map(int, listed.stdout.split())):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.3)

    def stop(self) -> None:
        with contextlib.suppress(subprocess.CalledProcessError):
            self._run("pg_ctl", "-D", self.data, "-w", "-m", "immediate", "stop")


@contextmanager
def database(kind: str) -> Iterator[tuple[str, Postgres | None]]:
    """URL of a new, empty record."""
    with tempfile.TemporaryDirectory(prefix="dur", dir="/tmp") as place:
        cluster = None
        if kind == "postgresql":
            cluster = Postgres(place)
            url = cluster.url
        else:
            url = f"sqlite:///{place}/record.db"
        try:
            book = book_of(url)
            migrate(book.engine)
            book.engine.dispose()
            yield url, cluster
        finally:
            if cluster is not None:
                cluster.stop()


@dataclass
class Workers:
    """Processes of clients, each a fork with the engine loaded, and what they said so far.

    They write into a file by single calls of the system: what is in it was said before the kill.
    """

    ledger: Ledger
    place: Path
    pids: list[int] = field(default_factory=list)
    read: int = 0

    @classmethod
    def start(
        cls, url: str, engine: Engine, ledger: Ledger, place: Path, run: str, clients: int
    ) -> Workers:
        """Start as many as the clients need, of up to `THREADS` threads each."""
        found = cls(ledger, place / f"told-{run}")
        out = os.open(found.place, os.O_CREAT | os.O_WRONLY | os.O_APPEND)
        threads = min(THREADS, clients)
        for number in range(max(1, clients // threads)):
            pid = os.fork()
            if not pid:
                try:
                    worker(url, f"{run}-{number}", threads, out, engine)
                finally:
                    os._exit(1)
            found.pids.append(pid)
        os.close(out)
        return found

    def listen(self) -> None:
        """Take over into the ledger what was said since."""
        with self.place.open("rb") as file:
            file.seek(self.read)
            data = file.read()
        whole = data[: data.rfind(b"\n") + 1]
        self.read += len(whole)
        for line in whole.decode().splitlines():
            kind, _, what = line.partition(" ")
            if kind == "error":
                self.ledger.error(what)
            else:
                self.ledger(kind, what)

    def kill(self, how_many: int) -> None:
        """End some of them with SIGKILL."""
        for pid in self.pids[:how_many]:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        self.pids = self.pids[how_many:]

    def sleep(self, seconds: float) -> None:
        """Wait, and listen."""
        time.sleep(seconds)
        self.listen()


def run_functions(
    url: str,
    cluster: Postgres | None,
    *,
    clients: int,
    seconds: float,
    kills: int,
    run: int = 0,
    every: int = 4,
) -> tuple[Ledger, list[str]]:
    """Let clients decide, kill in the middle as often as asked, and check after each.

    Every ``every``-th kill ends the database server, where there is one.
    """
    ledger, wrong = Ledger(), []
    chance, engine = random.Random(run), Engine.load()
    with tempfile.TemporaryDirectory() as place:
        for kill in range(kills + 1):
            before = ledger.count("decision")
            some = Workers.start(url, engine, ledger, Path(place), f"{run}-{kill}", clients)
            until = time.monotonic() + 120
            while ledger.count("decision") == before and time.monotonic() < until:
                some.sleep(0.05)
            some.sleep(seconds if kill == kills else seconds * chance.uniform(0.5, 1.5))
            if kill < kills:
                if cluster is not None and kill % every == every - 1:
                    cluster.kill()
                    cluster.start()
                    some.sleep(seconds)
                else:
                    # one process dies in the middle of what it does, the others go on
                    some.kill(1)
                    some.sleep(seconds / 2)
            some.kill(len(some.pids))
            some.listen()
            book = book_of(url)
            wrong += check(book, ledger)
            book.engine.dispose()
    return ledger, wrong


def run_http(
    url: str, cluster: Postgres | None, *, clients: int, seconds: float, kills: int
) -> tuple[Ledger, list[str], float]:
    """The same through the service with two workers, which is what is killed."""
    import base64

    from service_pages import free_port

    from riskengine.server.accounts.database import open_accounts, transaction
    from riskengine.server.accounts.keys import add_key
    from riskengine.server.accounts.users import add_user

    ledger, wrong, rate = Ledger(), [], 0.0
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        environment = {
            **os.environ, "RISKENGINE_PORT": str(port),
            "RISKENGINE_PUBLIC_URL": f"http://127.0.0.1:{port}",
            "RISKENGINE_ACCOUNTS": f"sqlite:///{folder}/accounts.sqlite",
            "RISKENGINE_CASEBOOK": url, "RISKENGINE_CASEBOOK_KEYS": f"{folder}/keys",
            "RISKENGINE_MASTER_KEY": base64.b64encode(SECRET).decode(),
            "RISKENGINE_WORKERS": "2",
        }  # fmt: skip
        accounts, keys = open_accounts(environment["RISKENGINE_ACCOUNTS"]), {}
        with transaction(accounts) as session:
            for user in ("officer", "approver"):
                now = int(time.time())
                add_user(session, user, name=user, roles={DISTRICT: [user]}, password=None,
                         now=now)  # fmt: skip
                keys[user], _ = add_key(
                    session, label=user, district=DISTRICT, user=user, now=now,
                    scopes=["casebook:read", "casebook:write", "casebook:decide"],
                )  # fmt: skip
        accounts.dispose()
        for kill in range(kills + 1):
            with open(f"{folder}/serve.log", "ab") as log:
                service = subprocess.Popen(
                    [sys.executable, "-m", "riskengine", "serve"], env=environment,
                    stdout=log, stderr=log, start_new_session=True,
                )  # fmt: skip
            stopped = threading.Event()

            def go_on(number: int, kill: int = kill, stopped: threading.Event = stopped) -> None:
                one, rounds = Http(port, keys), 0
                while not stopped.is_set():
                    rounds += 1
                    try:
                        one.round(f"H-{kill}-{number}-{rounds}", ledger)
                    except (OSError, http.client.HTTPException) as error:
                        ledger.error(f"{type(error).__name__}: {error}")
                        time.sleep(0.3)

            threads = [threading.Thread(target=go_on, args=(n,)) for n in range(clients)]
            for thread in threads:
                thread.start()
            before, until = ledger.count("decision"), time.monotonic() + 120
            while ledger.count("decision") == before and time.monotonic() < until:
                time.sleep(0.05)
            began, first = time.monotonic(), ledger.count("decision")
            time.sleep(seconds)
            rate = (ledger.count("decision") - first) / (time.monotonic() - began)
            if cluster is not None and kill % 4 == 3:
                cluster.kill()
                cluster.start()
                time.sleep(seconds)
            os.killpg(service.pid, signal.SIGKILL)
            stopped.set()
            service.wait()
            for thread in threads:
                thread.join()
            book = book_of(url)
            wrong += check(book, ledger)
            book.engine.dispose()
    return ledger, wrong, rate


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=60, help="of the run without a kill")
    parser.add_argument("--kills", type=int, default=20, help="split between the databases")
    parser.add_argument("--each", type=float, default=3, help="seconds before a kill")
    parser.add_argument("--through", choices=("functions", "http"), default="functions")
    parser.add_argument("--on", choices=("sqlite", "postgresql"), action="append")
    given = parser.parse_args()
    kinds = given.on or ["sqlite", "postgresql"]
    print(f"load before: {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores, {given.through}")
    for kind in kinds:
        with database(kind) as (url, cluster):
            kills = given.kills // len(kinds)
            sizes = {"clients": given.clients, "seconds": given.each}
            if given.through == "functions":
                ledger, wrong = run_functions(url, cluster, kills=kills, **sizes)
                print(_line(kind, f"{kills} kills", ledger, wrong))
                began = time.monotonic()
                sizes["seconds"] = given.seconds
                ledger, wrong = run_functions(url, cluster, kills=0, run=1, **sizes)
                rate = ledger.count("decision") / (time.monotonic() - began)
                print(_line(kind, f"{given.seconds:.0f} s", ledger, wrong))
                print(f"{kind}: {rate:.1f} decisions a second, start and check included")
            else:
                ledger, wrong, _ = run_http(url, cluster, kills=kills - 1, **sizes)
                print(_line(kind, f"{kills} kills", ledger, wrong))
    print(f"load after: {os.getloadavg()[0]:.1f}")


def _line(kind: str, what: str, ledger: Ledger, wrong: list[str]) -> str:
    for error, count in sorted(ledger.errors.items(), key=lambda pair: -pair[1])[:4]:
        print(f"  {count} times: {error}")
    for one in wrong[:10]:
        print(f"  WRONG {one}")
    return (
        f"{kind}, {what}: {len(ledger.told):,} acts acknowledged, "
        f"{ledger.count('decision'):,} decisions; wrong: {len(wrong)}"
    )


if __name__ == "__main__":
    main()
