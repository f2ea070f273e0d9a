from __future__ import annotations

from datetime import date

import pytest

from riskengine import Engine
from riskengine.planning.hours import OfficeHours
from riskengine.planning.outcomes import Past, read_past
from riskengine.synthetic import make_province
from riskengine.synthetic.dated import dated
from riskengine.synthetic.province import Province, assessments
from tests.support.cases import case

EXTRACTED = date(2025, 1, 1)
TODAY = date(2022, 6, 1)


@pytest.fixture(scope="session")
def engine() -> Engine:
    return Engine.load()


@pytest.fixture(scope="session")
def province() -> Province:
    return make_province(["rural"], 700, seed=3)


@pytest.fixture(scope="session")
def past(province, engine) -> Past:
    frame = dated(province, EXTRACTED)
    for name in ("harm_to_others_now", "prohibition_types"):
        frame[name] = frame[name].map(lambda c: ";".join(c) if isinstance(c, list) else c)
    return read_past(frame, engine.instrument, "serious_noncompliance_12m", extracted_on=EXTRACTED)


@pytest.fixture(scope="session")
def people(province):
    """Everybody who was assessed in the weeks before the day of the plan."""
    days = province.people["assessed_on"].dt.date
    recent = [n for n, day in enumerate(days) if day <= TODAY and (TODAY - day).days <= 60]
    return assessments(province, recent)


@pytest.fixture(scope="session")
def hours():
    return {"D01 office": OfficeHours("D01 office", 2, 120.0)}


@pytest.fixture
def somebody(cn):
    """Assessments of made-up people: an id, and what differs from the usual case."""
    from dataclasses import replace

    def made(person, **answers):
        return replace(case(cn, **answers), person=person)

    return made
