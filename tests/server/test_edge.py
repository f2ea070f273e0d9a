"""Limits, headers, hosts, languages, and what anybody may read."""

from __future__ import annotations

import asyncio
import json
import logging
import tracemalloc

import pytest
from sqlalchemy.exc import InterfaceError, OperationalError, PendingRollbackError
from starlette.testclient import TestClient

from tests.server.conftest import Service


@pytest.fixture(scope="module")
def client(shared):
    return shared.with_key("recommend")


def test_ten_megabytes_are_refused_before_they_are_read(shared):
    """The body is never kept: what arrives beyond the limit ends the request."""
    taken = 0
    chunk = b"x" * 65_536

    async def receive():
        nonlocal taken
        taken += len(chunk)
        return {"type": "http.request", "body": chunk, "more_body": taken < 10 << 20}

    sent: list[dict] = []

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http", "method": "POST", "path": "/v1/session", "raw_path": b"/v1/session",
        "query_string": b"", "root_path": "", "scheme": "http", "http_version": "1.1",
        "headers": [(b"host", b"localhost"), (b"content-type", b"application/json")],
        "client": ("127.0.0.1", 5), "server": ("localhost", 80),
    }  # fmt: skip
    tracemalloc.start()
    asyncio.run(shared.app(scope, receive, send))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert sent[0]["status"] == 413
    assert taken <= shared.settings.limits.body_bytes + len(chunk)
    assert peak < 8 << 20


def test_a_declared_length_beyond_the_limit_is_refused_at_once(client):
    response = client.post(
        "/v1/recommendations",
        content=b"x" * (2 << 20),
        headers={"content-type": "application/json"},
    )
    assert response.status_code == 413
    assert response.headers["connection"] == "close"


def test_a_batch_may_be_larger_and_has_a_limit_too(client, assessment):
    rows = [{"assessment": {**assessment, "answers": {"a" * 1000: "b" * 1000}}}] * 700
    body = json.dumps({"rows": rows}).encode()
    assert 1 << 20 < len(body) < 8 << 20
    headers = {"content-type": "application/json"}
    found = client.post("/v1/recommendations:batch", content=body, headers=headers)
    assert found.status_code == 200
    assert client.post("/v1/recommendations", content=body, headers=headers).status_code == 413
    far = client.post("/v1/recommendations:batch", content=b"[" * (9 << 20), headers=headers)
    assert far.status_code == 413


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 500_000,
        b'{"a":' * 100_000,
        b'{"assessment":' + b"[" * 17 + b"]" * 17 + b"}",
        b'{"assessment":' + b'{"a":' * 60 + b"1" + b"}" * 60 + b"}",
    ],
    ids=["list bomb", "object bomb", "a little too deep", "objects too deep"],
)
def test_nested_json_is_refused(client, body):
    response = client.post(
        "/v1/recommendations", content=body, headers={"content-type": "application/json"}
    )
    assert response.status_code == 400
    assert "nested too deeply" in response.json()["detail"]


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"\xff\xfe", b'{"a":1,"a":2}', b'{"a":NaN}', b'{"a":1e999}',
        b'{"a":123456789012345678901234567890}', b'{"a":"\\ud800"}', b'{"a":"\\u0000"}',
    ],
)  # fmt: skip
def test_json_is_read_strictly(client, body):
    response = client.post(
        "/v1/recommendations", content=body, headers={"content-type": "application/json"}
    )
    assert response.status_code == 400


def test_other_content_types_are_refused(client):
    response = client.post("/v1/recommendations", content=b"{}")
    assert response.status_code == 415


def test_a_slow_body_is_given_up(tmp_path):
    from riskengine.server.settings import Limits

    service = Service(tmp_path, limits=Limits(read_seconds=0.2))

    async def receive():
        await asyncio.sleep(5)

    sent: list[dict] = []

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http", "method": "POST", "path": "/v1/session", "raw_path": b"/v1/session",
        "query_string": b"", "root_path": "", "scheme": "http", "http_version": "1.1",
        "headers": [(b"host", b"localhost"), (b"content-type", b"application/json")],
        "client": ("127.0.0.1", 5), "server": ("localhost", 80),
    }  # fmt: skip
    asyncio.run(asyncio.wait_for(service.app(scope, receive, send), 3))
    assert sent[0]["status"] == 408


