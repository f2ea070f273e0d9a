from __future__ import annotations

import base64
import hashlib
import json
import re
from importlib import resources

import pytest

from riskengine.errors import UseError
from riskengine.reports.html import READERS, explanation_page, page_texts, write_page
from riskengine.reports.inert import inert
from riskengine.reports.words import words_of
from riskengine.store.lookup import find_catalogue
from tests.reports.made_up import (
    CALIBRATED,
    RESEARCH,
    STOPPED,
    domain,
    explained,
    explanation,
    reason,
    recommendation,
    rule,
)
from tests.reports.reading import Node, read

KINDS = {"plain": {}, "calibrated": CALIBRATED, "stopped": STOPPED, "research": RESEARCH}


def sheet(lang: str = "en", reader: str = "officer", rest=None, **changes) -> Node:
    one = explanation(lang, rest, **changes)
    return read(explanation_page([one], lang=lang, reader=reader)).one("article")


# ------------------------------------------------------------------ one closed file


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_recommendation_gives_a_well_formed_page(kind, lang, reader):
    one = explanation(lang, **KINDS[kind])
    if (kind, reader) == ("research", "person"):
        with pytest.raises(UseError, match="research mode"):
            explanation_page([one], lang=lang, reader=reader)
        return
    found = read(explanation_page([one], lang=lang, reader=reader))
    assert found.one("html").attributes["lang"] == {"zh": "zh-CN", "en": "en"}[lang]
    assert "P-1" in found.one("article").text


@pytest.mark.parametrize("reader", READERS)
def test_nothing_runs_and_nothing_is_fetched(reader):
    one = explanation(**CALIBRATED)
    page = read(explanation_page([one, one], lang="en", reader=reader))
    tags = {node.tag for node in page.walk()}
    assert not tags & {"script", "link", "img", "iframe", "object", "embed", "form", "base"}
    for node in page.walk():
        for name, value in node.attributes.items():
            assert not name.startswith("on")
            # an inline style would need a hole in the policy
            assert name not in {"style", "src", "srcset", "xlink:href", "action"}
            if name == "href":
                assert value.startswith("#")
            if name in {"fill", "stroke"}:
                assert value == "url(#lowers)"
    style = page.one("style").text
    assert "url(" not in style
    assert "@import" not in style


