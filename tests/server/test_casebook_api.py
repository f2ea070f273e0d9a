"""The whole round over the API: officer, approver, reviewer, the person's review, a stranger."""

from __future__ import annotations

from typing import Any

from starlette.testclient import TestClient

GROUNDS = "what was found in the file and in the interviews"


def opened(officer: Any, person: str = "A-17") -> str:
    return officer.act("/v1/cases", {"person": person, "office": "town"})["case"]


def signed(officer: Any, assessment: dict[str, Any], person: str = "A-17") -> tuple[str, str]:
    case = opened(officer, person)
    body = {"assessment": assessment}
    return case, officer.act(f"/v1/cases/{case}/assessments", body)["assessment"]


def shown(officer: Any, assessment: dict[str, Any]) -> tuple[str, str, dict[str, Any]]:
    case, name = signed(officer, assessment)
    officer.act(f"/v1/assessments/{name}/own-view", {"tier": "ordinary", "grounds": GROUNDS})
    response = officer.post(f"/v1/assessments/{name}/recommendation")
    assert response.status_code == 200
    return case, name, response.json()


def test_the_own_view_comes_before_the_recommendation(service, assessment):
    officer = service.signed_in("S-1")
    _, name = signed(officer, assessment)
    early = officer.post(f"/v1/assessments/{name}/recommendation")
    assert early.status_code == 409
    assert early.json()["problems"][0]["code"] == "own_view_first"
    line = officer.get(f"/v1/assessments/{name}").json()
    assert (line["shown"], line["recommended"]) == (False, [])
    officer.act(f"/v1/assessments/{name}/own-view", {"tier": "ordinary", "grounds": GROUNDS})
    first = officer.post(f"/v1/assessments/{name}/recommendation").json()
    assert first["tiers"][0]["tier"] == "strict"
    service.clock.forward(days=2)
    officer = service.signed_in("S-1")
    assert officer.post(f"/v1/assessments/{name}/recommendation").json() == first


def test_strict_needs_another_person(service, assessment):
    both = service.signed_in("S-7")
    _, name, _ = shown(both, assessment)
    body = {"tier": "strict", "grounds": GROUNDS}
    proposal = both.act(f"/v1/assessments/{name}/proposals", body)["proposal"]
    own = both.post(f"/v1/proposals/{proposal}/decision", json={"grounds": GROUNDS})
    assert own.status_code == 403
    assert own.json()["problems"][0]["code"] == "own_proposal"
    officer = service.signed_in("S-1")
    assert (
        officer.post(f"/v1/proposals/{proposal}/decision", json={"grounds": GROUNDS}).status_code
        == 403
    )
    approver = service.signed_in("S-3")
    queue = approver.get("/v1/proposals", params={"needs_approval": True}).json()["entries"]
    assert [one["proposal"] for one in queue] == [proposal]
    approver.act(f"/v1/proposals/{proposal}/decision", {"grounds": GROUNDS})
    assert approver.get("/v1/proposals").json()["entries"] == []


def test_an_override_without_a_reason_is_refused(service, assessment):
    officer = service.signed_in("S-1")
    _, name, _ = shown(officer, assessment)
    body = {"tier": "relaxed", "grounds": GROUNDS}
    refused = officer.post(f"/v1/assessments/{name}/proposals", json=body)
    assert refused.status_code == 422
    assert refused.json()["problems"][0]["code"] == "reason_missing"


def decided(service: Any, assessment: dict[str, Any]) -> tuple[str, str, str]:
    officer = service.signed_in("S-1")
    case, name, _ = shown(officer, assessment)
    body = {"tier": "strict", "grounds": GROUNDS}
    proposal = officer.act(f"/v1/assessments/{name}/proposals", body)["proposal"]
    approver = service.signed_in("S-3")
    done = approver.act(f"/v1/proposals/{proposal}/decision", {"grounds": GROUNDS})
    return case, name, done["decision"]


