"""The pages in a real browser: paper, phone, accessibility, and nothing that runs."""

from __future__ import annotations

import pytest

from riskengine.explanation.document import Explanation
from riskengine.reports.html import explanation_page, referral_page
from riskengine.reports.referral import ReferralList
from tests.reports.browser import axe_source, broken_rules
from tests.reports.made_up import CALIBRATED, STOPPED, explained, factor, rule, with_texts

LANGS = ["zh", "en"]
READERS = ["officer", "reviewer", "person"]
PAPER = {"width": 703, "height": 1050}  # what A4 leaves between the margins, in CSS pixels
PHONE = {"width": 360, "height": 800}
DESK = {"width": 1280, "height": 900}


def shown(browser, tmp_path, html: str, size=DESK, media: str = "screen"):
    file = tmp_path / "page.html"
    file.write_text(html, encoding="utf-8")
    page = browser.new_page(viewport=size)
    page.emulate_media(media=media)
    # no clock: laying out ten thousand letters without a space takes as long as the machine takes
    page.goto(file.as_uri(), timeout=0)
    return page


def heights(page) -> list[float]:
    return page.evaluate(
        "[...document.querySelectorAll('.sheet')].map(e => e.getBoundingClientRect().height)"
    )


def crowded(lang: str) -> Explanation:
    """As much as a sheet may have to hold: two alerts, twenty factors, many rules and needs."""
    value = explained(
        lang,
        factors=[factor(f"f{i}", 30 - i, changeable=i % 2 == 0) for i in range(20)],
        rules=[
            rule("score_band", effect="band", tier="ordinary"),
            rule("warned", binding=True, verified=False, reports={"Warnings": "1"}),
            *(rule(f"other{i}") for i in range(4)),
        ],
        alerts=[{**explained()["recommendation"]["alerts"][0], "id": f"a{i}"} for i in range(2)],
        needs=[
            {"id": f"n{i}", "label": f"Need {i}", "assistance": ["One.", "Two."], "items": []}
            for i in range(8)
        ],
        cautions=[
            {"id": f"c{i}", "text": "Mind this, which is a sentence of common length. " * 2}
            for i in range(12)
        ],
    )
    return Explanation.model_validate(value, strict=False)


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("reader", ["officer", "person"])
def test_every_person_takes_one_printed_page(browser, tmp_path, explained_examples, reader, lang):
    every = [*explained_examples[lang], crowded(lang)]
    page = shown(
        browser, tmp_path, explanation_page(every, lang=lang, reader=reader), PAPER, "print"
    )
    found = heights(page)
    page.close()
    assert len(found) == len(every)
    assert max(found) <= PAPER["height"]


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("reader", READERS)
def test_nothing_overflows_a_phone_and_the_style_sheet_is_let_through(
    browser, tmp_path, explained_examples, reader, lang
):
    html = explanation_page(explained_examples[lang], lang=lang, reader=reader)
    page = shown(browser, tmp_path, html, PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert page.evaluate(
        "getComputedStyle(document.querySelector('.head')).borderBottomStyle"
    ) in ("double",)
    page.close()


@pytest.mark.parametrize("word", ["W" * 10_000, "汉" * 10_000], ids=["latin", "han"])
@pytest.mark.parametrize("reader", READERS)
def test_ten_thousand_letters_without_a_space_overflow_nothing(browser, tmp_path, reader, word):
    one = Explanation.model_validate(
        with_texts(explained(**CALIBRATED), lambda text: text[:8] + word), strict=False
    )
    html = explanation_page([one, one], lang="en", reader=reader)
    for size, media in ((PHONE, "screen"), (DESK, "screen"), (PAPER, "print")):
        page = shown(browser, tmp_path, html, size, media)
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"], media
        page.close()


def referrals(explanations) -> ReferralList:
    found = ReferralList()
    for one in explanations:
        found.add(one)
    return found


def documents(explained_examples, lang: str) -> dict[str, str]:
    some = explained_examples[lang]
    stopped = Explanation.model_validate(explained(lang, **STOPPED), strict=False)
    calibrated = Explanation.model_validate(explained(lang, **CALIBRATED), strict=False)
    return {
        "index": explanation_page(some[3:5], lang=lang),
        "referral": referral_page(referrals(some), lang=lang),
        "nobody": referral_page(ReferralList(), lang=lang),
        "stopped": explanation_page([stopped], lang=lang),
        "calibrated": explanation_page([calibrated], lang=lang, reader="reviewer"),
        **{reader: explanation_page(some[8:9], lang=lang, reader=reader) for reader in READERS},
    }


@pytest.mark.parametrize("lang", LANGS)
def test_axe_finds_nothing(browser, tmp_path, explained_examples, lang):
    axe_source()
    found = {}
    for name, html in documents(explained_examples, lang).items():
        # one page, looked at three times: the layout follows the size, the content does not change
        page = shown(browser, tmp_path, html)
        for size, media in ((DESK, "screen"), (PHONE, "screen"), (PAPER, "print")):
            page.set_viewport_size(size)
            page.emulate_media(media=media)
            if broken := broken_rules(page):
                found[f"{name} {media} {size['width']}"] = broken
        page.close()
    assert found == {}


def test_axe_would_find_something(browser, tmp_path, explained_examples):
    html = explanation_page(explained_examples["en"][3:4], lang="en").replace(' lang="en"', "")
    page = shown(browser, tmp_path, html)
    found = broken_rules(page)
    page.close()
    assert [one.partition(":")[0] for one in found] == ["html-has-lang"]


ATTACK = (
    "<script>alert(1)</script><img src=x onerror=alert(2)><svg onload=alert(3)>"
    "\"><iframe srcdoc='<script>alert(4)</script>'></iframe><a href=javascript:alert(5)>"
    "</style><style>*{background:url(http://example.invalid/x)}</style>"
    "<meta http-equiv=refresh content='0;url=http://example.invalid/'>"
)


@pytest.mark.parametrize("reader", READERS)
def test_hostile_text_runs_nowhere_and_calls_nobody(browser, tmp_path, reader):
    one = Explanation.model_validate(
        with_texts(explained(**CALIBRATED), lambda text: text + ATTACK), strict=False
    )
    file = tmp_path / "page.html"
    file.write_text(explanation_page([one, one], lang="en", reader=reader), encoding="utf-8")
    assert visited(browser, file) == []


def visited(browser, file) -> list[str]:
    seen: list[str] = []
    page = browser.new_page()

    def dialog(found) -> None:
        seen.append(f"dialog {found.message}")
        found.dismiss()

    page.on("dialog", dialog)
    page.on(
        "request",
        lambda one: None if one.url == file.as_uri() else seen.append(f"asked {one.url}"),
    )
    page.on("console", lambda message: seen.append(message.text))
    page.goto(file.as_uri())
    page.wait_for_timeout(300)
    page.close()
    return seen


def test_the_attack_would_run_where_nothing_stops_it(browser, tmp_path):
    file = tmp_path / "page.html"
    file.write_text(f"<!doctype html><p>{ATTACK.split('<meta')[0]}", encoding="utf-8")
    seen = visited(browser, file)
    assert "dialog 1" in seen
    assert any(one.startswith("asked") for one in seen)


def test_the_policy_stops_what_escaping_would_miss(browser, tmp_path):
    html = explanation_page([crowded("en")], lang="en").replace(
        "</main>", f"{ATTACK.split('</style>')[0]}</main>"
    )
    file = tmp_path / "page.html"
    file.write_text(html, encoding="utf-8")
    assert not [one for one in visited(browser, file) if one.startswith("dialog")]


def test_forced_colours_keep_bars_and_the_chosen_tier(browser, tmp_path, explained_examples):
    html = explanation_page(explained_examples["en"][3:4], lang="en")
    file = tmp_path / "page.html"
    file.write_text(html, encoding="utf-8")
    page = browser.new_page()
    page.emulate_media(forced_colors="active")
    page.goto(file.as_uri())
    styles = page.evaluate(
        """() => [
          getComputedStyle(document.querySelector('.chart .raises')).fill,
          getComputedStyle(document.querySelector('.chart .zero')).stroke,
          getComputedStyle(document.body).color,
          getComputedStyle(document.querySelector('.tier_recommended')).outlineStyle,
        ]"""
    )
    page.close()
    assert styles[0] == styles[1] == styles[2]
    assert styles[3] == "solid"
