"""Recommendations over HTTP are the engine's own, row by row, and a bad row stops nobody."""

from __future__ import annotations

import json
from datetime import date

import pytest

from riskengine import Engine


@pytest.fixture(scope="module")
def client(shared):
    return shared.with_key("recommend")


def test_one_is_what_the_engine_says(client, assessment):
    response = client.post("/v1/recommendations", json={"assessment": assessment})
    engine = Engine.load()
    own = engine.recommend(engine.assessment(assessment), on=date(2026, 3, 2), lang="en")
    assert response.json() == json.loads(own.model_dump_json())


def test_the_record_is_read(client, assessment):
    record = {
        "format": "riskengine/record/1",
        "person": assessment["person"],
        "history": [{"tier": "strict", "decided_on": "2025-07-02"}],
        "events": [{"kind": "warning", "on": "2026-01-12"}],
    }
    plain = client.post("/v1/recommendations", json={"assessment": assessment}).json()
    found = client.post(
        "/v1/recommendations", json={"assessment": assessment, "record": record}
    ).json()
    assert found["review"] is not None and plain["review"] is None
    record["person"] = "somebody-else"
    refused = client.post("/v1/recommendations", json={"assessment": assessment, "record": record})
    assert refused.status_code == 422


def test_every_mistake_has_item_value_and_what_is_accepted_in_the_readers_language(
    client, assessment
):
    wrong = {**assessment, "answers": {**assessment["answers"], "drug_use": "sometimes", "x": 1}}
    for lang, word in (("zh-CN", "可选"), ("en", "accepted")):
        response = client.post(
            "/v1/recommendations", json={"assessment": wrong}, headers={"Accept-Language": lang}
        )
        assert response.status_code == 422
        assert response.headers["content-language"] == lang[:2]
        by_item = {one["item"]: one for one in response.json()["problems"]}
        assert by_item["drug_use"]["value"] == "[sometimes]"
        assert "none" in by_item["drug_use"]["accepted"]
        assert word in by_item["drug_use"]["message"]
        assert "x" in by_item


def test_an_identity_number_is_refused_and_never_repeated(client, assessment):
    number = "11010119900307123X"
    response = client.post(
        "/v1/recommendations", json={"assessment": {**assessment, "person": number}}
    )
    assert response.status_code == 422
    assert number not in response.text


@pytest.mark.parametrize(
    "on, key",
    [("2026-03-03", "later"), ("1990-01-01", "later than the recommendation")],
)
def test_a_day_that_cannot_be_is_refused(client, assessment, on, key):
    response = client.post("/v1/recommendations", json={"assessment": assessment, "on": on})
    assert response.status_code == 422
    if key == "later":
        assert "2026-03-02" in response.json()["detail"]


def test_the_day_is_that_of_the_zone_of_the_settings(service, assessment):
    client = service.with_key("recommend")
    service.clock.forward(hours=15)  # 16:00 UTC: the next day in China
    found = client.post("/v1/recommendations", json={"assessment": assessment}).json()
    assert found["on"] == "2026-03-03"


def test_a_batch_answers_every_row(client, assessment):
    later = {**assessment, "assessed_on": "2026-03-05"}
    rows = [
        {"assessment": assessment},
        {"assessment": {**assessment, "answers": {"drug_use": 3}}},
        "no object",
        {"assessment": assessment, "surplus": 1},
        {"assessment": later},
        {"assessment": assessment},
    ]
    found = client.post("/v1/recommendations:batch", json={"rows": rows}).json()
    assert [one["row"] for one in found["results"]] == list(range(6))
    good = [one["row"] for one in found["results"] if one["recommendation"]]
    assert good == [0, 5]
    assert (found["recommended"], found["refused"]) == (2, 4)
    assert all((one["problem"] is None) != (one["row"] not in good) for one in found["results"])
    one = client.post("/v1/recommendations", json={"assessment": assessment}).json()
    assert found["results"][0]["recommendation"] == one


def test_a_fault_of_ours_in_one_row_stops_no_other(shared, client, assessment, monkeypatch):
    from riskengine.server.api import recommendations

    real = recommendations.recommend

    def breaks(engine, row, on, lang):
        if row.assessment.get("id") == "breaks":
            raise ZeroDivisionError
        return real(engine, row, on, lang)

    monkeypatch.setattr(recommendations, "recommend", breaks)
    rows = [{"assessment": {**assessment, "id": "breaks"}}, {"assessment": assessment}]
    found = client.post("/v1/recommendations:batch", json={"rows": rows}).json()
    assert found["results"][0]["problem"]["status"] == 500
    assert found["results"][1]["recommendation"]


def test_a_batch_has_an_end(client):
    response = client.post("/v1/recommendations:batch", json={"rows": [1] * 1001})
    assert response.status_code == 422
    assert "1000" in response.json()["detail"]


def test_the_same_key_gives_the_same_answer_on_another_day(service, assessment):
    client = service.with_key("recommend")
    headers = {"Idempotency-Key": "first"}
    body = {"assessment": assessment}
    first = client.post("/v1/recommendations", json=body, headers=headers)
    service.clock.forward(days=1)
    again = client.post("/v1/recommendations", json=body, headers=headers)
    assert again.text == first.text
    assert client.post("/v1/recommendations", json=body).json()["on"] == "2026-03-03"
    other = client.post("/v1/recommendations", json={**body, "on": "2026-03-02"}, headers=headers)
    assert other.status_code == 422
    service.clock.forward(days=3)
    fresh = client.post("/v1/recommendations", json=body, headers=headers)
    assert fresh.json()["on"] == "2026-03-06"


def test_nothing_about_a_person_is_kept_for_idempotency(service, assessment, tmp_path):
    client = service.with_key("recommend")
    client.post(
        "/v1/recommendations", json={"assessment": assessment}, headers={"Idempotency-Key": "k"}
    )
    kept = b"".join(path.read_bytes() for path in tmp_path.glob("accounts.sqlite*"))
    assert assessment["person"].encode() not in kept


def test_officers_form_an_own_view_first(shared, assessment):
    body = {"assessment": assessment}
    assert shared.signed_in("S-1").post("/v1/recommendations", json=body).status_code == 403
    assert shared.signed_in("S-5").post("/v1/recommendations", json=body).status_code == 200
    key = shared.with_key("metrics")
    assert key.post("/v1/recommendations", json=body).status_code == 403
    assert shared.client().post("/v1/recommendations", json=body).status_code == 401


def test_a_district_of_others_does_not_exist(client, assessment):
    for district in ("other", "nowhere"):
        response = client.post(
            "/v1/recommendations", json={"assessment": assessment, "district": district}
        )
        assert response.status_code == 404


def test_an_explanation_is_the_engines_own(client, assessment):
    body = {"assessment": assessment, "explain": True}
    found = client.post("/v1/recommendations", json=body)
    engine = Engine.load()
    own = engine.explain(engine.assessment(assessment), on=date(2026, 3, 2), lang="en")
    assert found.json() == json.loads(own.model_dump_json())
