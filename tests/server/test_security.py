"""Sign-ins, sessions, forms from elsewhere, guesses, keys: what an attacker tries first."""

from __future__ import annotations

import logging
import sqlite3

import pytest
from starlette.testclient import TestClient

from riskengine.server.accounts.database import transaction
from riskengine.server.accounts.keys import revoke
from riskengine.server.accounts.users import add_user, disable, find_user, set_roles
from tests.server.conftest import PASSWORD, Service


def sign_in(client, user, password=PASSWORD, **headers):
    body = {"user": user, "password": password}
    return client.post("/v1/session", json=body, headers=headers)


# sessions


def test_a_cookie_no_script_reads_and_no_other_site_sends(shared):
    cookie = sign_in(shared.client(), "S-1").headers["set-cookie"]
    assert cookie.startswith("riskengine=")
    assert "HttpOnly" in cookie and "SameSite=lax" in cookie and "Domain" not in cookie


def test_with_tls_the_cookie_is_tied_to_the_host(tmp_path):
    service = Service(tmp_path, public_url="https://corrections.example")
    client = service.client()
    client.base_url = "https://corrections.example"
    response = sign_in(client, "S-1")
    cookie = response.headers["set-cookie"]
    assert cookie.startswith("__Host-riskengine=") and "Secure" in cookie and "Path=/" in cookie
    assert response.headers["strict-transport-security"]


def test_a_session_from_before_the_sign_in_is_not_taken_over(service):
    client = service.client()
    client.cookies.set("riskengine", "planted")
    sign_in(client, "S-1")
    token = client.cookies.get("riskengine", domain="localhost.local") or ""
    assert "planted" not in token
    planted = service.client()
    planted.cookies.set("riskengine", "planted")
    assert planted.get("/v1/session").status_code == 401


def test_two_sign_ins_are_two_sessions_and_signing_out_ends_one(service):
    first, second = service.signed_in("S-1"), service.signed_in("S-1")
    assert first.csrf != second.csrf
    assert first.delete("/v1/session").status_code == 204
    assert first.get("/v1/session").status_code == 401
    assert second.get("/v1/session").status_code == 200


def test_the_token_itself_is_not_kept(service, tmp_path):
    client = service.client()
    cookie = sign_in(client, "S-1").headers["set-cookie"]
    token = cookie.partition("=")[2].partition(";")[0]
    kept = b"".join(path.read_bytes() for path in tmp_path.glob("accounts.sqlite*"))
    assert len(token) >= 43 and token.encode() not in kept
    assert PASSWORD.encode() not in kept and b"$argon2id$" in kept


def test_a_session_ends_when_idle_and_in_any_case(service):
    client = service.signed_in("S-1")
    for _ in range(4):
        service.clock.forward(minutes=25)
        assert client.get("/v1/session").status_code == 200
    service.clock.forward(minutes=31)
    assert client.get("/v1/session").status_code == 401
    client = service.signed_in("S-1")
    for _ in range(24):
        service.clock.forward(minutes=25)
        status = client.get("/v1/session").status_code
    assert status == 401


def test_roles_and_disabling_hold_from_the_next_request(service):
    client = service.signed_in("S-1")
    with transaction(service.here.accounts) as session:
        set_roles(session, find_user(session, "S-1"), {"main": ["analyst"]})
    assert client.get("/v1/cases").status_code == 403
    with transaction(service.here.accounts) as session:
        disable(session, find_user(session, "S-1"), now=service.here.now())
    assert client.get("/v1/session").status_code == 401
    assert sign_in(service.client(), "S-1").status_code == 401


# forms from elsewhere


@pytest.mark.parametrize("token", [None, "", "wrong", "ünïcode"])
def test_a_change_without_the_sessions_csrf_token_is_refused(service, token):
    client = service.signed_in("S-1")
    client.csrf = ""
    headers = {} if token is None else {"X-CSRF-Token": token.encode()}
    body = {"person": "A-17", "office": "town"}
    response = client.post("/v1/cases", json=body, headers=headers)
    assert response.status_code == 403
    assert service.signed_in("S-1").get("/v1/cases").json()["entries"] == []


def test_the_token_of_another_session_does_not_do(service):
    mine, theirs = service.signed_in("S-1"), service.signed_in("S-2")
    mine.csrf = theirs.csrf
    assert mine.post("/v1/cases", json={"person": "A", "office": "t"}).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"}, {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"},
    ],
)  # fmt: skip
def test_other_sites_change_nothing_and_sign_nobody_in(service, headers):
    client = service.signed_in("S-1")
    body = {"person": "A-17", "office": "town"}
    assert client.post("/v1/cases", json=body, headers=headers).status_code == 403
    assert sign_in(service.client(), "S-1", **headers).status_code == 403


