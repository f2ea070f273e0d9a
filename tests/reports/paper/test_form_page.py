"""The form as a page: complete, inert, in both languages, on two sheets, and refused where due."""

from __future__ import annotations

import html
import re
import subprocess
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser

import pytest
from typer.testing import CliRunner

from riskengine import Engine
from riskengine.cli import app
from riskengine.errors import UseError
from riskengine.policy.jurisdictions.cn import CN
from riskengine.reports import pdf
from riskengine.reports.paper.form import PaperForm
from riskengine.reports.paper.make import form_of, paper_form
from riskengine.reports.paper.page import paper_page, signed
from riskengine.reports.paper.sibling import points_siblings, require_points
from riskengine.reports.paper.words import paper_texts
from riskengine.scorecard.compiled import Scorecard
from riskengine.store.lookup import find_catalogue
from riskengine.text import Text
from tests.reports.browser import browser_path
from tests.support.paper_forms import ON, POLICIES, made_up, shipped
from tests.support.scorecards import make_document

runner = CliRunner()
browser = pytest.mark.skipif(browser_path() is None, reason="no chromium on this machine")
LONG = "长" * 200
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>\u202e=cmd|' /C calc'!A0" + LONG


class Structure(HTMLParser):
    """Tags, attributes and what is open at the end."""

    VOID = ("meta", "br", "img", "input")

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open and self.open[-1] == tag, (tag, self.open)
        self.open.pop()