def test_notice_comment_review_and_correction(service, assessment):
    case, name, decision = decided(service, assessment)
    officer, reviewer = service.signed_in("S-1"), service.signed_in("S-4")
    notice = {"read_by": "S-1", "language": "mandarin", "aloud": True, "said": "我没有旷工"}
    officer.act(f"/v1/decisions/{decision}/notice", notice)
    officer.act(f"/v1/cases/{case}/comments", {"words": "两次缺席都请过假", "assessment": name})
    asked = officer.act(f"/v1/cases/{case}/reviews", {"words": "请复核", "channel": "paper"})
    assert asked["lines"] and asked["due_on"] > asked["received_on"]
    handler = f"/v1/reviews/{asked['review']}/handler"
    involved = reviewer.post(handler, json={"handler": "S-3"})
    assert involved.status_code == 403
    assert reviewer.post(handler, json={"handler": "S-9"}).status_code == 404
    reviewer.act(handler, {"handler": "S-4"})
    fixed = {**assessment, "answers": {**assessment["answers"], "missed_reports_90d": 0}}
    correction = officer.act(
        f"/v1/assessments/{name}/corrections",
        {"assessment": fixed, "reason": "请假条在档案中", "review": asked["review"]},
    )
    seen = officer.get(f"/v1/assessments/{correction['assessment']}").json()
    assert {"item": "missed_reports_90d", "before": 2, "after": 0} in seen["differences"]
    reviewer.act(
        f"/v1/reviews/{asked['review']}/answer",
        {"outcome": "corrected", "answer": "两次缺席已更正为请假"},
    )
    view = officer.get(f"/v1/cases/{case}").json()
    assert view["reviews"][0]["outcome"] == "corrected"
    assert len(view["assessments"]) == 2
    tried = officer.post(f"/v1/assessments/{name}/what-if", json={"answers": {"drug_use": "none"}})
    assert tried.status_code == 200


def test_what_if_opens_after_the_decision(service, assessment):
    officer = service.signed_in("S-1")
    _, name, _ = shown(officer, assessment)
    refused = officer.post(f"/v1/assessments/{name}/what-if", json={"answers": {}})
    assert refused.status_code == 409


def test_a_suspension_holds_from_the_next_request_and_everything_else_works(service, assessment):
    officer, reviewer = service.signed_in("S-1"), service.signed_in("S-4")
    key = service.with_key("recommend")
    case, name = signed(officer, assessment)
    officer.act(f"/v1/assessments/{name}/own-view", {"tier": "strict", "grounds": GROUNDS})
    assert officer.post("/v1/suspension", json={"reason": GROUNDS}).status_code == 403
    reviewer.act("/v1/suspension", {"reason": GROUNDS})
    for client, path, body in (
        (officer, f"/v1/assessments/{name}/recommendation", {}),
        (key, "/v1/recommendations", {"assessment": assessment}),
        (key, "/v1/recommendations:batch", {"rows": [{"assessment": assessment}]}),
    ):
        hidden = client.post(path, json=body)
        assert hidden.status_code == 409
        assert hidden.json()["type"] == "urn:riskengine:problem:suspended"
    body = {
        "tier": "ordinary", "ground": "suspension", "grounds": GROUNDS,
        "review_on": "2026-05-01", "assessment": name,
    }  # fmt: skip
    grounds = officer.post(f"/v1/cases/{case}/proposals", json=body)
    assert grounds.status_code == 201, grounds.text
    decision = officer.act(
        f"/v1/proposals/{grounds.json()['proposal']}/decision", {"grounds": GROUNDS}
    )
    assert decision["decision"]
    assert officer.get("/v1/suspension").json()["suspended"] is True
    other = service.with_key("recommend", district="other")
    assert other.post("/v1/recommendations", json={"assessment": assessment}).status_code == 200
    reviewer.act("/v1/suspension/lifting", {"reason": GROUNDS})
    assert key.post("/v1/recommendations", json={"assessment": assessment}).status_code == 200


