"""Explanations as self-contained HTML: a sheet a person for officer, reviewer or the person.

A file runs nothing and fetches nothing. A content-security policy in its head forbids both and
allows exactly one style sheet, by its hash, so even markup that slipped through would stay inert.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, get_args

from markupsafe import Markup

from riskengine.errors import Language, UseError
from riskengine.explanation.disclosure import for_person
from riskengine.explanation.document import Explanation
from riskengine.explanation.texts import Texts
from riskengine.reports.chart import definitions
from riskengine.reports.pdf import print_pdf
from riskengine.reports.person import PersonSheet
from riskengine.reports.referral import ReferralList
from riskengine.reports.reviewer import ReviewerSheet
from riskengine.reports.sheet import MOST_CONDITIONS, MOST_OPEN, MOST_SETS, Sheet
from riskengine.reports.templating import environment, frame, source
from riskengine.reports.words import words_of

Reader = Literal["officer", "reviewer", "person"]
READERS: tuple[Reader, ...] = get_args(Reader)
AnySheet = Sheet | PersonSheet


def explanation_page(
    explanations: Sequence[Explanation],
    *,
    lang: Language,
    reader: Reader = "officer",
    title: str | None = None,
) -> str:
    """Give one HTML document with a sheet for every explanation.

    Parameters
    ----------
    explanations
        In the order in which they are to stand; all in the language of the page.
    lang
        Language of the page.
    reader
        ``officer``: one page of A4 a person, reasons and tier. ``reviewer``: everything, both
        views to the last unit. ``person``: what the person is told, and nothing withheld.
    title
        Title of the document; a general one where none is given.

    Returns
    -------
    str
        The document. The same explanations give the same text: it carries no time of making.

    Raises
    ------
    UseError
        Where an explanation is in another language: its sentences were written by the engine.

    Examples
    --------
    >>> page = explanation_page([explanation], lang="zh", reader="person")  # doctest: +SKIP
    """
    say = page_texts(lang)
    sheets = [
        sheet_of(one, reader, say, number=number) for number, one in enumerate(explanations, 1)
    ]
    heading = say(f"title_{reader}") if title is None else title
    return _render(
        "page.html.j2",
        say,
        title=heading,
        sheets=sheets,
        rows=[index_row(sheet, f"#sheet-{number}") for number, sheet in enumerate(sheets, 1)],
        reader=reader,
        research=any(one.recommendation.research for one in explanations),
    )


def referral_page(referrals: ReferralList, *, lang: Language, title: str | None = None) -> str:
    """Give the referral list as one HTML document, for village committee and volunteers."""
    say = page_texts(lang)
    heading = say("title_referral") if title is None else title
    return _render("referral.html.j2", say, title=heading, rows=referrals.rows())


def write_page(
    path: str | Path,
    explanations: Sequence[Explanation],
    *,
    lang: Language,
    reader: Reader = "officer",
    title: str | None = None,
) -> Path:
    """Write `explanation_page` to a file: HTML in UTF-8, or PDF where the name ends in ``.pdf``.

    Folders on the way are made.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    UseError
        See `explanation_page`, and `riskengine.reports.pdf.print_pdf` for PDF.
    """
    page = explanation_page(explanations, lang=lang, reader=reader, title=title)
    return write_document(Path(path), page)


def write_document(path: Path, page: str) -> Path:
    """Write one of our documents as HTML, or as PDF where the name ends in ``.pdf``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix.lower() == ".pdf":
        return print_pdf(page, path)
    path.write_text(page, encoding="utf-8", newline="\n")
    return path


def sheet_of(one: Explanation, reader: Reader, say: Texts, *, number: int = 1) -> AnySheet:
    """Prepare one explanation for one reader.

    Raises
    ------
    UseError
        Where it is in another language than the page; ``number`` names it.
    """
    if one.lang != say.lang:
        raise UseError(
            f"explanation [{number}] is in [{one.lang}] and the page in [{say.lang}]; ask the "
            "engine for it in that language"
        )
    if reader == "person":
        if one.recommendation.research:
            raise UseError("a score of research mode is for nobody to be told; it decides nothing")
        return PersonSheet(for_person(one), say)
    return ReviewerSheet(one, say) if reader == "reviewer" else Sheet(one, say)


def sheet_document(sheet: AnySheet, reader: Reader, *, index: str) -> str:
    """Give the document of one sheet out of many; ``index`` leads back to their index."""
    title = sheet.say(f"title_{reader}")
    return _render(
        "page.html.j2", sheet.say, title=title, sheets=[sheet], reader=reader, index=index
    )


def sheet_fragment(one: Explanation, reader: Reader) -> Markup:
    """Give one sheet without the document around it, for a page that links ``page.css`` itself."""
    say = page_texts(one.lang)
    sheet = sheet_of(one, reader, say)
    body = _render(f"{reader}.html.j2", say, sheets=[sheet], sheet=sheet, number=1, reader=reader)
    return definitions() + Markup(body)


def index_document(rows: Iterator[dict[str, Any]], reader: Reader, say: Texts) -> Iterator[str]:
    """Give the index of a folder piece by piece; its rows are never all in memory."""
    return (
        environment()
        .get_template("folder.html.j2")
        .generate(**_frame(say), title=say(f"title_{reader}"), rows=rows, reader=reader)
    )


def index_row(sheet: AnySheet, link: str) -> dict[str, Any]:
    """What an index says of one sheet. The person's own sheets are only named in it."""
    if isinstance(sheet, PersonSheet):
        return {"person": sheet.person, "link": link, "on": sheet.day(sheet.notice.on)}
    r = sheet.r
    return {
        "person": r.person,
        "link": link,
        "result": sheet.tier_names,
        "headline": r.headline,
        "alerts": len(r.alerts),
        "rests_on": r.binding_rule.title if r.binding_rule else sheet.say("index_none"),
        "score": sheet.total if r.score else "—",
        "review": "—" if r.review_on is None else sheet.day(r.review_on),
    }


def page_texts(lang: Language) -> Texts:
    """Words of the pages in one language."""
    return words_of("pages", lang)


def _render(template: str, say: Texts, **values: Any) -> str:
    found = environment().get_template(template)
    return found.render(**{"index": None, **_frame(say), **values})


def _frame(say: Texts) -> dict[str, Any]:
    """What every document carries in its head."""
    return {
        **frame(say, source("page.css")),
        "most_conditions": MOST_CONDITIONS,
        "most_open": MOST_OPEN,
        "most_sets": MOST_SETS,
        "chart_definitions": definitions(),
    }
