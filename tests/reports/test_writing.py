"""Files: HTML, PDF, a folder with an index, the referral list as CSV."""

from __future__ import annotations

import csv

import pytest

from riskengine.errors import UseError
from riskengine.explanation.document import Explanation
from riskengine.reports import pdf
from riskengine.reports.folder import write_folder
from riskengine.reports.html import page_texts, write_page
from riskengine.reports.referral import ReferralList, write_referral_csv
from tests.reports.browser import browser_path, pdf_text
from tests.reports.made_up import explained, explanation, with_texts
from tests.reports.reading import read


def people(count: int):
    return (explanation(person=f"P-{number}") for number in range(1, count + 1))


@pytest.mark.parametrize("reader", ["officer", "reviewer", "person"])
def test_a_folder_has_an_index_and_a_file_a_sheet(tmp_path, reader):
    told: list[int] = []
    folder = tmp_path / "out"
    written = write_folder(folder, people(3), lang="en", reader=reader, progress=told.append)
    assert (written, told) == (3, [3])
    index = read((folder / "index.html").read_text(encoding="utf-8"))
    links = [node.attributes["href"] for node in index.all("a")]
    assert links == [f"sheets/{number:06d}.html" for number in (1, 2, 3)]
    for number, link in enumerate(links, 1):
        sheet = read((folder / link).read_text(encoding="utf-8"))
        assert f"P-{number}" in sheet.one("article").text
        (back,) = sheet.all("a")
        assert (folder / link).parent.joinpath(back.attributes["href"]).resolve() == (
            folder / "index.html"
        )
    if reader == "person":
        assert "strict" not in index.one("nav").text


def test_explanations_are_taken_one_by_one(tmp_path):
    alive: list[int] = []

    def counted():
        for number in range(1, 6):
            alive.append(len(list((tmp_path).glob(".out*/sheets/*.html"))))
            yield explanation(person=f"P-{number}")

    write_folder(tmp_path / "out", counted(), lang="en", reader="officer")
    assert alive == [0, 1, 2, 3, 4]


def test_a_folder_appears_whole_or_not_at_all(tmp_path):
    def broken():
        yield explanation()
        raise UseError("the second one is wrong")

    with pytest.raises(UseError):
        write_folder(tmp_path / "out", broken(), lang="en", reader="officer")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_holds_something_is_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(UseError, match="holds something already"):
        write_folder(tmp_path, people(1), lang="en", reader="officer")
    assert (tmp_path / "mine.txt").read_text() == "mine"


@pytest.mark.skipif(browser_path() is None, reason="no chromium on this machine")
def test_a_pdf_has_a_page_a_person_and_hostile_text_in_it_is_text(tmp_path):
    attack = "<script>alert(1)</script>"
    value = with_texts(explained(), lambda text: text + attack)
    one = Explanation.model_validate(value, strict=False)
    path = write_page(tmp_path / "x.pdf", [one], lang="en", reader="person")
    data = path.read_bytes()
    assert data.startswith(b"%PDF")
    for action in (b"/JavaScript", b"/JS ", b"/Launch", b"/OpenAction"):
        assert action not in data
    assert attack in pdf_text(path)
    assert [file.name for file in tmp_path.iterdir()] == ["x.pdf"]


def test_a_missing_browser_is_named(monkeypatch, tmp_path):
    monkeypatch.delenv(pdf.SETTING, raising=False)
    monkeypatch.setattr(pdf.shutil, "which", lambda name: None)
    monkeypatch.setattr(pdf, "_USUAL", ())
    with pytest.raises(UseError, match="Chromium, Chrome or Edge, and none was found"):
        pdf.print_pdf("x", tmp_path / "x.pdf")
    monkeypatch.setenv(pdf.SETTING, "/nowhere/browser")
    with pytest.raises(UseError, match=r"RISKENGINE_BROWSER=\[/nowhere/browser\]"):
        pdf.find_browser()


def test_the_sandbox_is_left_on_for_everybody_but_the_superuser(monkeypatch, tmp_path):
    asked: list[list[str]] = []

    def run(command, **_):
        asked.append(command)
        raise OSError("not started")

    monkeypatch.setattr(pdf, "find_browser", lambda: "browser")
    monkeypatch.setattr(pdf.subprocess, "Popen", run)
    for root in (False, True):
        monkeypatch.setattr(pdf, "_superuser", lambda root=root: root)
        with pytest.raises(UseError, match="could not print the page: not started"):
            pdf.print_pdf("x", tmp_path / "x.pdf")
    assert ["--no-sandbox" in command for command in asked] == [False, True]
    assert all("--host-resolver-rules=MAP * ~NOTFOUND" in command for command in asked)


@pytest.mark.parametrize("start", list("=+-@\t\r\n＝＋－＠"))
def test_no_cell_of_a_referral_list_is_a_formula(tmp_path, start):
    value = explained()
    for need in value["open_view"]["needs"]:
        need["label"] = f"{start}HYPERLINK()"
        need["assistance"] = [f"{start}1+1", "x"]
    referrals = ReferralList()
    referrals.add(Explanation.model_validate(value, strict=False))
    path = tmp_path / "list.csv"
    write_referral_csv(path, referrals.rows(), page_texts("en"))
    with path.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.reader(stream))
    assert rows[0] == ["Need", "What may help", "People"]
    assert rows[1][0].startswith("'")
    assert rows[1][1].startswith("'")
    assert rows[1][2] == "1"


def test_needs_are_counted_and_the_most_frequent_comes_first():
    referrals = ReferralList()
    for number, name in enumerate(["a", "b", "b"]):
        value = explained(person=f"P-{number}")
        value["open_view"]["needs"] = [
            {"id": name, "label": name, "assistance": ["help"], "items": []}
        ]
        referrals.add(Explanation.model_validate(value, strict=False))
    assert [(row.label, row.people) for row in referrals.rows()] == [("b", 2), ("a", 1)]