def test_a_stranger_from_another_district_gets_404_everywhere(service, assessment):
    case, name, decision = decided(service, assessment)
    officer, stranger = service.signed_in("S-1"), service.signed_in("S-9")
    view = officer.get(f"/v1/cases/{case}").json()
    proposal = view["proposals"][0]["proposal"]
    review = officer.act(f"/v1/cases/{case}/reviews", {"words": "x", "channel": "paper"})["review"]
    draft = officer.act(f"/v1/cases/{case}/drafts", {})["draft"]
    reads = [
        f"/v1/cases/{case}",
        f"/v1/cases/{case}/reads",
        f"/v1/assessments/{name}",
        f"/v1/drafts/{draft}",
        f"/v1/assessments/{name}/explanation",
        f"/v1/assessments/{name}/referral",
        f"/v1/assessments/{name}/replay",
    ]
    words = {"words": "x"}
    day = {"tier": "ordinary", "grounds": GROUNDS}
    writes = {
        f"/v1/cases/{case}/closing": {"on": "2026-03-02", "why": GROUNDS},
        f"/v1/cases/{case}/handover": {"officer": "S-9", "office": "town"},
        f"/v1/cases/{case}/events": {"what": "warning", "on": "2026-03-01"},
        f"/v1/cases/{case}/drafts": {},
        f"/v1/cases/{case}/assessments": {"assessment": assessment},
        f"/v1/cases/{case}/comments": words,
        f"/v1/cases/{case}/reviews": {**words, "channel": "paper"},
        f"/v1/cases/{case}/proposals": {
            **day, "ground": "outage", "review_on": "2026-05-01",
        },
        f"/v1/assessments/{name}/own-view": day,
        f"/v1/assessments/{name}/recommendation": {},
        f"/v1/assessments/{name}/what-if": {"answers": {}},
        f"/v1/assessments/{name}/corrections": {"assessment": assessment, "reason": GROUNDS},
        f"/v1/assessments/{name}/proposals": day,
        f"/v1/proposals/{proposal}/decision": {"grounds": GROUNDS},
        f"/v1/proposals/{proposal}/return": {"why": GROUNDS},
        f"/v1/proposals/{proposal}/withdrawal": {"why": GROUNDS},
        f"/v1/proposals/{proposal}/first-look": {"grounds": GROUNDS},
        f"/v1/decisions/{decision}/notice": {
            "read_by": "S-9", "language": "mandarin", "aloud": True, "said": "",
        },
        f"/v1/reviews/{review}/handler": {"handler": "S-9"},
        f"/v1/reviews/{review}/answer": {"outcome": "upheld", "answer": GROUNDS},
        f"/v1/drafts/{draft}/signature": {"case": case},
        f"/v1/drafts/{draft}/dropping": {},
    }  # fmt: skip
    for path in reads:
        assert stranger.get(path).status_code == 404, path
    for path, body in writes.items():
        assert stranger.post(path, json=body).status_code == 404, path
    for path in reads:
        assert stranger.get(path, params={"district": "main"}).status_code == 404
    assert stranger.get("/v1/cases").json()["entries"] == []
    assert stranger.get("/v1/tasks").json()["entries"] == []
    assert stranger.get("/v1/cases", params={"person": "A-17"}).json()["entries"] == []


def test_every_look_at_a_case_is_logged(service, assessment):
    case, name, _ = decided(service, assessment)
    reviewer = service.signed_in("S-4")
    reviewer.get(f"/v1/cases/{case}")
    reviewer.get(f"/v1/assessments/{name}")
    reviewer.post(f"/v1/assessments/{name}/recommendation")
    reads = reviewer.get(f"/v1/cases/{case}/reads").json()["entries"]
    mine = [one["what"] for one in reads if one["actor"] == "S-4"]
    assert mine == ["reads", "recommendation", "assessment", "case"]


def test_what_was_told_in_confidence_is_for_those_who_need_to_know(service, assessment):
    case, name, decision = decided(service, assessment)
    hidden = next(
        item.id
        for item in service.here.engines["main"].instrument.items
        if item.disclosure != "open" and item.id in assessment["answers"]
    )
    for user, knows in (("S-1", True), ("S-4", True), ("S-2", False), ("S-3", False)):
        found = service.signed_in(user).get(f"/v1/assessments/{name}").json()
        assert (hidden in found["answers"]) == knows, user
        assert (hidden in found["withheld"]) == (not knows), user