def test_an_answer_that_takes_too_long_is_given_up(tmp_path, assessment, monkeypatch):
    import time

    from riskengine.server.api import recommendations
    from riskengine.server.settings import Limits

    service = Service(tmp_path, limits=Limits(answer_seconds=0.3))
    client = service.with_key("recommend")
    monkeypatch.setattr(recommendations, "recommend", lambda *_: time.sleep(1.5))
    response = client.post("/v1/recommendations", json={"assessment": assessment})
    assert response.status_code == 503
    assert "Idempotency-Key" in response.json()["detail"]


def test_a_fault_of_ours_says_its_number_and_nothing_else(shared, assessment, monkeypatch, caplog):
    from riskengine.server.api import recommendations

    def breaks(*_):
        raise ZeroDivisionError("secret of the inside")

    monkeypatch.setattr(recommendations, "recommend", breaks)
    client = shared.with_key("recommend")
    with caplog.at_level(logging.ERROR, "riskengine.server"):
        response = TestClient.request(
            client, "POST", "/v1/recommendations", json={"assessment": assessment}
        )
    assert response.status_code == 500
    assert "secret" not in response.text
    number = response.headers["x-request-id"]
    assert number in response.json()["instance"]
    assert number in caplog.text
    assert assessment["person"] not in caplog.text


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "", "[::2]"])
def test_other_host_names_are_not_served(shared, host):
    client = shared.client()
    response = TestClient.request(client, "GET", "/v1/health", headers={"Host": host})
    assert response.status_code == 421


def test_languages(shared):
    client = shared.client()
    for header, expected in (
        ("en", "en"), ("zh-CN,zh;q=0.9,en;q=0.8", "zh"), ("fr, en;q=0.5", "en"), ("*", "zh"),
        ("en;q=x", "zh"), ("zh;q=0.2, en-GB;q=0.7", "en"), ("", "zh"),
    ):  # fmt: skip
        response = client.get("/v1/nope", headers={"Accept-Language": header})
        assert response.headers["content-language"] == expected, header


def test_no_answer_lacks_the_headers_of_a_strict_page(shared):
    client = shared.client()
    for path in ("/v1/health", "/v1/nope", "/v1/openapi.json", "/v1/cases"):
        headers = client.get(path).headers
        assert "unsafe-inline" not in headers["content-security-policy"]
        assert headers["x-frame-options"] == "DENY"
        assert headers["referrer-policy"] == "no-referrer"
        assert "server" not in headers


def test_a_given_request_number_is_kept_and_a_strange_one_is_not(shared):
    client = shared.client()
    kept = client.get("/v1/health", headers={"X-Request-Id": "case-system-0001"})
    assert kept.headers["x-request-id"] == "case-system-0001"
    other = client.get("/v1/health", headers={"X-Request-Id": "a\tb<script>"})
    assert other.headers["x-request-id"] != "a\tb<script>"


def test_the_access_log_names_no_person(service, assessment, caplog):
    officer = service.signed_in("S-1")
    case = officer.act("/v1/cases", {"person": "A-17", "office": "town"})["case"]
    with caplog.at_level(logging.INFO, "riskengine.access"):
        officer.get(f"/v1/cases/{case}", params={"district": "main"})
        officer.get("/v1/cases", params={"person": "A-17"})
    assert "/v1/cases/{id}" in caplog.text
    assert case not in caplog.text and "A-17" not in caplog.text


def test_metrics_are_for_a_key_of_their_own(service):
    assert service.client().get("/v1/metrics").status_code == 401
    assert service.with_key("recommend").get("/v1/metrics").status_code == 403
    assert service.signed_in("S-1").get("/v1/metrics").status_code == 403
    text = service.with_key("metrics").get("/v1/metrics").text
    assert 'riskengine_requests_total{method="GET",route="/v1/metrics",status="401"} 1' in text
    assert 'le="+Inf"' in text
    assert 'riskengine_sign_ins_total{kind="accepted"} 1' in text


