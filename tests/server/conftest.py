"""One service for the tests, and clients whose every answer is held against its description."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from jsonschema import Draft202012Validator
from starlette.testclient import TestClient

from riskengine.server.accounts.database import transaction
from riskengine.server.accounts.keys import add_key
from riskengine.server.accounts.users import add_user
from riskengine.server.app import create_app
from riskengine.server.services import make_record
from riskengine.server.settings import District, Settings
from riskengine.text import Text

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "a heron over Qinghe 7"
STAFF = {
    "S-1": ("main", ["officer"]),
    "S-2": ("main", ["officer"]),
    "S-3": ("main", ["approver"]),
    "S-4": ("main", ["reviewer"]),
    "S-5": ("main", ["analyst"]),
    "S-6": ("main", ["administrator"]),
    "S-7": ("main", ["officer", "approver"]),
    "S-9": ("other", ["officer", "approver", "reviewer"]),
}


class Clock:
    """A clock that stands until somebody moves it."""

    def __init__(self) -> None:
        self.at = datetime(2026, 3, 2, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.at += timedelta(milliseconds=1)
        return self.at

    def forward(self, **span: float) -> None:
        self.at += timedelta(**span)


def settings_in(folder: Path, **changes: Any) -> Settings:
    districts = {
        name: District(title=Text(zh="编造的地区", en="A made-up district"))
        for name in ("main", "other")
    }
    given = {
        "public_url": "http://localhost",
        "accounts": f"sqlite:///{folder / 'accounts.sqlite'}",
        "casebook": f"sqlite:///{folder / 'casebook.sqlite'}",
        "casebook_keys": str(folder / "keys"),
        "time_zone": "Asia/Shanghai",
        "districts": districts,
    }
    return Settings(**{**given, **changes})


def conforms(app: Any, response: httpx.Response) -> None:
    """Check an answer against the description of the API: status, headers, and content."""
    path = response.request.url.path
    assert response.headers["x-request-id"]
    assert response.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in response.headers["content-security-policy"]
    assert response.status_code < 500 or response.status_code == 503, response.text
    if response.status_code >= 400:
        assert response.headers["content-type"] == "application/problem+json"
        validator(app, "ProblemDocument").validate(response.json())
    operation = described(app, response.request.method, path)
    if operation is None or response.status_code in (404, 405) and operation is None:
        return
    answers = operation["responses"]
    assert str(response.status_code) in answers, (path, response.status_code, response.text)
    content = answers[str(response.status_code)].get("content", {})
    kind = response.headers.get("content-type", "").partition(";")[0]
    if response.content and content:
        assert kind in content, (kind, list(content))
        schema = content[kind].get("schema")
        if schema and kind.endswith("json"):
            compiled(json.dumps(rooted(app, schema))).validate(response.json())


def described(app: Any, method: str, path: str) -> dict[str, Any] | None:
    for template, operations in app.openapi()["paths"].items():
        pattern = re.sub(r"\\?\{\w+\\?\}", "[^/]+", re.escape(template))
        if re.fullmatch(pattern, path) and method.lower() in operations:
            return operations[method.lower()]
    return None


def rooted(app: Any, schema: dict[str, Any]) -> dict[str, Any]:
    return {**schema, "components": app.openapi()["components"]}


@lru_cache(maxsize=200)
def compiled(schema: str) -> Draft202012Validator:
    return Draft202012Validator(json.loads(schema))


def validator(app: Any, name: str) -> Draft202012Validator:
    ref = {"$ref": f"#/components/schemas/{name}"}
    return compiled(json.dumps(rooted(app, ref)))


class Client(TestClient):
    """A client of which every answer is held against the description of the API."""

    csrf = ""

    def request(self, method: str, url: Any, **given: Any) -> httpx.Response:
        headers = dict(given.pop("headers", None) or {})
        if self.csrf:
            headers.setdefault("X-CSRF-Token", self.csrf)
        headers.setdefault("Accept-Language", "en")
        response = super().request(method, url, headers=headers, **given)
        conforms(self.app, response)
        return response

    def act(self, path: str, body: dict[str, Any] | None = None, **headers: str) -> dict[str, Any]:
        response = self.post(path, json=body or {}, headers=headers)
        assert response.status_code == 201, response.text
        return response.json()


class Service:
    """An application with its clock, its accounts, and clients for its people."""

    def __init__(self, folder: Path, **changes: Any) -> None:
        self.clock = Clock()
        self.settings = settings_in(folder, **changes)
        make_record(self.settings)
        self.app = create_app(self.settings, clock=self.clock)
        self.here = self.app.state.services
        with transaction(self.here.accounts) as session:
            for user, (district, roles) in STAFF.items():
                add_user(
                    session, user, name=f"name of {user}", roles={district: roles},
                    password=PASSWORD, now=self.here.now(), must_change=False,
                )  # fmt: skip

    def client(self) -> Client:
        return Client(self.app, base_url="http://localhost", raise_server_exceptions=False)

    def signed_in(self, user: str) -> Client:
        client = self.client()
        response = client.post("/v1/session", json={"user": user, "password": PASSWORD})
        assert response.status_code == 200, response.text
        client.csrf = response.json()["csrf"]
        return client

    def key(self, *scopes: str, user: str | None = None, district: str = "main") -> str:
        with transaction(self.here.accounts) as session:
            token, _ = add_key(
                session, label="a case system", district=district, scopes=scopes, user=user,
                now=self.here.now(),
            )  # fmt: skip
        return token

    def with_key(self, *scopes: str, user: str | None = None, district: str = "main") -> Client:
        client = self.client()
        client.headers["Authorization"] = (
            f"Bearer {self.key(*scopes, user=user, district=district)}"
        )
        return client


@pytest.fixture(scope="session", autouse=True)
def quick_passwords() -> None:
    """Real argon2 with small parameters: the tests sign in hundreds of times."""
    from argon2 import PasswordHasher

    from riskengine.server.accounts import passwords

    passwords._hasher = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1)
    passwords._nobody.cache_clear()


@pytest.fixture(scope="session")
def shared(tmp_path_factory) -> Service:
    """One service for tests that leave no trace others would stumble over."""
    return Service(tmp_path_factory.mktemp("service"))


@pytest.fixture
def service(tmp_path) -> Service:
    """A service of its own."""
    return Service(tmp_path)


@pytest.fixture(scope="session")
def assessment() -> dict[str, Any]:
    path = ROOT / "examples/assessments/04_parolee_with_warning.json"
    return json.loads(path.read_text(encoding="utf-8"))
