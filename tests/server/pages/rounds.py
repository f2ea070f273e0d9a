"""Steps of a round as an officer takes them, in a browser without script."""

import re
from typing import Any

NUMBERS = {
    "age_at_start": "35", "months_worked_12m": "10", "sentence_months": "12",
    "travel_minutes_to_office": "30", "age_first_offence": "30", "education_participation": "0.9",
}  # fmt: skip
DATES = {
    "start_date": "2026-02-20", "end_date": "2028-02-19", "birth_date": "1990-05-01",
    "notice_given_date": "2026-03-01", "prohibition_end": "2027-01-01",
}  # fmt: skip
CHOSEN = {
    "legal_status": "02", "correction_stage": "intake", "is_minor_profile": "false",
    "special_category": "none", "prohibition_order": "none", "recidivist": "false",
    "prior_custody": "false", "prior_supervision_failure": "false", "family_offending": "false",
    "cross_county_regular": "false", "offence_type": "dangerous_driving",
    "employment_status": "stable",
}  # fmt: skip


def domains(page: str) -> list[str]:
    """Parts of the form that the page offers."""
    return re.findall(r'name="to" value="([a-z_]+)"', page)


def filled(page: str, **instead: str) -> dict[str, Any]:
    """Answers to every question on a page: the first choice, 0, or what stands above."""
    found: dict[str, Any] = {"source": "file", "on": "2026-03-01"}
    for item in re.findall(r'name="shown\.([a-z_0-9]+)"', page):
        found[f"shown.{item}"] = "1"
        field = re.search(rf'<(input|textarea) [^>]*name="a\.{item}"[^>]*>', page)
        assert field, item
        choices = re.findall(rf'type="(?:radio|checkbox)" name="a\.{item}" value="([^"]*)"', page)
        if item in instead:
            found[f"a.{item}"] = instead[item]
        elif item in DATES:
            found[f"a.{item}"] = DATES[item]
        elif choices:
            wanted = CHOSEN.get(item, "")
            first = "none" if 'type="checkbox"' in field[0] else choices[0]
            found[f"a.{item}"] = wanted if wanted in choices else first
        elif 'inputmode="decimal"' in field[0]:
            found[f"a.{item}"] = NUMBERS.get(item, "0")
        else:
            found[f"a.{item}"] = "S-0417"
    return found


def open_case(browser: Any, person: str = "A-17", office: str = "qinghe_town") -> str:
    """Open a case and give its path."""
    browser.get("/cases/new")
    browser.post("/cases", person=person, office=office)
    assert browser.status == 200, browser.page
    return str(browser.path)


def answer(browser: Any, case: str, form: str = "quick", **instead: str) -> str:
    """Answer an assessment and sign it; give its path."""
    browser.get(case)
    browser.post(f"{case}/drafts", form=form, kind="intake")
    assert browser.status == 200
    draft = browser.path.rsplit("/", 1)[0]
    for domain in domains(browser.page):
        page = browser.get(f"{draft}/{domain}")
        browser.post(f"{draft}/{domain}", **filled(page, **instead))
        assert browser.status == 200, browser.page
    browser.get(f"{draft}/sign")
    browser.post(f"{draft}/sign/save", assessed_on="2026-03-02", read="1")
    assert browser.path.startswith("/assessments/"), browser.page
    return str(browser.path)


def own_view(browser: Any, assessment: str, tier: str = "ordinary") -> None:
    """Record an own view, after which the recommendation shows."""
    browser.get(assessment)
    browser.post(f"{assessment}/own-view", tier=tier, grounds="面谈情况稳定，家庭支持较好")
    assert browser.status == 200, browser.page