def parsed(page: str) -> Structure:
    structure = Structure()
    structure.feed(page)
    assert structure.open == []
    return structure


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_everything_that_counts_is_on_the_page(policy, lang):
    engine, form = shipped(policy, lang)
    page = paper_page(form)
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))
    for row in form.items:
        assert row.label in text and row.question.split()[0] in text
        for box in row.boxes:
            assert box.label in text
            assert signed(box.points) in text
    for row in (*form.rules, *form.stops):
        assert row.title in text
    for row in form.alerts:
        assert row.label in text and row.task in text
    for band in form.bands:
        assert band.label in text
    for caution in form.cautions:
        assert caution in text
    for name in (form.id, form.model, form.model_sha256, form.policy, form.policy_sha256):
        assert name in text
    assert form.proposes in text and form.approves in text
    # the officer's own view comes before anything is added up
    assert page.index('id="own-title"') < page.index('id="items-title"')


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_points_that_are_printed_are_those_of_the_form(lang):
    """Read the points back off the page, box by box, and the bands."""
    _, form = shipped(lang=lang)
    page = html.unescape(paper_page(form))
    questions = page.split('<td class="no">')[len(form.stops) + 1 :]
    for row, part in zip(form.items, questions, strict=False):
        boxes = re.findall(r'<li>.*?class="pts">(.*?)</span> <span><b>(.*?)</b>', part)
        assert boxes == [(signed(box.points), box.label) for box in row.boxes]
        silent = re.findall(
            r'aria-hidden="true"></span>([^<]+)</span> <span class="pts">(.*?)</span>', part
        )
        assert silent == [(box.label, signed(box.points)) for box in row.unanswered]
        say = paper_texts(lang)
        assert say("item_range", low=signed(row.lowest), high=signed(row.highest)) in part
    strip = re.findall(r"<span>(−?\d+)</span>", page)
    assert [int(n.replace("−", "-")) for n in strip] == list(range(form.lowest, form.highest + 1))
    table = page[page.index('class="bands"') :]
    low, middle, high = re.findall(r"<td>([^<]+)</td>", table)[:3]
    assert re.findall(r"\d+", f"{low} {middle} {high}") == ["1", "2", "7", "8"]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_page_is_inert_and_readable_by_machines(lang):
    page = paper_page(shipped(lang=lang)[1])
    structure = parsed(page)
    tags = {tag for tag, _ in structure.tags}
    assert not tags & {"script", "img", "link", "iframe", "object", "form", "input", "a"}
    assert structure.tags[0] == ("html", {"lang": {"zh": "zh-CN", "en": "en"}[lang], "dir": "ltr"})
    policy = next(a["content"] for t, a in structure.tags if t == "meta" and "http-equiv" in a)
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert not re.search(r"(src|href|url\()", page.split("</style>")[1])
    assert all("scope" in attrs for tag, attrs in structure.tags if tag == "th")
    ids = [attrs["id"] for _, attrs in structure.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    named = {attrs["aria-labelledby"] for _, attrs in structure.tags if "aria-labelledby" in attrs}
    assert named <= set(ids)
    for tag, attrs in structure.tags:
        if tag == "section":
            assert "aria-labelledby" in attrs


def hostile_engine() -> Engine:
    engine = Engine.load()
    text = Text(zh=HOSTILE, en=HOSTILE)
    document = engine.scorecard.document.model_copy(update={"title": text, "not_for": (text,)})
    rules = tuple(one.model_copy(update={"title": text}) for one in engine.policy.document.rules)
    policy = replace(
        engine.policy,
        document=engine.policy.document.model_copy(update={"title": text, "rules": rules}),
        rules=tuple(
            replace(one, rule=one.rule.model_copy(update={"title": text}))
            for one in engine.policy.rules
        ),
    )
    return replace(engine, scorecard=Scorecard(document, engine.instrument), policy=policy)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_hostile_texts_are_text(lang):
    page = paper_page(form_of(hostile_engine(), on=ON, lang=lang))
    assert "<script>" not in page and "<img" not in page
    assert "&lt;script&gt;" in page
    assert "\u202e" not in page
    parsed(page)


def test_the_number_of_a_form_names_its_content():
    engine, form = shipped()
    again = form_of(engine, on=ON, lang="zh")
    assert again == form and paper_page(again) == paper_page(form)
    other = form_of(hostile_engine(), on=ON, lang="zh")
    assert other.id != form.id
    assert PaperForm.model_validate_json(form.model_dump_json()) == form


def test_a_model_with_pairs_prints_their_tables():
    _, form = made_up(3, pairs=5)
    page = paper_page(form)
    assert page.count('<table class="pair">') == len(form.pairs) == 5
    parsed(page)


def test_a_full_form_names_its_points_sibling(cn):
    full = make_document(cn, outcome="serious_noncompliance_12m")
    assert points_siblings(full) == ["cn_serious_noncompliance@1.0.0"]
    with pytest.raises(UseError, match=r"full form.*points sibling: cn_serious_noncompliance@1"):
        require_points(full)


def test_a_full_form_without_a_sibling_says_how_to_train_one():
    with pytest.raises(UseError, match=r"no points model.*--outcome rearrest_3y --form points"):
        paper_form("georgia_parole_3y", "cn_default", on=ON, lang="en")


def test_what_no_hand_computes_is_refused():
    engine = Engine.load()
    document = make_document(engine.instrument, form="points", items=["age_first_offence"])
    card = Scorecard(document, engine.instrument)
    assert any(
        category.item == "age_first_offence" for c in CN.in_force(ON) for category in c.sealed
    )
    with pytest.raises(UseError, match=r"counts \[age_first_offence\].*H09"):
        form_of(replace(engine, scorecard=card), on=ON, lang="zh")


def test_zh_and_en_have_the_same_placeholders():
    texts = find_catalogue("texts", "paper")["texts"]
    for key, text in texts.items():
        assert (
            re.findall(r"{(\w+)}", text["zh"]).sort() == re.findall(r"{(\w+)}", text["en"]).sort()
        ), key
        assert sorted(set(re.findall(r"{(\w+)}", text["zh"]))) == sorted(
            set(re.findall(r"{(\w+)}", text["en"]))
        ), key


def test_the_commands(tmp_path):
    out = tmp_path / "forms" / "form.html"
    arguments = ["paper-form", "cn_serious_noncompliance", "--policy", "cn_default", "--on",
                 "2026-06-01", "--out"]  # fmt: skip
    for lang in ("zh", "en"):
        found = runner.invoke(app, [*arguments, str(out), "--lang", lang])
        assert found.exit_code == 0, found.output
        assert out.read_text(encoding="utf-8") == paper_page(shipped(lang=lang)[1])
    twin = out.with_suffix(".json")
    assert runner.invoke(app, [*arguments, str(twin)]).exit_code == 0
    assert PaperForm.model_validate_json(twin.read_text(encoding="utf-8")) == shipped()[1]
    refused = runner.invoke(app, ["paper-form", "georgia_parole_1y", *arguments[2:], str(out)])
    assert isinstance(refused.exception, UseError)
    query = ["models", "sql", "cn_serious_noncompliance", "--policy", "cn_default"]
    sql = runner.invoke(app, query)
    assert sql.exit_code == 0 and 'AS "band"' in sql.output


def test_without_a_browser_a_pdf_is_refused_and_nothing_written(tmp_path, monkeypatch):
    from riskengine.reports.paper.page import write_paper

    monkeypatch.setenv(pdf.SETTING, str(tmp_path / "nowhere"))
    with pytest.raises(UseError, match="no such program"):
        write_paper(tmp_path / "form.pdf", shipped()[1])
    assert not (tmp_path / "form.pdf").exists()


@browser
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_form_takes_two_sheets_of_a4(lang, tmp_path):
    for policy in POLICIES:
        target = pdf.print_pdf(paper_page(shipped(policy, lang)[1]), tmp_path / f"{policy}.pdf")
        assert len(re.findall(rb"/Type\s*/Page\b", target.read_bytes())) == 4


@browser
def test_nothing_overflows_a4_or_a_phone(tmp_path):
    frames = ""
    for name, form in {
        "zh": shipped(lang="zh")[1],
        "en": shipped(lang="en")[1],
        "hostile": form_of(hostile_engine(), on=ON, lang="en"),
    }.items():
        (tmp_path / f"{name}.html").write_text(paper_page(form), encoding="utf-8")
        frames += "".join(f'<iframe src="{name}.html" width={w}></iframe>' for w in (360, 794))
    script = (
        "onload = () => { document.title = 'over:' + [...document.querySelectorAll('iframe')]"
        ".map(f => f.contentDocument.documentElement.scrollWidth - f.width).join(',') }"
    )
    (tmp_path / "frames.html").write_text(f"<title></title>{frames}<script>{script}</script>")
    shown = subprocess.run(
        [pdf.find_browser(), "--headless", "--no-sandbox", "--disable-gpu",
         f"--user-data-dir={tmp_path / 'profile'}", "--allow-file-access-from-files",
         "--dump-dom", (tmp_path / "frames.html").as_uri()],
        capture_output=True, text=True, timeout=60, check=True,
    ).stdout  # fmt: skip
    sizes = re.search(r"over:([-\d,]+)", shown)
    assert sizes, shown[:300]
    assert all(int(size) <= 0 for size in sizes[1].split(",")), sizes[1]


def test_the_day_of_the_form_is_an_input():
    engine, _ = shipped()
    early = form_of(engine, on=date(2021, 10, 1), lang="zh")
    assert early.last == date(2021, 10, 31)
    assert "H18" not in {row.id for row in early.stops}
