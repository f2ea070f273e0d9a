"""`riskengine users`, `riskengine keys`, and the service that knows them."""

from __future__ import annotations

import re

import pytest
from typer.testing import CliRunner

from riskengine.cli import app
from riskengine.errors import RiskEngineError
from riskengine.server.app import create_app
from riskengine.server.services import make_record
from riskengine.server.settings import read_settings
from tests.server.conftest import Client


@pytest.fixture
def settings(tmp_path):
    path = tmp_path / "riskengine.toml"
    path.write_text(
        f'public_url = "http://localhost"\naccounts = "sqlite:///{tmp_path}/a.sqlite"\n'
        f'casebook = "sqlite:///{tmp_path}/c.sqlite"\ncasebook_keys = "{tmp_path}/keys"\n',
        encoding="utf-8",
    )
    return path


def run(*given):
    done = CliRunner().invoke(app, [str(one) for one in given])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.output.strip()


def test_a_user_from_first_password_to_the_end(settings):
    user, password = run(
        "users", "add", "S-1", "--name", "周禾", "--role", "officer", "--settings", settings
    ).split()
    found = read_settings(settings, {})
    make_record(found)
    client = Client(create_app(found), base_url="http://localhost")
    body = {"user": user, "password": password}
    who = client.post("/v1/session", json=body).json()
    assert who["must_change_password"] and who["roles"] == {"main": ["officer"]}
    _, again = run("users", "reset", "S-1", "--settings", settings).split()
    assert again != password
    assert client.post("/v1/session", json=body).status_code == 401
    body["password"] = again
    assert client.post("/v1/session", json=body).status_code == 200
    run("users", "roles", "S-1", "--role", "reviewer", "--settings", settings)
    assert "main:reviewer" in run("users", "list", "--settings", settings)
    run("users", "disable", "S-1", "--settings", settings)
    assert "disabled" in run("users", "list", "--settings", settings)
    assert client.post("/v1/session", json=body).status_code == 401
    run("users", "enable", "S-1", "--settings", settings)
    assert client.post("/v1/session", json=body).status_code == 200


def test_keys_are_shown_once(settings):
    key = run(
        "keys", "add", "case system", "--scope", "recommend", "--days", "30",
        "--settings", settings,
    )  # fmt: skip
    assert re.fullmatch(r"rk_[0-9a-f]{8}_[\w-]{43}", key)
    listed = run("keys", "list", "--settings", settings)
    assert key[:11] in listed and key not in listed and "until" in listed
    run("keys", "revoke", key[:11], "--settings", settings)
    assert "revoked" in run("keys", "list", "--settings", settings)


@pytest.mark.parametrize(
    "given, said",
    [
        (("users", "add", "S 1", "--name", "x", "--role", "officer"), "accepted"),
        (("users", "add", "S-1", "--name", "x", "--role", "chief"), "officer, approver"),
        (("users", "add", "S-1", "--name", "x", "--role", "far:officer"), "accepted: main"),
        (("users", "disable", "nobody"), "nobody"),
        (("keys", "add", "x", "--scope", "everything"), "recommend"),
        (("keys", "add", "x", "--scope", "casebook:read"), "named user"),
        (("keys", "add", "x", "--scope", "recommend", "--district", "far"), "accepted: main"),
        (("keys", "revoke", "rk_00000000"), "rk_00000000"),
    ],
)
def test_mistakes_say_what_is_accepted(settings, given, said):
    with pytest.raises(RiskEngineError, match=said):
        run(*given, "--settings", settings)


def test_a_key_is_never_made_for_a_record_that_exists(settings, tmp_path):
    found = read_settings(settings, {})
    assert make_record(found) is True
    assert make_record(found) is False
    (tmp_path / "keys" / "master.key").unlink()
    assert make_record(found) is False
    with pytest.raises(RiskEngineError, match="master.key"):
        create_app(found)


def test_the_demo_works_for_everybody_it_prints(tmp_path):
    from riskengine.server.demo import HERE, add_cases, add_staff, demo_settings

    found = demo_settings(tmp_path, port=8321)
    make_record(found)
    application = create_app(found)
    here = application.state.services
    people = add_cases(here)
    for one in add_staff(here):
        client = Client(application, base_url="http://localhost")
        body = {"user": one.user, "password": one.password}
        assert client.post("/v1/session", json=body).status_code == 200
        cases = client.get("/v1/cases")
        if one.district == HERE and {"officer", "approver", "reviewer"} & set(one.roles):
            assert len(cases.json()["entries"]) == people
            states = {
                state: len(client.get("/v1/proposals", params={"state": state}).json()["entries"])
                for state in ("open", "decided")
            }
            assert min(states.values()) >= 2
        elif one.district == HERE:
            assert cases.status_code == 403
        else:
            assert cases.json()["entries"] == []
    assert found.host == "127.0.0.1"