def test_the_recommendation_holds_no_confidence_for_a_colleague(service, assessment):
    told = {
        **assessment,
        "sources": {"employment_status": {"source": "other_person", "disclosure": "third_party"}},
    }
    _, name, decision = decided(service, told)
    mine = service.signed_in("S-1").post(f"/v1/assessments/{name}/recommendation").json()
    theirs = service.signed_in("S-2").post(f"/v1/assessments/{name}/recommendation").json()

    def answers(found):
        return {a["item"]: a["answer"] for f in found["factors"] for a in f["answers"]}

    assert answers(mine)["employment_status"] != ""
    assert answers(theirs)["employment_status"] == ""
    assert all(alert["disclosure"] == "open" for alert in theirs["alerts"])


def test_the_same_action_twice_is_one_action(service):
    officer = service.signed_in("S-1")
    body = {"person": "A-17", "office": "town"}
    headers = {"Idempotency-Key": "open-A-17"}
    first = officer.post("/v1/cases", json=body, headers=headers)
    again = officer.post("/v1/cases", json=body, headers=headers)
    assert first.json() == again.json()
    assert again.headers["idempotent-replayed"] == "true"
    assert len(officer.get("/v1/cases").json()["entries"]) == 1
    other = officer.post("/v1/cases", json={**body, "person": "A-18"}, headers=headers)
    assert other.status_code == 422
    # a key is somebody's own
    colleague = service.signed_in("S-2")
    assert colleague.post("/v1/cases", json=body, headers=headers).status_code == 409
    # a refused action leaves its key free
    assert (
        colleague.post("/v1/cases", json={**body, "person": "A-19"}, headers=headers).status_code
        == 201
    )


def test_a_key_whose_action_never_finished_says_so(service, monkeypatch):
    from riskengine.server import idempotency

    officer = service.signed_in("S-1")
    body = {"person": "A-17", "office": "town"}
    headers = {"Idempotency-Key": "k"}

    def dies(*_: Any) -> None:
        raise OSError

    monkeypatch.setattr(idempotency, "_finish", dies)
    sent = {**headers, "X-CSRF-Token": officer.csrf}
    assert TestClient.request(officer, "POST", "/v1/cases", json=body, headers=sent).is_error
    monkeypatch.undo()
    late = officer.post("/v1/cases", json=body, headers=headers)
    assert late.status_code == 409
    assert "look at the record" in late.json()["detail"]


