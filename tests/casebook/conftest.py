from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url, text

from riskengine import Engine
from riskengine.casebook.actors import Actor, Role
from riskengine.casebook.database import Casebook, connect
from riskengine.casebook.errors import CasebookError
from riskengine.casebook.places import migrate
from riskengine.casebook.rules import find_rules
from riskengine.casebook.sealing import MasterKey
from tests.support.postgres import VARIABLE, server

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "assessments"
START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
DISTRICT = "330102"


@dataclass
class Clock:
    """A clock that a test winds: every look is a second later."""

    now: datetime = START

    def __call__(self, **more: float) -> datetime:
        self.now += timedelta(**more) if more else timedelta(seconds=1)
        return self.now


def actor(name: str, *roles: Role, district: str = DISTRICT) -> Actor:
    return Actor(id=name, name=name.title(), district=district, roles=frozenset(roles))


@dataclass
class Staff:
    officer: Actor = field(default_factory=lambda: actor("S-1", Role.OFFICER))
    other: Actor = field(default_factory=lambda: actor("S-2", Role.OFFICER))
    approver: Actor = field(default_factory=lambda: actor("P-1", Role.OFFICER, Role.APPROVER))
    reviewer: Actor = field(default_factory=lambda: actor("R-1", Role.REVIEWER))
    admin: Actor = field(default_factory=lambda: actor("A-1", Role.ADMINISTRATOR))
    stranger: Actor = field(default_factory=lambda: actor("S-9", *Role, district="510104"))


@pytest.fixture(scope="session")
def postgres() -> Iterator[str | None]:
    with server() as url:
        yield url


_names = itertools.count()


@pytest.fixture
def new_url(tmp_path, request) -> Iterator[Any]:
    """Make URLs of new, empty databases of the kind that the test runs on."""
    kind = getattr(request, "param", "sqlite")
    made: list[str] = []
    if kind == "sqlite":
        yield lambda: f"sqlite:///{tmp_path}/record-{next(_names)}.db"
        return
    base = request.getfixturevalue("postgres")
    if base is None:
        pytest.skip(f"no PostgreSQL here; name one in {VARIABLE}, or install its server")
    admin = connect(base).execution_options(isolation_level="AUTOCOMMIT")

    def new() -> str:
        name = f"riskengine_{tmp_path.parent.name}_{next(_names)}".replace("-", "_")
        with admin.connect() as connection:
            connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
            connection.execute(text(f'CREATE DATABASE "{name}"'))
        made.append(name)
        return make_url(base).set(database=name).render_as_string(hide_password=False)

    yield new
    with admin.connect() as connection:
        for name in made:
            connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
    admin.dispose()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every test of the record runs on SQLite and on PostgreSQL."""
    if "new_url" in metafunc.fixturenames:
        metafunc.parametrize("new_url", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def make_book(new_url) -> Iterator[Any]:
    books: list[Casebook] = []

    def make(node: str | None = None, secret: bytes = b"k" * 32) -> Casebook:
        engine = connect(new_url())
        migrate(engine)
        books.append(Casebook(engine, MasterKey.of(secret), find_rules(), node))
        return books[-1]

    yield make
    for book in books:
        book.engine.dispose()


@pytest.fixture
def book(make_book) -> Casebook:
    return make_book()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def staff() -> Staff:
    return Staff()


@pytest.fixture(scope="session")
def engine() -> Engine:
    return Engine.load()


def example(name: str, **answers: Any) -> dict[str, Any]:
    """A shipped assessment without the head that the record writes itself."""
    (path,) = EXAMPLES.glob(f"{name}_*.json")
    raw = json.loads(path.read_text(encoding="utf-8"))
    del raw["person"], raw["id"]
    raw["answers"] |= answers
    return raw


@contextmanager
def refused(code: str) -> Iterator[None]:
    """Expect a refusal with a code."""
    with pytest.raises(CasebookError) as caught:
        yield
    assert caught.value.code == code