def test_models_policies_and_instruments_in_force(shared):
    client = shared.client()
    for kind in ("models", "policies", "instruments"):
        (entry,) = client.get(f"/v1/{kind}").json()["entries"]
        assert entry["districts"] == ["main", "other"]
        for name in (entry["name"], entry["name"].partition("@")[0]):
            response = client.get(f"/v1/{kind}/{name}")
            assert response.status_code == 200
        etag = response.headers["etag"]
        again = client.get(f"/v1/{kind}/{name}", headers={"If-None-Match": etag})
        assert (again.status_code, again.content) == (304, b"")
        assert client.get(f"/v1/{kind}/nope").status_code == 404


def test_a_file_that_is_answered_is_the_one_that_is_in_force(shared):
    from riskengine.policy.document import PolicyDocument
    from riskengine.store.lookup import find_policy

    found = shared.client().get("/v1/policies/cn_default").json()
    assert PolicyDocument.model_validate_json(json.dumps(found)) == find_policy("cn_default")[0]


def test_schemas(shared, assessment):
    from jsonschema import Draft202012Validator

    client = shared.client()
    for name in ("instrument", "scorecard", "policy", "recommendation", "explanation",
                 "person-notice", "record", "problem", "cn_community_corrections"):  # fmt: skip
        schema = client.get(f"/v1/schemas/{name}").json()
        Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(assessment)
    for name in ("nope", "..%2F..%2Fetc%2Fpasswd", "a" * 200):
        assert client.get(f"/v1/schemas/{name}").status_code in (404, 422)


NO_BODY = ("/v1/assessments/{id}/recommendation", "/v1/cases/{id}/packs/{whose}")


def test_the_description_is_whole(shared):
    described = shared.app.openapi()
    assert described["openapi"].startswith("3.1")
    text = json.dumps(described)
    names = {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert names <= set(described["components"]["schemas"])
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            assert operation.get("summary"), (method, path)
            if method == "post" and path not in NO_BODY:
                assert "requestBody" in operation, path
            if "401" in operation["responses"]:
                # signing in may fail, and needs nobody who is signed in
                assert bool(operation["security"]) is ((method, path) != ("post", "/v1/session"))
    assert "http://" not in text and "https://" not in text
    example = described["paths"]["/v1/recommendations"]["post"]["requestBody"]["content"]
    body = example["application/json"]["example"]
    client = shared.with_key("recommend")
    assert client.post("/v1/recommendations", json=body).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "methods"),
    [
        ("OPTIONS", "/v1/cases", "GET, POST"),
        ("PUT", "/v1/session", "DELETE, GET, POST"),
        ("DELETE", "/v1/cases/c-1/reads", "GET"),
        ("PATCH", "/sign-in", "GET, POST"),
    ],
)
def test_a_refused_method_names_those_that_are_accepted(shared, method, path, methods):
    response = shared.client().request(method, path)
    assert response.status_code == 405
    assert response.headers["allow"] == methods


@pytest.mark.parametrize("day", ["0", "1772409600", "2026-3-2", "20260302", "tomorrow"])
def test_a_day_in_an_address_is_written_out(shared, day):
    officer = shared.signed_in("S-1")
    for path in (f"/v1/cases?review_until={day}", f"/v1/tasks?due_until={day}"):
        assert officer.get(path).status_code == 422
        assert officer.get(path.replace(day, "2026-03-02")).status_code == 200


@pytest.mark.parametrize(
    "error",
    [
        OperationalError("SELECT 1", {}, Exception("the server closed the connection")),
        InterfaceError("SELECT 1", {}, Exception("the connection is closed")),
        PendingRollbackError("the connection was lost in the middle"),
    ],
)
def test_a_database_that_is_gone_is_no_fault_of_ours(shared, assessment, monkeypatch, error):
    from riskengine.server.api import recommendations

    def gone(*_):
        raise error

    monkeypatch.setattr(recommendations, "recommend", gone)
    response = shared.with_key("recommend").post(
        "/v1/recommendations", json={"assessment": assessment}
    )
    assert response.status_code == 503
    assert response.headers["Retry-After"] == "5"
    assert "SELECT" not in response.text