def test_the_own_site_may(service):
    client = service.signed_in("S-1")
    body = {"person": "A-17", "office": "town"}
    headers = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}
    assert client.post("/v1/cases", json=body, headers=headers).status_code == 201


# guesses


def test_nobody_learns_who_has_an_account(service):
    client = service.client()
    answers = []
    for user in ("S-1", "nobody"):
        for _ in range(7):
            response = sign_in(client, user, "wrong wrong wrong")
            body = response.json()
            body.pop("instance")
            answers.append((response.status_code, body))
    assert all(answer == answers[0] for answer in answers)


def test_as_much_work_for_a_name_that_does_not_exist(service, monkeypatch):
    from riskengine.server.accounts import passwords

    done = []
    real = passwords._hasher

    class Counting:
        def verify(self, *given):
            done.append(1)
            return real.verify(*given)

        def __getattr__(self, name):
            return getattr(real, name)

    monkeypatch.setattr(passwords, "_hasher", Counting())
    counts = []
    for user in ("S-1", "nobody"):
        done.clear()
        sign_in(service.client(), user, "wrong wrong wrong")
        counts.append(len(done))
    assert counts == [1, 1]


def test_guessing_locks_and_the_lock_ends(service):
    client = service.client()
    for _ in range(5):
        assert sign_in(client, "S-1", "wrong wrong wrong").status_code == 401
    assert sign_in(client, "S-1").status_code == 401
    assert sign_in(client, "S-2").status_code == 200
    service.clock.forward(minutes=16)
    assert sign_in(client, "S-1").status_code == 200


def test_one_address_does_not_try_everybody(service):
    client = service.client()
    for number in range(30):
        sign_in(client, f"user-{number}", "wrong wrong wrong")
    assert sign_in(client, "S-1").status_code == 401


def test_a_right_password_forgets_the_wrong_ones(service):
    client = service.client()
    for _ in range(3):
        for _ in range(4):
            sign_in(client, "S-1", "wrong wrong wrong")
        assert sign_in(client, "S-1").status_code == 200


# passwords


def test_the_first_password_must_be_changed(service):
    with transaction(service.here.accounts) as session:
        add_user(
            session, "S-20", name="new", roles={"main": ["officer"]}, password=PASSWORD,
            now=service.here.now(),
        )  # fmt: skip
    client = service.signed_in("S-20")
    assert client.get("/v1/session").json()["must_change_password"] is True
    refused = client.get("/v1/cases")
    assert refused.status_code == 403
    other = service.signed_in("S-20")
    body = {"old_password": PASSWORD, "new_password": "geese over the river 9"}
    response = client.post("/v1/session/password", json=body)
    client.csrf = response.json()["csrf"]
    assert client.get("/v1/cases").status_code == 200
    assert other.get("/v1/session").status_code == 401
    assert sign_in(service.client(), "S-20").status_code == 401
    assert sign_in(service.client(), "S-20", "geese over the river 9").status_code == 200


@pytest.mark.parametrize(
    "new, status",
    [
        ("short", 422), ("aaaaaaaaaaaaaaaa", 422), ("password12345", 422), ("S-1S-1S-1S-1x", 422),
        ("x" * 201, 422), (PASSWORD, 422), ("山高水长路遥马力知人心久", 200),
    ],
)  # fmt: skip
def test_new_passwords(service, new, status):
    client = service.signed_in("S-1")
    body = {"old_password": PASSWORD, "new_password": new}
    response = client.post("/v1/session/password", json=body)
    assert response.status_code == status
    assert new not in response.text


def test_the_old_password_is_needed_and_guessing_it_locks(service):
    client = service.signed_in("S-1")
    body = {"old_password": "wrong wrong wrong", "new_password": "geese over the river 9"}
    for _ in range(5):
        assert client.post("/v1/session/password", json=body).status_code == 401
    body["old_password"] = PASSWORD
    assert client.post("/v1/session/password", json=body).status_code == 401


def test_no_secret_is_logged(service, caplog):
    key = service.key("recommend")
    with caplog.at_level(logging.DEBUG):
        client = service.client()
        cookie = sign_in(client, "S-1").headers["set-cookie"].split(";")[0].partition("=")[2]
        sign_in(client, "S-1", "wrong wrong wrong")
        wrong = {"user": "S-1", "password": {"x": PASSWORD}, "more": PASSWORD}
        refused = client.post("/v1/session", json=wrong)
        client.get("/v1/cases", headers={"Authorization": f"Bearer {key}"})
    # the test's own client logs at the same level: only what the service itself says counts
    ours = [record for record in caplog.records if record.name.startswith("riskengine")]
    assert ours
    said = "\n".join(record.getMessage() for record in ours) + refused.text
    for secret in (PASSWORD, "wrong wrong wrong", cookie, key):
        assert secret not in said


