"""A small district with its officials, an application, and browsers that are signed in."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="the extra `server` is not installed")

from fastapi import FastAPI
from fastapi.testclient import TestClient

from riskengine.server.accounts.database import transaction
from riskengine.server.accounts.users import add_user
from riskengine.server.app import create_app
from riskengine.server.services import make_record
from riskengine.server.settings import District, Sessions, Settings
from riskengine.text import Text

PASSWORD = "a long sentence for tests"
START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
STAFF = {
    "S-0417": ("周禾", "qinghe", ("officer",)),
    "S-0418": ("林溪", "qinghe", ("officer", "approver")),
    "S-0500": ("何川", "qinghe", ("approver",)),
    "S-0600": ("安宁", "qinghe", ("reviewer",)),
    "S-0800": ("白桥", "qinghe", ("administrator",)),
    "S-9001": ("外县", "linshui", ("officer", "approver", "reviewer")),
}


@dataclass
class Clock:
    """A clock that goes on by a second a look."""

    now: datetime = START

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


def settings_in(folder: Path, port: int = 8321) -> Settings:
    return Settings(
        port=port,
        public_url=f"http://127.0.0.1:{port}",
        accounts=f"sqlite:///{folder / 'accounts.sqlite'}",
        casebook=f"sqlite:///{folder / 'casebook.sqlite'}",
        casebook_keys=str(folder / "keys"),
        districts={
            "qinghe": District(title=Text(zh="清河县", en="Qinghe County")),
            "linshui": District(title=Text(zh="临水县", en="Linshui County")),
        },
        sessions=Sessions(
            idle_minutes=24 * 60, hours=24, attempts=5, attempts_from_one_address=100
        ),
    )


def application(folder: Path, clock: Clock, port: int = 8321) -> FastAPI:
    settings = settings_in(folder, port)
    make_record(settings)
    app = create_app(settings, clock=clock)
    here = app.state.services
    with transaction(here.accounts) as session:
        for user, (name, district, roles) in STAFF.items():
            add_user(
                session, user, name=name, roles={district: roles}, password=PASSWORD,
                now=here.now(), must_change=False,
            )  # fmt: skip
    return app


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def app(tmp_path: Path, clock: Clock) -> FastAPI:
    return application(tmp_path, clock)


class Browser:
    """What a browser without script does: follow links, fill in forms, press buttons."""

    def __init__(self, app: FastAPI, lang: str = "en") -> None:
        self.client = TestClient(app, base_url="http://127.0.0.1:8321", follow_redirects=True)
        self.client.cookies.set("riskengine-language", lang)
        self.page = ""
        self.status = 0
        self.path = "/"

    def get(self, path: str, **headers: str) -> str:
        return self._keep(self.client.get(path, headers={"accept": "text/html", **headers}))

    def post(self, path: str, token: bool = True, **fields: object) -> str:
        data = {name.replace("__", "."): value for name, value in fields.items()}
        if token:
            data["csrf_token"] = self.csrf
        return self._keep(self.client.post(path, data=data))

    def _keep(self, response) -> str:  # type: ignore[no-untyped-def]
        self.last = response
        self.page, self.status = response.text, response.status_code
        self.path = response.url.path
        self.headers = response.headers
        return self.page

    @property
    def csrf(self) -> str:
        found = re.search(r'name="csrf_token" value="([^"]+)"', self.page)
        return found[1] if found else ""

    def sign_in(self, user: str, password: str = PASSWORD, **more: str) -> "Browser":
        page = self.get("/sign-in")
        token = re.search(r'name="browser_token" value="([^"]+)"', page)
        assert token
        self.post(
            "/sign-in", token=False, user=user, password=password, browser_token=token[1], **more
        )
        return self


@pytest.fixture
def browser(app: FastAPI) -> Iterator[Callable[..., Browser]]:
    opened: list[Browser] = []

    def open_one(user: str | None = None, lang: str = "en") -> Browser:
        one = Browser(app, lang)
        opened.append(one)
        return one if user is None else one.sign_in(user)

    yield open_one
    for one in opened:
        one.client.close()