def test_lists_come_in_pages(service):
    officer = service.signed_in("S-1")
    every = [opened(officer, f"A-{n}") for n in range(7)]
    found: list[str] = []
    cursor = None
    while True:
        params = {"limit": 3} | ({"cursor": cursor} if cursor else {})
        page = officer.get("/v1/cases", params=params).json()
        found += [one["case"] for one in page["entries"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert found == sorted(every)
    for wrong in ("x", "AAAA", "e30", "WyIyIiwgIngiXQ"):
        assert officer.get("/v1/cases", params={"cursor": wrong}).status_code == 400


def test_what_is_due_comes_with_the_earliest_first(service, assessment):
    case, _, _ = decided(service, assessment)
    officer = service.signed_in("S-1")
    officer.act(f"/v1/cases/{case}/reviews", {"words": "请复核", "channel": "county"})
    found = officer.get("/v1/tasks").json()["entries"]
    days = [one["due_on"] for one in found]
    assert days == sorted(days) and {"read_notice", "answer_review"} <= {o["kind"] for o in found}
    service.clock.forward(days=60)
    late = service.signed_in("S-1").get("/v1/tasks", params={"kind": "read_notice"}).json()
    assert late["entries"][0]["overdue_days"] > 0
    pages = service.signed_in("S-1").get("/v1/tasks", params={"limit": 1}).json()
    rest = service.signed_in("S-1").get("/v1/tasks", params={"cursor": pages["next"]}).json()
    assert [pages["entries"][0], *rest["entries"]] == [
        {**one, "overdue_days": rest_one["overdue_days"]}
        for one, rest_one in zip(found, [pages["entries"][0], *rest["entries"]], strict=True)
    ]


def test_a_key_for_the_casebook_acts_for_a_named_person(service, assessment):
    reads = service.with_key("casebook:read", user="S-1")
    assert reads.get("/v1/cases").status_code == 200
    refused = reads.post("/v1/cases", json={"person": "A-17", "office": "town"})
    assert refused.status_code == 403
    writes = service.with_key("casebook:read", "casebook:write", user="S-1")
    case = writes.act("/v1/cases", {"person": "A-17", "office": "town"})["case"]
    body = {"assessment": assessment}
    assert writes.post(f"/v1/cases/{case}/assessments", json=body).status_code == 403
    assert writes.get(f"/v1/cases/{case}").json()["officer"] == "S-1"


def test_accounts_and_figures_are_other_peoples_business(service):
    for user in ("S-5", "S-6"):
        assert service.signed_in(user).get("/v1/cases").status_code == 403


def test_a_reviewer_replays_and_checks_the_chain(service, assessment):
    _, name, _ = decided(service, assessment)
    reviewer = service.signed_in("S-4")
    found = reviewer.get(f"/v1/assessments/{name}/replay").json()
    assert (found["state"], found["differing"]) == ("same", [])
    assert found["compared"] > 50
    chain = reviewer.get("/v1/chain").json()
    assert chain["sound"] and chain["events"] >= 6
    officer = service.signed_in("S-1")
    assert officer.get("/v1/chain").status_code == 403
    assert officer.get(f"/v1/assessments/{name}/replay").status_code == 403


def test_packs_for_the_person_and_for_an_authority(service, assessment):
    case, _, _ = decided(service, assessment)
    reviewer = service.signed_in("S-4")
    for whose in ("person", "authority"):
        pack = reviewer.post(f"/v1/cases/{case}/packs/{whose}")
        assert pack.status_code == 200 and pack.json()
        stranger = service.signed_in("S-9").post(f"/v1/cases/{case}/packs/{whose}")
        assert stranger.status_code == 404
    key = service.with_key("casebook:read", user="S-4")
    assert key.post(f"/v1/cases/{case}/packs/person").status_code == 403


def test_a_decision_on_paper_is_entered_with_its_own_day_and_people(service):
    officer = service.signed_in("S-1")
    case = opened(officer)
    body = {
        "tier": "ordinary", "decided_on": "2026-02-20", "proposed_by": "S-2",
        "decided_by": "S-3", "grounds": GROUNDS, "review_on": "2026-05-01", "reason": "outage",
    }  # fmt: skip
    officer.act(f"/v1/cases/{case}/decisions", body)
    (line,) = officer.get(f"/v1/cases/{case}").json()["decisions"]
    assert (line["decided_by"], line["entered_by"]) == ("S-3", "S-1")
    assert line["decided_on"] == "2026-02-20"
    strange = {**body, "decided_by": "nobody"}
    assert officer.post(f"/v1/cases/{case}/decisions", json=strange).status_code == 404


def test_what_was_shown_is_explained_to_those_who_need_to_know(service, assessment):
    _, name, _ = decided(service, assessment)
    service.clock.forward(days=1)
    officer = service.signed_in("S-1")
    shown_ = officer.post(f"/v1/assessments/{name}/recommendation").json()
    found = officer.get(f"/v1/assessments/{name}/explanation").json()
    assert found["recommendation"] == shown_
    referral = officer.get(f"/v1/assessments/{name}/referral")
    assert referral.json()["needs"] and "A-17" not in referral.text
    colleague = service.signed_in("S-2")
    for what in ("explanation", "referral"):
        assert colleague.get(f"/v1/assessments/{name}/{what}").status_code == 403
    service.signed_in("S-4").act("/v1/suspension", {"reason": GROUNDS})
    assert officer.get(f"/v1/assessments/{name}/explanation").status_code == 409
