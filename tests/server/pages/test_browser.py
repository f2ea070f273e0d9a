"""Whole rounds in a real browser with script switched off: once in Chinese, once in English."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("uvicorn", reason="the extra `server` is not installed")

from tests.reports.browser import axe_source, broken_rules
from tests.server.pages.chromium import Person, chromium, running
from tests.server.pages.conftest import Browser, Clock
from tests.server.pages.rounds import CHOSEN, DATES, NUMBERS
from tests.server.pages.rounds import answer as answer_by_form

WORDS = {
    "zh": {
        "own": "不能审批自己提出的意见",
        "other": "须由另一人审批",
        "reason": "改变建议须选择原因",
        "not_found": "没有找到",
        "same": "重算一致",
        "suspended": "本地区已暂停使用评分",
        "recommended": "建议：",
        "grounds": "面谈、走访情况一致，家庭支持较好",
        "decided": "决定已记录",
        "locked": "已锁定",
        "missing": "还没有",
        "before": "更正前",
        "never": "没有",
        "often": "经常",
    },
    "en": {
        "own": "cannot approve it",
        "other": "another person has to approve it",
        "reason": "an override needs a reason",
        "not_found": "Not found",
        "same": "again",
        "suspended": "Scores are suspended in this district",
        "recommended": "Recommended:",
        "grounds": "Talks and visits agree, and the family helps",
        "decided": "The decision is on record",
        "locked": "locked",
        "missing": "None yet",
        "before": "Before",
        "never": "None",
        "often": "Regular",
    },
}


@pytest.fixture(scope="module")
def screen() -> Iterator[Any]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Any]]:
    folder: Path = tmp_path_factory.mktemp("office")
    with running(folder, Clock()) as found:
        yield found


@pytest.fixture(params=["zh", "en"])
def lang(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def people(screen: Any, place: tuple[str, Any], lang: str) -> Iterator[Any]:
    opened: list[Person] = []

    def one(user: str, **more: Any) -> Person:
        found = Person(screen, place[0], user, lang, **more)
        opened.append(found)
        return found

    yield one
    for person in opened:
        assert not person.problems, person.problems
        person.context.close()


def open_case(who: Person, person: str) -> str:
    who.go("/cases/new")
    who.page.fill("#person", person)
    who.page.fill("#office", "qinghe_town")
    who.page.click("main form button")
    assert who.path.startswith("/cases/c-")
    return who.path


def fill_in(who: Person, **instead: str) -> None:
    """Answer every question of the page: the first choice, 0, or what is asked for."""
    page = who.page
    page.select_option("#source", "interview")
    page.fill("#on", "2026-03-01")
    for question in page.query_selector_all("fieldset.question"):
        item = (question.get_attribute("id") or "").removeprefix("q-")
        fields = question.query_selector_all(f'[name="a.{item}"]')
        kind = fields[0].get_attribute("type")
        if kind in ("radio", "checkbox"):
            values = [one.get_attribute("value") for one in fields]
            wanted = instead.get(item, CHOSEN.get(item, ""))
            if kind == "checkbox" and wanted not in values:
                wanted = "none"
            fields[values.index(wanted) if wanted in values else 0].check()
        elif kind == "date":
            fields[0].fill(DATES.get(item, "2026-03-01"))
        elif fields[0].get_attribute("inputmode") == "decimal":
            fields[0].fill(instead.get(item, NUMBERS.get(item, "0")))
        else:
            fields[0].fill("S-0417")


def answer(who: Person, case: str, **instead: str) -> str:
    """Answer the quick form part by part and sign it."""
    who.go(case)
    who.page.click("main .card button.main")
    for _ in range(20):
        if who.path.endswith("/sign"):
            break
        fill_in(who, **instead)
        who.page.click(".form-end button.main")
        assert not who.page.query_selector(".item-error"), who.text()
    assert who.path.endswith("/sign")
    who.page.check('input[name="read"]')
    who.page.click("main .card button.main")
    assert who.path.startswith("/assessments/"), who.text()
    return who.path


@pytest.fixture
def signed(place: tuple[str, Any], lang: str) -> Iterator[Any]:
    """Answer and sign by plain requests; the first test does it question by question."""
    one = Browser(place[1], lang)
    one.client.base_url = place[0]
    one.sign_in("S-0417")

    def by_form(who: Person, case: str, **instead: str) -> str:
        path = answer_by_form(one, case, **instead)
        who.go(path)
        return path

    yield by_form
    one.client.close()


def own_view(who: Person, tier: str, grounds: str) -> None:
    who.page.check(f'input[name="tier"][value="{tier}"]')
    who.page.fill("#grounds", grounds)
    who.page.click("main .card button.main")


def hand_in(who: Person, tier: str, grounds: str, reason: str = "", explanation: str = "") -> None:
    who.page.check(f'.decide input[name="tier"][value="{tier}"]')
    who.page.fill(".decide #grounds", grounds)
    if reason:
        who.page.select_option("#reason", reason)
    if explanation:
        who.page.fill("#explanation", explanation)
    who.page.click(".decide button.main")


def test_the_round_of_an_officer_and_an_approver(people: Any, lang: str) -> None:
    words = WORDS[lang]
    officer = people("S-0418")  # an officer who may approve, but never an own proposal
    case = open_case(officer, f"R-{lang}")
    assessment = answer(officer, case)
    # signed and locked, and nothing of a tier before the own view
    assert words["locked"] in officer.text()
    assert not officer.page.query_selector(".sheet")
    own_view(officer, "ordinary", words["grounds"])
    assert officer.path == assessment
    assert words["recommended"] in officer.page.inner_text(".sheet .headline")
    assert officer.page.query_selector_all(".sheet .factors tbody tr")
    # what-if opens only after the decision
    officer.go(f"{assessment}/what-if")
    assert not officer.page.query_selector("main form")
    officer.go(assessment)
    hand_in(officer, "strict", words["grounds"])
    proposal = officer.path
    assert proposal.startswith("/proposals/")
    # the own proposal is shown, and cannot be approved: neither by a button nor by a posted form
    assert words["other"] in officer.text()
    assert not officer.page.query_selector(f'form[action="{proposal}/approve"]')
    officer.go("/approvals")
    assert officer.page.query_selector("tr.own-line")
    token = officer.page.get_attribute('input[name="csrf_token"]', "value")
    refused = officer.context.request.post(
        f"{officer.base}{proposal}/approve",
        form={"csrf_token": token, "grounds": words["grounds"]},
        headers={"accept-language": lang},
    )
    assert refused.status == 422 and words["own"] in refused.text()

    approver = people("S-0500")
    approver.go("/approvals")
    approver.page.click(f'a[href="{proposal}"]')
    approver.page.fill("#grounds", words["grounds"])
    approver.page.click(".decide button.main")
    decision = approver.path
    assert decision.startswith("/decisions/")
    assert words["decided"] in approver.text()

    # made known, with what the person said
    officer.go(decision)
    officer.page.select_option("#language", "dialect")
    officer.page.check('input[name="aloud"]')
    officer.page.fill("#said", words["grounds"])
    officer.page.click("main details button.main")
    assert words["grounds"] in officer.page.inner_text("blockquote >> nth=-1")
    officer.go("/caseload?who=all")
    row = officer.page.inner_text(f'tr:has(a[href="{case}"])')
    assert {"zh": "严管", "en": "strict"}[lang] in row
    officer.go(f"{decision}/notice")
    assert officer.page.query_selector(".letter") and officer.page.query_selector(".sheet.person")

    officer.go(f"{assessment}/what-if")
    officer.page.select_option('select[name="a.antisocial_companions"]', "3")
    officer.page.click("main form button.main")
    assert officer.page.inner_text("#found strong")


def test_an_override_without_a_reason_is_refused(people: Any, signed: Any, lang: str) -> None:
    words = WORDS[lang]
    officer = people("S-0417")
    case = open_case(officer, f"O-{lang}")
    assessment = signed(officer, case)
    own_view(officer, "relaxed", words["grounds"])
    hand_in(officer, "relaxed", words["grounds"])
    assert words["reason"] in officer.page.inner_text(".errors")
    assert officer.page.input_value(".decide #grounds") == words["grounds"]
    hand_in(officer, "relaxed", words["grounds"], "protective_support")
    assert officer.page.query_selector(".errors"), "an override also needs its explanation"
    hand_in(officer, "relaxed", words["grounds"], "protective_support", words["grounds"])
    assert officer.path.startswith("/decisions/"), officer.text()
    decision = officer.path

    reviewer = people("S-0600")
    reviewer.go("/overview?direction=down&reason=protective_support")
    assert reviewer.page.query_selector(f'a[href="{decision}"]')
    reviewer.page.click(f'a[href="{decision}/replay"]')
    assert words["same"] in reviewer.page.inner_text(".done")
    reviewer.go("/overview")
    reviewer.page.click('form[action^="/overview/check"] button')
    assert reviewer.page.query_selector("#checked.done")
    assert assessment


def test_a_comment_leads_to_a_correction_with_its_differences(
    people: Any, signed: Any, lang: str
) -> None:
    words = WORDS[lang]
    officer = people("S-0417")
    case = open_case(officer, f"C-{lang}")
    assessment = signed(officer, case, antisocial_companions="2")
    own_view(officer, "ordinary", words["grounds"])
    officer.go(case)
    officer.page.click('details:has(form[action$="/comments"]) summary')
    officer.page.fill("#words", words["grounds"])
    officer.page.click('form[action$="/comments"] button')
    assert words["grounds"] in officer.page.inner_text(".said-list")
    officer.go(assessment)
    officer.page.click('details:has(form[action$="/correction"]) summary')
    officer.page.fill("#reason >> nth=-1", words["grounds"])
    officer.page.click('form[action$="/correction"] button')
    assert officer.path.endswith("/sign")
    officer.page.click('a[href$="/companions"]')
    officer.page.check('input[name="a.antisocial_companions"][value="0"]')
    officer.page.click('button[name="to_sign"]')
    officer.page.check('input[name="read"]')
    officer.page.click("main .card button.main")
    assert officer.path != assessment and officer.path.startswith("/assessments/"), officer.text()
    change = officer.page.query_selector("table.diff")
    assert change is not None and words["before"] in change.inner_text()
    assert words["often"] in officer.page.inner_text(".diff del"), change.inner_text()
    assert words["never"] in officer.page.inner_text(".diff ins")
    # both tiers, since a recommendation had been shown; and the first one stays as it was
    assert officer.page.inner_text(".change p:has(strong)")
    officer.go(assessment)
    assert officer.page.query_selector(f'a[href="{assessment}"]') is None
    assert officer.page.query_selector('.notebox a[href^="/assessments/"]')


def test_a_request_for_review_is_answered_by_somebody_else(people: Any, lang: str) -> None:
    words = WORDS[lang]
    officer = people("S-0417")
    case = open_case(officer, f"V-{lang}")
    officer.go(case)
    officer.page.click('details:has(form[action$="/reviews"]) summary')
    officer.page.fill("#review-words", words["grounds"])
    officer.page.click('form[action$="/reviews"] button')
    review = officer.path
    assert review.startswith("/reviews/r-")
    officer.go(f"{review}/receipt")
    assert "2026-03-12" in officer.text()
    reviewer = people("S-0600")
    reviewer.go("/reviews")
    reviewer.page.click(f'a[href="{review}"]')
    reviewer.page.select_option("#handler", "S-0600")
    reviewer.page.click('form[action$="/handler"] button')
    reviewer.page.check('input[name="outcome"][value="upheld"]')
    reviewer.page.fill("#answer", words["grounds"])
    reviewer.page.click('form[action$="/answer"] button.main')
    reviewer.go(f"{review}/letter")
    assert words["grounds"] in reviewer.text()


def test_a_decision_without_a_score(people: Any, lang: str) -> None:
    words = WORDS[lang]
    officer = people("S-0417")
    case = open_case(officer, f"N-{lang}")
    officer.page.click('a[href$="/without-score"]')
    officer.page.check('input[name="ground"][value="minor"]')
    officer.page.check('input[name="tier"][value="ordinary"]')
    officer.page.fill("#grounds", words["grounds"])
    officer.page.fill("#review_on", "2026-05-01")
    officer.page.click("main .card button.main")
    assert officer.path.startswith("/decisions/"), officer.text()
    officer.go(f"{officer.path}/notice")
    assert officer.page.query_selector(".letter") and not officer.page.query_selector(".sheet")
    officer.go(case)
    assert {"zh": "普管", "en": "ordinary"}[lang] in officer.page.inner_text(".facts-list")


def test_a_suspension_hides_scores_at_once_and_nothing_else(
    people: Any, signed: Any, lang: str
) -> None:
    words = WORDS[lang]
    officer = people("S-0417")
    case = open_case(officer, f"S-{lang}")
    assessment = signed(officer, case)
    own_view(officer, "ordinary", words["grounds"])
    assert officer.page.query_selector(".sheet")
    reviewer = people("S-0600")
    reviewer.go("/overview")
    reviewer.page.fill("#reason >> nth=-1", words["grounds"])
    reviewer.page.click('form[action="/overview/suspension"] button')
    try:
        assert words["suspended"] in reviewer.page.inner_text(".banner")
        officer.go(assessment)
        assert words["suspended"] in officer.page.inner_text(".banner")
        assert not officer.page.query_selector(".sheet")
        assert officer.go(f"{assessment}/review-sheet") == 404
        # the next case: assessed, own view kept, decided without a score
        other = open_case(officer, f"T-{lang}")
        second = signed(officer, other)
        own_view(officer, "ordinary", words["grounds"])
        assert officer.path == second and not officer.page.query_selector(".sheet")
        officer.page.click('a[href*="/without-score"]')
        officer.page.check('input[name="ground"][value="suspension"]')
        officer.page.check('input[name="tier"][value="ordinary"]')
        officer.page.fill("#grounds", words["grounds"])
        officer.page.fill("#review_on", "2026-05-01")
        officer.page.click("main .card button.main")
        assert officer.path.startswith("/decisions/"), officer.text()
    finally:
        reviewer.go("/overview")
        reviewer.page.fill("#reason >> nth=-1", words["grounds"])
        reviewer.page.click('form[action="/overview/suspension"] button')
    officer.go(assessment)
    assert officer.page.query_selector(".sheet")


def test_a_stranger_from_another_district_finds_nothing(people: Any, lang: str) -> None:
    officer = people("S-0417")
    case = open_case(officer, f"X-{lang}")
    stranger = people("S-9001")
    assert stranger.go(case) == 404
    assert WORDS[lang]["not_found"] in stranger.text()
    assert f"X-{lang}" not in stranger.page.content()
    stranger.go("/caseload?who=all")
    assert case not in stranger.page.content()


def test_the_keyboard_alone_is_enough(people: Any, lang: str) -> None:
    officer = people("S-0417")
    open_case(officer, f"K-{lang}")
    officer.go("/caseload")
    officer.page.keyboard.press("Tab")
    assert officer.page.inner_text(":focus") in ("跳到正文", "Skip to the content")
    officer.page.keyboard.press("Enter")
    assert officer.page.url.endswith("#main")
    # from the filter to the first person
    officer.page.focus("#person")
    officer.page.keyboard.type(f"K-{lang}")
    with officer.page.expect_navigation():
        officer.page.keyboard.press("Enter")
    assert officer.path.startswith("/cases/c-")


@pytest.mark.parametrize("width", [360])
def test_nothing_is_wider_than_the_screen(people: Any, signed: Any, lang: str, width: int) -> None:
    officer = people("S-0417")
    case = open_case(officer, f"W-{lang}-{width}")
    assessment = signed(officer, case, antisocial_companions="2")
    own_view(officer, "ordinary", WORDS[lang]["grounds"])
    narrow = people("S-0600", width=width, script=True)
    for path in (
        "/caseload?who=all", "/due?who=all", "/approvals", "/reviews", "/overview", "/rules",
        "/rules/policy", case, assessment, f"{assessment}/answers", "/password", "/ratings",
        "/ratings/agreement", "/conflicts",
    ):  # fmt: skip
        narrow.go(path)
        wide = narrow.page.evaluate(
            "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
        )
        assert wide[0] <= wide[1], (path, wide)


def test_axe_finds_nothing(people: Any, signed: Any, lang: str) -> None:
    axe_source()
    width = 360 if lang == "zh" else 1280
    officer = people("S-0417")
    words = WORDS[lang]["grounds"]
    case = open_case(officer, f"AX-{lang}-{width}")
    other = signed(officer, case, self_harm_flag="3")
    own_view(officer, "ordinary", words)
    hand_in(officer, "strict", words)
    proposal = officer.path
    second = open_case(officer, f"AY-{lang}-{width}")
    waiting = signed(officer, second)
    third = open_case(officer, f"AZ-{lang}-{width}")
    decided = signed(officer, third, antisocial_companions="2")
    own_view(officer, "ordinary", words)
    hand_in(officer, "relaxed", words, "other", words)
    decision = officer.path
    officer.go(third)
    officer.page.click('details:has(form[action$="/reviews"]) summary')
    officer.page.click('form[action$="/reviews"] button')
    review = officer.path
    fourth = open_case(officer, f"AW-{lang}-{width}")
    officer.page.check('input[name="form"][value="full"]')
    officer.page.click("main .card button.main")
    draft = officer.path.rsplit("/", 1)[0]
    officer.go(f"{draft}/criminal_history")
    officer.page.fill('input[name="a.age_at_start"]', "abc")
    officer.page.click('button[name="stay"]')
    assert officer.page.query_selector(".item-error")
    reviewer = people("S-0600")
    reviewer.go("/ratings")
    reviewer.page.fill("#share", "100")
    reviewer.page.fill("#seed", "7")
    reviewer.page.click("main .card button")
    asked = reviewer.page.query_selector('main a[href^="/ratings/g"]')
    assert asked
    rating = asked.get_attribute("href")
    # script only for axe itself: the pages have none
    looks = {
        user: people(user, width=width, script=True)
        for user in ("S-0417", "S-0500", "S-0600", "S-0800")
    }
    for user, path in (
        ("S-0417", "/caseload"), ("S-0417", "/due"), ("S-0417", "/cases/new"), ("S-0417", case),
        ("S-0417", f"{draft}/control"), ("S-0417", f"{draft}/criminal_history"),
        ("S-0417", f"{draft}/sign"), ("S-0417", waiting), ("S-0417", other),
        ("S-0417", f"{fourth}/without-score"), ("S-0417", f"{decided}/what-if"),
        ("S-0500", "/approvals"), ("S-0500", proposal), ("S-0417", proposal),
        ("S-0417", decision), ("S-0417", f"{decision}/notice"), ("S-0600", "/reviews"),
        ("S-0600", review), ("S-0600", f"{review}/receipt"), ("S-0600", "/overview"),
        ("S-0600", f"{decision}/replay"), ("S-0600", f"{decided}/answers"),
        ("S-0600", f"{decided}/review-sheet"), ("S-0600", "/rules"), ("S-0600", "/rules/policy"),
        ("S-0600", "/password"), ("S-0600", "/nowhere"), ("S-0417", f"{case}/paper"),
        ("S-0600", "/ratings"), ("S-0600", rating), ("S-0600", "/ratings/agreement"),
        ("S-0800", f"{case}/erasure"), ("S-0800", "/exchange"), ("S-0600", "/conflicts"),
        ("S-0800", "/rules/compare"),
    ):  # fmt: skip
        look = looks[user]
        look.go(path)
        assert broken_rules(look.page) == [], path
