"""A filled-in form from its first line to its last, against `Engine.recommend`."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import pytest

from riskengine import Engine
from riskengine.policy.alerts import AlertTask
from riskengine.policy.history import PastEvent, PastTier
from riskengine.policy.tiers import Tier
from riskengine.reports.paper.by_hand import score_on_paper
from riskengine.reports.paper.make import form_of
from tests.reports.paper.test_law_and_alerts import stops_as_read
from tests.support import naive
from tests.support.officer import fill_in, order_of
from tests.support.paper_forms import POLICIES

EXAMPLES = sorted((Path(__file__).parents[3] / "examples" / "assessments").glob("*.json"))
STEADY = next(file for file in EXAMPLES if "steady" in file.stem)
STATUS = {"refuse": "out_of_scope", "separate_profile": "separate_profile", "hold": "incomplete"}


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_every_example_comes_out_on_paper_as_in_the_program(file, policy):
    engine = Engine.load(policy=policy)
    raw = json.loads(file.read_text(encoding="utf-8"))
    assessment = engine.assessment(raw)
    model = json.loads(engine.scorecard.document.model_dump_json())
    for days in (0, 30, 400):
        on = assessment.assessed_on + timedelta(days=days)
        form = form_of(engine, on=on, lang="zh")
        for current in (None, *Tier):
            history = () if current is None else (PastTier(current, on - timedelta(days=95)),)
            for events in (None, (PastEvent("warning", on - timedelta(days=20)),)):
                found = engine.recommend(
                    assessment, on=on, history=history, events=events, lang="zh"
                )
                admitted = engine.checked(assessment, on)
                answers = dict(admitted.complete)
                ticks = fill_in(
                    form, answers, on=on, order=order_of(engine.instrument),
                    kind=assessment.kind, history=history, events=events,
                    alert_open=any(alert.state == "open" for alert in found.alerts),
                    stops=stops_as_read(answers, assessment.kind, assessment.assessed_on),
                )  # fmt: skip
                by_hand = score_on_paper(form, ticks)
                if by_hand.stop is not None:
                    assert found.status == STATUS[by_hand.stop]
                    assert found.score is None
                    continue
                assert by_hand.score == found.score.value == naive.score(model, answers)
                assert by_hand.band is found.score.band.tier
                assert by_hand.tier in [tier.tier for tier in found.tiers]
                if len(found.tiers) == 1:
                    assert by_hand.tier is found.tiers[0].tier
                if found.missing is not None:
                    assert (by_hand.low, by_hand.high) == (
                        found.missing.score_low, found.missing.score_high,
                    )  # fmt: skip
                    assert (by_hand.tier_low, by_hand.tier_high) == (
                        found.missing.tier_low, found.missing.tier_high,
                    )  # fmt: skip


def test_an_alert_of_earlier_keeps_the_tier_on_paper_too():
    engine = Engine.load()
    assessment = engine.assessment(json.loads(STEADY.read_text(encoding="utf-8")))
    on = date(2027, 1, 10)
    task = AlertTask("threat", on - timedelta(days=100), "official-1")
    history = (PastTier(Tier.STRICT, on - timedelta(days=300)),)
    found = engine.recommend(assessment, on=on, history=history, alerts=[task])
    form = form_of(engine, on=on, lang="zh")
    answers = dict(engine.checked(assessment, on).complete)
    ticks = fill_in(
        form, answers, on=on, order=order_of(engine.instrument), kind=assessment.kind,
        history=history, alert_open=True,
    )  # fmt: skip
    assert score_on_paper(form, ticks).tier is Tier.STRICT
    assert [tier.tier for tier in found.tiers] == [Tier.STRICT]