def test_the_policy_forbids_all_but_the_one_style_sheet():
    page = explanation_page([explanation()], lang="en")
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)
    assert style
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    policies = [
        node.attributes["content"]
        for node in read(page).all("meta")
        if node.attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policies == [
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    ]


def test_the_same_recommendations_give_the_same_bytes(tmp_path):
    one, two = (write_page(tmp_path / n, [explanation()], lang="en") for n in ("a/1", "b/2"))
    assert one.read_bytes() == two.read_bytes()
    assert b"\r" not in one.read_bytes()


def test_a_recommendation_in_another_language_is_refused():
    with pytest.raises(UseError, match=r"explanation \[2\] is in \[zh\] and the page in \[en\]"):
        explanation_page([explanation("en"), explanation("zh")], lang="en")


# ------------------------------------------------------------------ what must be on a sheet


def test_the_tier_is_told_in_words_and_not_by_colour_alone():
    rungs = sheet().one(name="ladder").all("li")
    assert [rung.text for rung in rungs] == [
        "relaxed — not recommended",
        "ordinary — not recommended",
        "strict ✓ recommended",
    ]


def test_both_defensible_tiers_stand_on_the_ladder():
    found = sheet(
        status="either",
        tiers=[{"tier": "relaxed", "label": "relaxed"}, {"tier": "ordinary", "label": "ordinary"}],
        rules=[
            rule("score_band", effect="band", tier="relaxed", binding=True),
            rule("idle", effect="cap", tier="strict"),
        ],
    )
    states = [rung.attributes["class"] for rung in found.one(name="ladder").all("li")]
    assert states == ["tier_defensible", "tier_defensible", "tier_not"]
    assert "The tier “relaxed” is defensible as well." in found.one(name="grounds").text
    # contacts belong to the tier of the binding rule, which need not be the stricter one
    assert "Contacts for relaxed" in found.one(name="helps").text


def test_no_tier_no_ladder_and_nothing_to_decide():
    found = sheet(**STOPPED)
    assert not found.all(name="ladder")
    assert not found.all(name="decision")
    assert "Law about H03" in found.one(name="grounds").text
    assert "No score was computed." in found.one(name="score").text


def test_what_binds_stands_at_the_top_with_its_citation_and_mark():
    grounds = sheet().one(name="grounds")
    assert "Reason of warned." in grounds.text
    assert "Because of a warning." in grounds.text
    assert grounds.one("cite").text == "Law about warned [text not verified]"
    assert "unverified" in grounds.one("cite").attributes["class"]


def test_unverified_texts_are_marked_everywhere_and_only_once():
    marked = [cite.text for cite in sheet().all("cite", "unverified")]
    assert marked == [
        "Law about warned [text not verified]",
        "Rule nobody read [text not verified]",
    ]
    own = [rule("r", binding=True, verified=False, citation="《办法》〔条文未核对〕")]
    assert sheet("zh", rules=own).one(name="grounds").one("cite").text.count("条文未核对") == 1


def test_checked_texts_carry_no_mark():
    rules = sheet(reader="reviewer").one(name="rules")
    (verified,) = [c for c in rules.all("cite") if "score_band" in c.text]
    assert verified.text == "Law about score_band"
    assert "unverified" not in verified.attributes["class"]


def test_start_and_rows_add_up_to_the_score_on_the_sheet():
    table = sheet().one("table", "factors")
    numbers = [int(node.own.strip().replace("−", "-")) for node in table.all("td", "number")]
    sums = [int(n.own.strip().replace("−", "-")) for n in table.all("td", "subtotal")]
    assert numbers == [2, 8, 6, 2, -3, -3, 7]
    assert sums == [8, -3]
    assert numbers[0] + sum(sums) == numbers[-1]


def test_a_screen_reader_is_told_the_direction_and_spared_the_drawing():
    table = sheet().one("table", "factors")
    spoken = [node.text for node in table.all("td", "number")]
    assert spoken == [
        "2", "raises +8", "raises +6", "raises +2", "lowers −3", "lowers −3", "7",
    ]  # fmt: skip
    for cell in table.all(name="bar-cell"):
        assert cell.attributes["aria-hidden"] == "true"


def test_answers_of_others_are_marked_and_explained():
    found = sheet()
    (marked,) = [
        row for row in found.one("table", "factors").all("tr") if row.all(name="withheld")
    ]
    assert "Label of alcohol" in marked.text
    assert "not for disclosure” came from somebody else" in found.one(name="cautions").text
    assert "came from somebody else" not in sheet(factors=[]).one(name="cautions").text


def test_a_safety_alert_comes_before_the_tier_with_its_task():
    found = sheet()
    order = [node.attributes.get("class", "").split(" ")[0] for node in found.children]
    assert order.index("alerts") < order.index("verdict")
    assert "Threat" in found.one(name="alerts").text
    assert "Act today." in found.one(name="alerts").text
    assert not sheet(alerts=[]).all(name="alerts")


def test_what_is_not_known_is_said_with_range_question_and_rules():
    found = sheet()
    unknown = found.one(name="unknown").text
    assert "from 7 to 11 (now 7). The tier would stay strict." in unknown
    assert "Drug use (refused, 0 to +4)" in unknown
    assert "Most useful question Drug use" in unknown
    assert "About seven in ten." in found.one(name="sure").text
    assert "Some rule" in found.one(name="rules").text
    everything = sheet(reader="reviewer")
    assert "not scored for want of evidence: Gambling" in everything.text
    assert "outer bounds" not in unknown


def test_an_outer_bound_says_so():
    missing = recommendation().missing
    assert missing
    loose = {**missing.model_dump(mode="json"), "exact": False, "tier_low": "relaxed"}
    unknown = sheet(missing=loose).one(name="unknown").text
    assert "The tier could then be relaxed to strict." in unknown
    assert "outer bounds" in unknown


def test_questions_without_effect_stand_in_one_line():
    under = sheet(reader="reviewer").one("ul", "under").text
    assert "Asked, no effect on the score: Label of work" in under
    assert "Label of drugs" not in sheet().one(name="score").text


def test_help_contacts_and_review_are_there():
    helps = sheet().one(name="helps").text
    for words in ("A job.; A course.", "2 in 30 days", "Contacts for strict", "1 April 2026"):
        assert words in helps


def test_the_end_of_the_initial_period_is_announced():
    assert "“ordinary”, from 20 April 2026" in sheet().one(name="after").text
    later = sheet(without_initial_period=None, takes_effect_on=None)
    assert not later.all(name="after")


# ------------------------------------------------------------------ scale and research


def test_a_relative_score_has_no_probability_and_no_percentage_points():
    view = CALIBRATED["item_view"]
    relative = {
        **view,
        "baseline_risk": None,
        "items": [{**view["items"][0], "percentage_points": None}],
    }
    found = sheet(item_view=relative, reader="reviewer")
    assert "robabilit" not in found.text.replace("is no probability", "")
    assert "ercentage points" not in found.text


def test_a_calibrated_score_has_both_with_their_interval():
    found = sheet(**CALIBRATED)
    assert "12.3 % (90 % interval 10.0 % to 15.0 %)" in found.one(name="figures").text
    calibrated = {**explained()["reasons"], "baseline": 10}
    one = reason("companions", 18, percentage_points="0.043000000", label="Companions")
    calibrated["domains"] = [domain("ties", one)]
    everything = sheet(reader="reviewer", rest={"reasons": calibrated}, **CALIBRATED)
    items = everything.one("table", "items").text
    assert "Baseline 8.0 % 2.50" in items
    assert "+4.50 +0.45 +4.30 +18" in items


def test_research_is_watermarked_and_nothing_else_is():
    found = sheet(**RESEARCH)
    assert found.one(name="watermark").text == "Research only · no decision"
    # the watermark is drawn; the words beside the title are what a screen reader says
    assert found.one(name="subtitle").text == "Research only · no decision"
    assert not sheet().all(name="watermark")


@pytest.mark.parametrize(("value", "words"), [(1, "1 point"), (-1, "−1 point"), (7, "7 points")])
def test_one_point_is_no_plural(value, words):
    score = recommendation().score
    assert score
    changed = {**score.model_dump(mode="json"), "value": value}
    shown = sheet(score=changed, factors=[]).one(name="figures").all("strong")[0].text
    assert shown == words


def test_the_full_form_is_shown_rounded_and_says_so():
    score = recommendation().score
    assert score
    full = {
        **score.model_dump(mode="json"),
        "form": "full",
        "value": -(2**39),
        "intercept": 2**40,
        "log_odds": -0.5,
    }
    found = sheet(score=full, factors=[], missing=None)
    assert "−0.50 log-odds" in found.one(name="figures").text
    assert "Shown rounded" in found.one(name="under").text
    assert "Shown rounded" not in sheet().text


# ------------------------------------------------------------------ index


def test_the_index_leads_to_every_sheet():
    many = [explanation(person=f"P-{n}") for n in range(3)] + [explanation(**STOPPED)]
    page = read(explanation_page(many, lang="en"))
    links = [a.attributes["href"] for a in page.one("nav").all("a")]
    ids = [node.attributes["id"] for node in page.all("article")]
    assert links == [f"#{name}" for name in ids]
    rows = page.one("nav").all("tr")[1:]
    assert "! safety alerts: 1" in rows[0].text
    assert "No recommendation yet" in rows[3].text


def test_one_sheet_needs_no_index_and_none_needs_a_word():
    assert not read(explanation_page([explanation()], lang="en")).all("nav")
    assert "no recommendation to show" in explanation_page([], lang="en")


# ------------------------------------------------------------------ texts

# what is printed on a terminal, and the workbook, have catalogues of their own
ELSEWHERE = {"terminal.py", "explained.py", "spreadsheet.py"}


def test_every_text_is_used_and_every_used_text_exists():
    folder = resources.files("riskengine.reports")
    sources = [
        file.read_text(encoding="utf-8")
        for place in (folder, folder / "templates")
        for file in place.iterdir()
        if file.name.endswith((".j2", ".py")) and file.name not in ELSEWHERE
    ]
    code = "\n".join(sources)
    texts = page_texts("en").sentences
    quoted = set(re.findall(r'"([a-z_]+)"', code))
    families = set(re.findall(r'f"([a-z_]+_)\{', code)) | set(re.findall(r'"([a-z_]+_)" ~', code))
    unused = {k for k in texts if k not in quoted and not any(k.startswith(f) for f in families)}
    assert unused == set()
    asked = set(re.findall(r'say\(\s*"([a-z_]+)"', code))
    assert {k for k in asked if not k.endswith("_")} - set(texts) == set()
    assert len(asked) > 80


def test_the_workbook_has_every_text_that_it_asks_for():
    code = (resources.files("riskengine.reports") / "spreadsheet.py").read_text(encoding="utf-8")
    asked = set(re.findall(r'say\(\s*"([a-z_]+)"', code))
    assert len(asked) > 10
    assert asked <= set(words_of("spreadsheet", "en").sentences)


def test_both_languages_have_the_same_placeholders():
    raw = json.loads(json.dumps(find_catalogue("texts", "pages")))
    for key, text in raw["texts"].items():
        zh, en = (set(re.findall(r"\{(\w+)\}", text[lang])) for lang in ("zh", "en"))
        assert zh == en, key


def test_chinese_page_texts_use_full_width_punctuation():
    raw = json.loads(json.dumps(find_catalogue("texts", "pages")))
    half_width = re.compile(r"[\u4e00-\u9fff}][,;:!?()]|[,;:!?()][\u4e00-\u9fff{]")
    assert [k for k, t in raw["texts"].items() if half_width.search(t["zh"])] == []


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("a\u202eb", "a·b"),
        ("\u2066x\u2069", "·x·"),
        ("a\u200bb\x00", "a·b·"),
        ("\ud800", "·"),
        # rare characters of names, among them those in the private-use area of older encodings
        ("𠮷\ue000", "𠮷\ue000"),
    ],
)
def test_invisible_characters_become_visible(given, shown):
    assert inert(given) == shown


def test_what_the_tier_rests_on_is_not_said_a_second_time():
    once = {"without_initial_period": None, "takes_effect_on": None}
    again = sheet(why_not_lower=["Reason of warned. (Law about warned)"], **once).text
    assert "Why not yet a lower tier" not in again
    other = sheet(why_not_lower=["Because of a warning."], **once).text
    assert "Why not yet a lower tier Because of a warning." in other
    after = sheet(why_not_lower=["Reason of warned. Then ordinary."]).text
    assert "Why not yet a lower tier" in after
