from __future__ import annotations

import json
from datetime import date

import pytest

from riskengine import Engine
from riskengine.policy.history import PastTier
from riskengine.policy.tiers import Tier
from riskengine.schedule import PersonCalendar, contact_schedule
from tests.support.cases import ON, case


@pytest.fixture(scope="session")
def engine() -> Engine:
    return Engine.load()


@pytest.fixture
def make(engine, cn):
    """A schedule for somebody at a decided tier, from declared days."""

    def made(
        *, tier=Tier.ORDINARY, on=ON, since=None, calendar=None, lang="en", person="T-1", **answers
    ):
        if calendar is not None:
            whole = {
                "format": "riskengine/calendar/1",
                "person": person,
                "declared_on": "2026-05-01",
                **calendar,
            }
            calendar = PersonCalendar.model_validate_json(json.dumps(whole))
        decided = None if tier is None else PastTier(tier, since or on)
        return contact_schedule(
            engine,
            case(cn, **answers),
            on=on,
            decided=decided,
            calendar=calendar,
            lang=lang,
        )

    return made


def ids(schedule) -> set[str]:
    return {remark.id for remark in schedule.remarks}


def remark(schedule, name):
    return next(one for one in schedule.remarks if one.id == name)


JUNE = date(2026, 6, 1)
