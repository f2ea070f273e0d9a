"""PDF where Chromium is present, and a plain word where it is not."""

from __future__ import annotations

import pytest

from riskengine.errors import UseError
from riskengine.reports import pdf
from tests.reports.browser import browser_path

PAGE = (
    '<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>表</title>'
    "<style>@page { size: A4; margin: 10mm }</style></head><body><p>纸质表格</p></body></html>"
)


@pytest.mark.skipif(browser_path() is None, reason="no chromium on this machine")
def test_a_page_becomes_a_pdf_of_a4(tmp_path):
    target = pdf.print_pdf(PAGE, tmp_path / "new" / "page.pdf")
    written = target.read_bytes()
    assert written.startswith(b"%PDF")
    assert b"595" in written and b"842" in written or b"841" in written


def test_a_named_browser_that_is_none_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv(pdf.SETTING, str(tmp_path / "nowhere"))
    with pytest.raises(UseError, match=r"RISKENGINE_BROWSER.*nowhere.*no such program"):
        pdf.print_pdf(PAGE, tmp_path / "page.pdf")
    assert not (tmp_path / "page.pdf").exists()


def test_without_a_browser_the_message_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.delenv(pdf.SETTING, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(pdf, "_USUAL", ())
    with pytest.raises(UseError, match=r"none was found.*RISKENGINE_BROWSER.*\.html"):
        pdf.print_pdf(PAGE, tmp_path / "page.pdf")
    assert not (tmp_path / "page.pdf").exists()


def test_a_browser_that_fails_is_quoted(tmp_path, monkeypatch):
    program = tmp_path / "browser"
    program.write_text("#!/bin/sh\necho no display >&2\nexit 3\n")
    program.chmod(0o755)
    monkeypatch.setenv(pdf.SETTING, str(program))
    with pytest.raises(UseError, match=r"exit status 3\): no display"):
        pdf.print_pdf(PAGE, tmp_path / "page.pdf")
    assert not (tmp_path / "page.pdf").exists()
