"""Forms of the shipped model and of made-up ones, with the engines that they were made from."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import lru_cache

from riskengine import Engine
from riskengine.policy.bands import CutOffs
from riskengine.policy.compiled import Policy, assemble
from riskengine.reports.paper.form import PaperForm
from riskengine.reports.paper.make import form_of
from riskengine.scorecard.compiled import Scorecard
from tests.support.scorecards import make_document

ON = date(2026, 6, 1)
POLICIES = ("cn_default", "cn_county_1m", "cn_province_2m")
ITEMS = ["age_at_start", "prior_convictions_n", "prior_supervision_failure", "alcohol_problem",
         "intake_lateness", "drug_use"]  # fmt: skip


@lru_cache(maxsize=8)
def shipped(policy: str = "cn_default", lang: str = "zh") -> tuple[Engine, PaperForm]:
    engine = Engine.load(policy=policy)
    return engine, form_of(engine, on=ON, lang=lang)


@lru_cache(maxsize=16)
def made_up(seed: int, pairs: int = 2, items: tuple[str, ...] = tuple(ITEMS)):
    """A points model with pairs, which the release has none of."""
    engine = Engine.load()
    document = make_document(
        engine.instrument, seed=seed, pairs=pairs, form="points", items=list(items)
    )
    engine = replace(engine, scorecard=Scorecard(document, engine.instrument))
    return engine, form_of(engine, on=ON, lang="en")


def with_policy(engine: Engine, document) -> Engine:
    compiled: Policy = assemble(document, engine.instrument, CutOffs(2, 8))
    return replace(engine, policy=compiled)
