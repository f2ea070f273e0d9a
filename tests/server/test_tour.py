"""The tour of the documentation runs with curl against a service that listens."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import threading
import time
from pathlib import Path

import pytest
import uvicorn

from tests.server.conftest import PASSWORD, ROOT, Service

GUIDE = (ROOT / "docs/service.md").read_text(encoding="utf-8")
TOUR = GUIDE.partition("<!-- tour")[2].partition("<!-- end of the tour")[0]
BLOCKS = re.findall(r"```sh\n(.*?)```", TOUR, re.DOTALL)


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    service = Service(tmp_path_factory.mktemp("tour"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = uvicorn.Config(
        service.app, host="127.0.0.1", port=port, log_config=None, access_log=False
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until = time.monotonic() + 30
    while not server.started and time.monotonic() < until:
        time.sleep(0.05)
    yield service, f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(30)


def said(text: str) -> list[dict]:
    decoder, found, place = json.JSONDecoder(), [], 0
    while place < len(text):
        value, place = decoder.raw_decode(text, place)
        found.append(value)
        while place < len(text) and text[place].isspace():
            place += 1
    return found


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_every_block_of_the_tour(running, tmp_path):
    service, url = running
    environment = {
        **{k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")},
        "URL": url,
        "KEY": service.key("recommend"),
        "USER_ID": "S-1",
        "PASSWORD": PASSWORD,
    }
    answers = []
    for block in BLOCKS:
        done = subprocess.run(
            ["sh", "-eu"], input=block, text=True, capture_output=True, env=environment,
            cwd=tmp_path, timeout=60, check=True,
        )  # fmt: skip
        answers.append(said(done.stdout))
    (health, policies, schema), (one,), (explained,), (batch,), person = answers
    assert health["status"] == "ok"
    assert policies["entries"][0]["name"].startswith("cn_default@")
    assert schema["$schema"].endswith("2020-12/schema")
    assert one["format"] == "riskengine/recommendation/1" and one["lang"] == "en"
    assert explained["format"] == "riskengine/explanation/1"
    assert (batch["recommended"], batch["refused"]) == (1, 1)
    case, cases, due = person
    assert [one["case"] for one in cases["entries"]] == [case["case"]]
    assert "entries" in due


def test_the_refusal_that_the_guide_shows_is_a_real_one(shared):
    (shown,) = (json.loads(b) for b in re.findall(r"```json\n(.*?)```", GUIDE, re.DOTALL))
    client = shared.with_key("recommend")
    body = {"assessment": {"person": "A-2", "assessed_on": "2026-03-02",
                           "answers": {"drug_use": "sometimes"}}}  # fmt: skip
    real = client.post("/v1/recommendations", json=body).json()
    for name in ("instance", "problems"):
        shown_part, real_part = shown.pop(name), real.pop(name)
        if name == "problems":
            shown_part[0].pop("message"), real_part[0].pop("message")
            assert shown_part == real_part
    assert shown == real


def test_every_link_and_scope_of_the_guide_is_there():
    from riskengine.server.accounts.actor import SCOPES

    for text in (GUIDE, (ROOT / "docs/service.zh.md").read_text(encoding="utf-8")):
        links = re.findall(r"\]\((?!http)(.*?)\)", text.replace("\n", " "))
        assert [link for link in links if not (ROOT / "docs" / link).exists()] == []
        assert set(re.findall(r"^\| `([a-z:]+)` \|", text, re.MULTILINE)) == set(SCOPES)


def test_the_example_settings_are_read():
    from riskengine.server.settings import read_settings

    found = read_settings(Path(ROOT / "deploy/riskengine.toml"), {})
    assert found.secure and found.districts["main"].policy == "cn_default"
