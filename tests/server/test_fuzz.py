"""Whatever is sent, the service answers as its description says, and never with a 500.

Every answer goes through `conforms`, which checks status, content type and shape.
"""

from __future__ import annotations

import copy
import json
import os
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.server.conftest import Service

EXAMPLES = int(os.environ.get("RISKENGINE_FUZZ", "60"))
QUICK = settings(
    max_examples=EXAMPLES, deadline=None, derandomize=True, database=None,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip

scalars = (
    st.none() | st.booleans() | st.integers(-(10**18), 10**18)
    | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=30)
    | st.sampled_from(["", "2026-03-02", "9999-12-31", "0001-01-01", "strict", "S-1", "unknown"])
)  # fmt: skip
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4)
    ),
    max_leaves=12,
)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A service with a case, a signed assessment and a proposal, and clients of all kinds."""
    service = Service(tmp_path_factory.mktemp("fuzz"))
    clients = [service.signed_in(user) for user in ("S-1", "S-3", "S-4")]
    clients.append(service.with_key("recommend"))
    return service, clients


@pytest.fixture(scope="module")
def ids(world, assessment):
    officer = world[1][0]
    case = officer.act("/v1/cases", {"person": "A-1", "office": "town"})["case"]
    signed = officer.act(f"/v1/cases/{case}/assessments", {"assessment": assessment})
    draft = officer.act(f"/v1/cases/{case}/drafts", {})
    review = officer.act(f"/v1/cases/{case}/reviews", {"words": "x", "channel": "paper"})
    return [case, signed["assessment"], draft["draft"], review["review"], "nothing", "c-0"]


def operations(service: Service) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (method, path, operation)
        for path, found in sorted(service.app.openapi()["paths"].items())
        for method, operation in sorted(found.items())
        if path != "/v1/session"
    ]


def shaped(service: Service, schema: Any, depth: int = 0) -> st.SearchStrategy[Any]:
    """Values that look like what a schema describes, with something wrong now and then."""
    found = schema
    while "$ref" in found:
        found = service.app.openapi()["components"]["schemas"][found["$ref"].rpartition("/")[2]]
    if "enum" in found:
        return st.sampled_from(found["enum"]) | scalars
    if "anyOf" in found:
        return st.one_of([shaped(service, one, depth + 1) for one in found["anyOf"]])
    if found.get("properties") and depth < 5:
        fields = {
            name: shaped(service, one, depth + 1) for name, one in found["properties"].items()
        }
        return st.fixed_dictionaries({}, optional=fields) | st.fixed_dictionaries(fields)
    kinds = {
        "string": st.text(max_size=30) | st.sampled_from(["2026-03-02", "S-1", "town", "x" * 400]),
        "boolean": st.booleans(), "null": st.none(),
        "array": st.lists(values, max_size=3),
        "object": st.dictionaries(st.text(max_size=12), values, max_size=4),
    }  # fmt: skip
    return kinds.get(found.get("type", ""), values)


@QUICK
@given(data=st.data())
def test_every_address_with_anything(world, ids, data):
    service, clients = world
    method, path, operation = data.draw(st.sampled_from(operations(service)))
    client = data.draw(st.sampled_from(clients))
    address = path.replace("{id}", data.draw(st.sampled_from(ids)))
    address = address.replace("{name}", data.draw(st.sampled_from(["cn_default", "record", "x"])))
    address = address.replace("{whose}", data.draw(st.sampled_from(["person", "authority", "x"])))
    names = [p["name"] for p in operation.get("parameters", []) if p["in"] == "query"]
    query = {
        name: data.draw(st.text(max_size=20) | st.sampled_from(["main", "1", "2026-03-02"]))
        for name in names
        if data.draw(st.booleans())
    }
    body = None
    if "requestBody" in operation:
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        body = json.dumps(data.draw(shaped(service, schema) | values)).encode()
    headers = {"content-type": "application/json"}
    if data.draw(st.booleans()):
        headers["Idempotency-Key"] = data.draw(st.text("abc", min_size=1, max_size=3))
    client.request(method.upper(), address, params=query, content=body, headers=headers)


@QUICK
@given(data=st.data())
def test_assessments_with_anything_in_them(world, assessment, data):
    client = world[1][3]
    raw = copy.deepcopy(assessment)
    for _ in range(data.draw(st.integers(1, 4))):
        place = raw if data.draw(st.booleans()) else raw["answers"]
        name = data.draw(st.sampled_from(sorted(place)) | st.text(max_size=10))
        place[name] = data.draw(values)
        if not isinstance(raw.get("answers"), dict):
            break
    body = {"assessment": raw, "on": "2026-03-02", "explain": data.draw(st.booleans())}
    one = client.post("/v1/recommendations", json=body)
    many = client.post(
        "/v1/recommendations:batch", json={"rows": [{"assessment": raw}], "on": "2026-03-02"}
    )
    assert one.status_code in (200, 422)
    (row,) = many.json()["results"]
    assert (row["problem"] is None) == (one.status_code == 200)
    assert row["problem"] is None or row["problem"]["status"] != 500


@QUICK
@given(body=st.binary(max_size=200), kind=st.sampled_from(["application/json", "text/plain", ""]))
def test_any_bytes(world, body, kind):
    _, clients = world
    for path in ("/v1/recommendations", "/v1/recommendations:batch", "/v1/cases"):
        response = clients[3].post(path, content=body, headers={"content-type": kind})
        assert 400 <= response.status_code < 500


@QUICK
@given(path=st.text(st.characters(exclude_categories=("Cs",)), max_size=40))
def test_any_address(world, path):
    from urllib.parse import quote

    response = world[1][0].get("/v1/" + quote(path))
    assert response.status_code < 500


def test_every_address_is_known_to_the_fuzzer(world):
    assert len(operations(world[0])) > 40
