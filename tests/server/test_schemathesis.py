"""Schemathesis: requests made from the description of the API, answers held against it.

``RISKENGINE_SCHEMATHESIS=500`` asks every address five hundred times instead of a few.
"""

from __future__ import annotations

import os
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed")

from schemathesis.checks import CHECKS, load_all_checks  # noqa: E402
from schemathesis.generation.modes import GenerationMode  # noqa: E402

from tests.server.conftest import Service  # noqa: E402

EXAMPLES = int(os.environ.get("RISKENGINE_SCHEMATHESIS", "2"))
SCOPES = (
    "recommend", "casebook:read", "casebook:write", "casebook:decide", "casebook:export",
    "metrics",
)  # fmt: skip
ROLES = {"S-1": "officer", "S-3": "approver", "S-4": "reviewer", "S-5": "analyst",
         "S-6": "administrator"}  # fmt: skip

load_all_checks()
LEFT_OUT = {
    # which answers an instrument knows, and which sentence is long enough, stands in no schema
    "positive_data_acceptance",
}


@pytest.fixture(scope="module")
def world(tmp_path_factory, assessment) -> tuple[Any, dict[str, str], dict[str, str]]:
    """The description, a key for every role, and ids of what is in the record."""
    service = Service(tmp_path_factory.mktemp("schemathesis"))
    officer = service.signed_in("S-1")
    case = officer.act("/v1/cases", {"person": "A-1", "office": "town"})["case"]
    signed = officer.act(f"/v1/cases/{case}/assessments", {"assessment": assessment})
    words = "Talks and visits agree, and the family helps"
    own = {"tier": "ordinary", "grounds": words}
    officer.act(f"/v1/assessments/{signed['assessment']}/own-view", own)
    officer.post(f"/v1/assessments/{signed['assessment']}/recommendation", json={})
    proposed = officer.act(
        f"/v1/assessments/{signed['assessment']}/proposals", {"tier": "strict", "grounds": words},
    )  # fmt: skip
    draft = officer.act(f"/v1/cases/{case}/drafts", {})
    review = officer.act(f"/v1/cases/{case}/reviews", {"words": "x", "channel": "paper"})
    ids = {
        "cases": case,
        "assessments": signed["assessment"],
        "proposals": proposed["proposal"],
        "drafts": draft["draft"],
        "reviews": review["review"],
    }
    keys = {user: service.key(*SCOPES, user=user) for user in ROLES}
    keys["system"] = service.key("recommend", "metrics")
    schema = schemathesis.openapi.from_asgi(
        "/v1/openapi.json", service.app, headers={"Host": "localhost"}
    )
    return schema, keys, ids


def ask(operation: Any, strategy: Any, keys: dict[str, str], known: str | None) -> None:
    """Ask one address some times, as anybody, about something that is there where it can be."""
    checks = [check for check in CHECKS.get_all() if check.__name__ not in LEFT_OUT]

    @seed(7)
    @settings(
        max_examples=EXAMPLES, deadline=None, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=strategy, who=st.sampled_from(sorted(keys)), there=st.booleans())
    def asked(case: Any, who: str, there: bool) -> None:
        if known is not None and there:
            case.path_parameters["id"] = known
        case.call_and_validate(
            base_url="http://localhost",
            headers={"Authorization": f"Bearer {keys[who]}"},
            checks=checks,
        )

    asked()


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
def test_every_address_answers_as_it_is_described(world, mode):
    schema, keys, ids = world
    asked, wrong = 0, []
    for result in schema.get_all_operations():
        operation = result.ok()
        taken = operation.body or len(operation.path_parameters) or len(operation.query)
        if mode is GenerationMode.NEGATIVE and not taken:
            continue  # what takes nothing cannot be asked wrongly
        kind = operation.path.split("/")[2]
        known = (
            ids.get(kind) if mode is GenerationMode.POSITIVE and "{id}" in operation.path else None
        )
        asked += 1
        try:
            ask(operation, operation.as_strategy(generation_mode=mode), keys, known)
        except Exception as error:
            wrong.append(f"{operation.label}: {error}"[:1500])
    assert not wrong, "\n\n".join(wrong)
    assert asked > 40
