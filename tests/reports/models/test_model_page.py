"""The page of a model says what the model file holds: every cell, every source, every gap."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path

import pytest

from riskengine.errors import UseError
from riskengine.reports.models.page import model_page, model_texts, write_model_page
from riskengine.reports.models.performance import (
    GroupFigures,
    Performance,
    read_performance,
    shown_groups,
)
from riskengine.scorecard.document import LOG_ODDS_BITS, REFERENCE_TOTAL
from riskengine.scorecard.load import compile_scorecard
from riskengine.store.lookup import (
    LoadedModel,
    find_catalogue,
    find_model,
    find_policy,
    model_folders,
)
from riskengine.text import Text
from tests.reports.reading import Node, read

MODELS = sorted(model_folders())
LANGS = ("zh", "en")
ROOM = Path(__file__).parents[3] / "riskengine" / "reports"


@pytest.fixture(scope="module")
def pages() -> dict[tuple[str, str], Node]:
    return {
        (name, lang): read(model_page(find_model(name), lang=lang))
        for name in MODELS
        for lang in LANGS
    }


def section(page: Node, name: str) -> Node:
    (found,) = [n for n in page.all("section") if n.attributes.get("id") == name]
    return found


def numbers(rows: list[Node], column: int) -> list[str]:
    return [row.all("td", "number")[column].text for row in rows]


def printed(amount: float, decimals: int) -> str:
    said = f"{amount:+.{decimals}f}"
    return said.replace("-", "−") if float(said) else said.lstrip("+-")


# ------------------------------------------------------------------ one closed file


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("lang", LANGS)
def test_every_shipped_model_has_a_page_that_runs_and_fetches_nothing(pages, name, lang):
    page = pages[name, lang]
    assert page.one("html").attributes["lang"] == {"zh": "zh-CN", "en": "en"}[lang]
    tags = {node.tag for node in page.walk()}
    assert not tags & {"script", "link", "img", "iframe", "object", "embed", "form", "base"}
    for node in page.walk():
        for key, value in node.attributes.items():
            assert not key.startswith("on")
            assert key not in {"style", "src", "srcset", "xlink:href", "action"}
            if key == "href":
                assert value.startswith("#")
            if key in {"fill", "stroke"}:
                assert value == "url(#lowers)"


@pytest.mark.parametrize("name", MODELS)
def test_every_link_leads_somewhere_and_no_id_stands_twice(pages, name):
    page = pages[name, "zh"]
    ids = [n.attributes["id"] for n in page.walk() if "id" in n.attributes]
    assert len(set(ids)) == len(ids)
    links = [n.attributes["href"].removeprefix("#") for n in page.all("a")]
    assert links
    assert set(links) <= set(ids)


def test_the_policy_forbids_all_but_the_one_style_sheet():
    page = model_page(find_model("cn_serious_noncompliance"), lang="zh")
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)
    assert style
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    ) in page
    assert "--raises:" in style[1]
    assert "url(" not in style[1]


def test_the_same_model_gives_the_same_bytes_and_georgia_stays_small(tmp_path):
    model = find_model("georgia_parole_3y")
    one, two = (write_model_page(tmp_path / n, model, lang="en") for n in ("a/1", "b/2"))
    assert one.read_bytes() == two.read_bytes()
    assert one.stat().st_size < 600_000


# ------------------------------------------------------------------ every number of the file


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("lang", LANGS)
def test_every_cell_of_every_single_table_is_printed(pages, name, lang):
    model = find_model(name)
    document = model.scorecard.document
    points = document.form == "points"
    cards = {
        re.sub(r"^\d+ ?", "", card.one("h3").text): card
        for card in pages[name, lang].all("article", "card")
    }
    singles = [t for t in document.terms if t.kind == "table" and len(t.axes) == 1]
    assert singles
    for term in singles:
        axis = document.axes_by_id[term.axes[0]]
        label = model.scorecard.instrument.every_item[axis.item].label[lang]
        rows = [row for body in cards[label].all("tbody") for row in body.all("tr")]
        assert len(rows) == axis.states
        worths = [cell if points else cell / 2**LOG_ODDS_BITS for cell in term.cells]
        assert numbers(rows, 0) == [printed(w, 0 if points else 2) for w in worths]
        shares = [row.all("td", "share")[0].text for row in rows]
        for said, weight in zip(shares, axis.reference, strict=True):
            exact = 100 * weight / REFERENCE_TOTAL
            if said != "<0.1%":
                assert abs(float(said.removesuffix("%")) - exact) <= 0.05 + 1e-9
            else:
                assert 0 < exact < 0.05
        # what is not known stands apart from the answers
        assert len(cards[label].one("tbody", "apart").all("tr")) == len(axis.not_known)


@pytest.mark.parametrize("name", ["georgia_parole_1y", "nc_prison_release_3y", "ogrs3_2y"])
def test_every_pair_is_printed_with_its_sign(pages, name):
    model = find_model(name)
    document = model.scorecard.document
    terms = [t for t in document.terms if t.kind == "table" and len(t.axes) == 2]
    tables = pages[name, "en"].all("table", "heat")
    assert len(tables) == len(terms)
    label = {i: model.scorecard.instrument.every_item[i].label.en for i in document.items}
    held = {}
    for term in terms:
        first, second = (document.axes_by_id[axis] for axis in term.axes)
        key = f"{label[first.item]} × {label[second.item]}"
        held[key] = sorted(
            printed(term.cells[r * second.states + c] / 2**LOG_ODDS_BITS, 2)
            for r in range(first.known_states)
            for c in range(second.known_states)
        )
    for table in tables:
        said = [cell.text for cell in table.one("tbody").all("td")]
        exact = held.pop(table.one("strong").text)
        for value in set(exact):
            assert said.count(value) >= exact.count(value)
        for cell in table.one("tbody").all("td"):
            kinds = cell.attributes["class"].split()
            sign = {"+": "up", "−": "down"}.get(cell.text[0], "flat")
            assert sign in kinds
    assert not held


def test_pairs_come_by_what_moves_people_and_most_are_folded(pages):
    pairs = section(pages["georgia_parole_3y", "en"], "pairs")
    captions = [c.text for c in pairs.all("caption")]
    typical = [float(re.search(r"typical effect ([\d.]+)", c)[1]) for c in captions]
    assert typical == sorted(typical, reverse=True)
    assert len(pairs.one("details").all("table")) == 88


def test_the_shown_mean_and_baseline_are_the_reference_populations(pages):
    model = find_model("cn_serious_noncompliance")
    document = model.scorecard.document
    means = [
        sum(c * w for c, w in zip(t.cells, document.axes_by_id[t.axes[0]].reference, strict=True))
        / REFERENCE_TOTAL
        for t in document.terms
    ]
    making = section(pages[document.id, "en"], "making").text
    assert f"The mean of the reference population is {sum(means):.2f}." in making
    for mean in means:
        assert f"Mean of the reference population: {mean:+.2f}" in pages[document.id, "en"].text


# ------------------------------------------------------------------ sources and gaps


@pytest.mark.parametrize("lang", LANGS)
def test_sources_limits_and_what_is_left_out_are_all_there(pages, lang):
    model = find_model("cn_serious_noncompliance")
    document, instrument = model.scorecard.document, model.scorecard.instrument
    page = pages[document.id, lang]
    for text in document.not_for:
        assert text[lang] in section(page, "about").text
    evidence = section(page, "evidence").text
    for source in document.evidence:
        assert " ".join(source.citation.split()) in evidence
    left_out = section(page, "left_out").text
    for item in document.training.options["asked_not_scored"]:
        assert instrument.by_id[item].label[lang] in left_out
    for entry in instrument.blocked:
        assert entry.reason[lang] in left_out
    checks = section(page, "checks").text
    assert model.sha256 in checks
    assert document.instrument.sha256 in checks
    assert str(len(document.golden)) in checks


def test_what_was_never_measured_says_so(pages):
    page = pages["cn_serious_noncompliance", "en"]
    assert "checked against nobody's outcomes" in section(page, "accuracy").text
    groups = section(page, "groups")
    protected = [
        item.label.en
        for item in find_model("cn_serious_noncompliance").scorecard.instrument.items
        if item.protected
    ]
    told = [f"{label} not measured" for label in protected]
    assert len(told) == 2
    assert [row.text for row in groups.one("dl").children] == told
    assert "assumed and not measured" in section(page, "uncertainty").text
    assert "Illustrative" in section(page, "reference").text


def test_measured_figures_stand_with_their_intervals(pages):
    accuracy = section(pages["georgia_parole_3y", "en"], "accuracy").text
    assert "0.733" in accuracy
    assert "0.726 to 0.740" in accuracy
    assert "nobody's outcomes" not in accuracy
    assert "18,028 people, 10,421 events" in accuracy


def test_the_bands_of_a_policy_hold_the_whole_population():
    model = find_model("cn_serious_noncompliance")
    policy, _ = find_policy("cn_default")
    reference = section(read(model_page(model, lang="zh", policy=policy)), "reference")
    bands = reference.all("table")[-1].one("tbody").all("tr")
    shares = [float(row.one("td", "number").text.removesuffix("%")) for row in bands]
    assert len(shares) == 3
    assert abs(sum(shares) - 100) <= 0.15
    assert "普管 ≥ 2" in reference.text


def test_a_policy_for_other_questions_is_refused():
    policy, _ = find_policy("cn_default")
    with pytest.raises(UseError, match=r"policy \[cn_default\] is for instrument \[cn_comm"):
        model_page(find_model("georgia_parole_3y"), lang="en", policy=policy)


# ------------------------------------------------------------------ groups


def group(item: str, name: str, people: int) -> GroupFigures:
    return GroupFigures.model_validate_json(
        json.dumps(
            {
                "item": item,
                "group": {"zh": name, "en": name},
                "people": people,
                "events": people // 3,
                "figures": [{"name": "auc", "value": 0.7, "low": 0.6, "high": 0.8, "method": "m"}],
            }
        )
    )


@pytest.mark.parametrize(
    ("people", "suppressed"),
    [
        ((100, 90), ()),
        ((100, 20), ()),
        # with the number of all people the one small group could be worked out
        ((100, 90, 19), (1, 2)),
        ((100, 19), (0, 1)),
        ((100, 19, 3), (1, 2)),
        ((0, 5), (0, 1)),
    ],
)
def test_small_groups_are_never_printed(people, suppressed):
    groups = shown_groups([group("sex", f"g{n}", size) for n, size in enumerate(people)])
    assert tuple(at for at, one in enumerate(groups) if one.suppressed) == suppressed


def test_figures_by_group_come_from_a_file_about_this_very_model(tmp_path):
    model = find_model("cn_serious_noncompliance")
    text = {"zh": "某县", "en": "a county"}
    found = Performance.model_validate_json(
        json.dumps(
            {
                "format": "riskengine/performance/1",
                "model": "cn_serious_noncompliance@1.0.0",
                "model_sha256": model.sha256,
                "population": text,
                "method": text,
                "groups": [
                    group("sex", name, people).model_dump(mode="json")
                    for name, people in (("A", 400), ("B", 300), ("C", 17))
                ],
            }
        )
    )
    path = tmp_path / "p.json"
    path.write_text(found.model_dump_json(), encoding="utf-8")
    given = read_performance(path, model="m", sha256=model.sha256)
    groups = section(read(model_page(model, lang="en", performance=given)), "groups").text
    assert "A 400 133" in groups
    assert "0.700 ( 0.600 to 0.800 )" in groups or "0.700 (0.600 to 0.800)" in groups
    assert "300" not in groups
    assert "17" not in groups
    # the other protected attribute was not measured
    assert "not measured" in groups
    with pytest.raises(UseError, match=r"p\.json: its figures are about"):
        read_performance(path, model="m", sha256="0" * 64)


# ------------------------------------------------------------------ texts


HOSTILE = "<script>alert(1)</script>\u202e\"'>&{{ 7*7 }}"


def test_hostile_text_in_a_model_is_text():
    model = find_model("cn_serious_noncompliance")
    document = model.scorecard.document
    bad = document.model_copy(
        update={
            "title": Text(zh=HOSTILE, en=HOSTILE),
            "not_for": (Text(zh=HOSTILE, en=HOSTILE),),
            "evidence": tuple(
                source.model_copy(update={"citation": HOSTILE, "effect": HOSTILE})
                for source in document.evidence
            ),
        }
    )
    card = compile_scorecard(bad, model.scorecard.instrument)
    plain = read(model_page(model, lang="en"))
    page = model_page(LoadedModel(card, model.sha256, model.folder), lang="en")
    assert "\u202e" not in page
    assert "49" not in read(page).one("h1").text
    assert not read(page).all("script")
    assert len(read(page).all("article")) == len(plain.all("article"))


def test_both_languages_say_the_same_things_and_every_key_is_used():
    raw = find_catalogue("texts", "models")
    texts = raw["texts"]
    for key, text in texts.items():
        places = [sorted(re.findall(r"{(\w+)}", text[lang])) for lang in LANGS]
        assert places[0] == places[1], key
    source = "".join(
        file.read_text(encoding="utf-8")
        for file in [*(ROOM / "models").glob("*.py"), *(ROOM / "templates/models").glob("*.j2")]
    )
    # keys that are put together from a stem and what the file or model says
    stems = re.findall(r'"(\w+_)(?:{|" ~)', source) + ["figure_", "learner_"]
    unused = [
        key
        for key in texts
        if not re.search(rf"[\"']{key}[\"']", source)
        and not any(key.startswith(stem) for stem in stems)
    ]
    assert unused == []
    for key in re.findall(r'(?:say|sentences)\("(\w+)"', source):
        assert key in texts or key.endswith("_"), key
    for lang in LANGS:
        assert model_texts(lang)("yes")


def test_the_documented_performance_file_is_accepted():
    docs = Path(__file__).parents[3] / "docs" / "model-pages.md"
    (example,) = re.findall(r"```json\n(.*?)```", docs.read_text(encoding="utf-8"), re.DOTALL)
    Performance.model_validate_json(json.dumps(json.loads(example)))