# keys


def test_a_key_is_shown_once_and_kept_as_a_hash(service, tmp_path):
    key = service.key("recommend")
    kept = b"".join(path.read_bytes() for path in tmp_path.glob("accounts.sqlite*"))
    assert key.rpartition("_")[2].encode() not in kept
    assert key[:11].encode() in kept


def test_a_key_can_be_revoked_and_can_expire(service, assessment):
    from riskengine.server.accounts.keys import add_key

    body = {"assessment": assessment}
    client = service.with_key("recommend")
    assert client.post("/v1/recommendations", json=body).status_code == 200
    prefix = client.headers["Authorization"].removeprefix("Bearer ")[:11]
    with transaction(service.here.accounts) as session:
        revoke(session, prefix, now=service.here.now())
        token, _ = add_key(
            session, label="for a day", district="main", scopes=["recommend"], user=None,
            now=service.here.now(), expires_at=service.here.now() + 60,
        )  # fmt: skip
    assert client.post("/v1/recommendations", json=body).status_code == 401
    client.headers["Authorization"] = f"Bearer {token}"
    assert client.post("/v1/recommendations", json=body).status_code == 200
    service.clock.forward(minutes=2)
    assert client.post("/v1/recommendations", json=body).status_code == 401


def test_a_key_of_a_disabled_user_opens_nothing(service):
    client = service.with_key("casebook:read", user="S-1")
    assert client.get("/v1/cases").status_code == 200
    with transaction(service.here.accounts) as session:
        disable(session, find_user(session, "S-1"), now=service.here.now())
    assert client.get("/v1/cases").status_code == 401


def test_a_key_of_another_district_opens_only_that(service):
    client = service.with_key("casebook:read", user="S-1", district="other")
    assert client.get("/v1/cases").status_code == 403
    assert client.get("/v1/cases", params={"district": "main"}).status_code == 404


@pytest.mark.parametrize(
    "header",
    ["Bearer", "Bearer ", "Bearer x", "Basic UzE6eA==", "Bearer rk_00000000_x", "\xff",
     "Bearer " + "a" * 9000],
    ids=["empty", "blank", "short", "basic", "made up", "latin", "long"],
)  # fmt: skip
def test_other_keys_open_nothing(shared, header):
    headers = {"Authorization": header.encode("latin-1")}
    assert shared.client().get("/v1/cases", headers=headers).status_code == 401


# injection


@pytest.mark.parametrize(
    "text",
    ["' OR '1'='1", "1; DROP TABLE cases", '" --', "%", "\\", "x' UNION SELECT 1--", "../../etc"],
)
def test_sql_in_any_filter_finds_and_breaks_nothing(service, text):
    client = service.signed_in("S-1")
    client.act("/v1/cases", {"person": "A-17", "office": "town"})
    for path, names in (
        ("/v1/cases", ("person", "officer", "office", "tier", "cursor", "review_until")),
        ("/v1/tasks", ("person_in_charge", "kind", "due_until", "cursor")),
        ("/v1/proposals", ("state", "cursor")),
    ):
        for name in names:
            response = client.get(path, params={name: text})
            assert response.status_code in (200, 400, 422)
            if response.status_code == 200:
                assert response.json()["entries"] == []
    for path in (f"/v1/cases/{text}", f"/v1/assessments/{text}", f"/v1/drafts/{text}"):
        assert TestClient.request(client, "GET", path).status_code in (404, 422)
    assert len(client.get("/v1/cases").json()["entries"]) == 1


def test_text_with_markup_comes_back_as_json_and_is_never_sniffed(service):
    client = service.signed_in("S-1")
    case = client.act("/v1/cases", {"person": "A-17", "office": "town"})["case"]
    hostile = "<script>alert(1)</script>"
    draft = client.act(f"/v1/cases/{case}/drafts", {"assessment": {"answers": {"x": hostile}}})[
        "draft"
    ]
    response = client.get(f"/v1/drafts/{draft}")
    assert response.headers["content-type"] == "application/json"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.json()["assessment"]["answers"]["x"] == hostile


def test_the_accounts_database_keeps_its_migration(service, tmp_path):
    connection = sqlite3.connect(tmp_path / "accounts.sqlite")
    assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == ("a0001",)
    connection.close()


def test_the_migration_makes_the_tables_that_the_code_uses(service):
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    from riskengine.server.accounts.tables import Base

    with service.here.accounts.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
