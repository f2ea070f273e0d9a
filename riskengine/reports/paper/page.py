"""A paper form as one self-contained HTML file in black and white: at most two sheets of A4.

It runs nothing and fetches nothing, as every page of ours.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

from riskengine.errors import Language
from riskengine.policy.tiers import Tier
from riskengine.reports.html import write_document
from riskengine.reports.paper.form import Band, PaperForm
from riskengine.reports.paper.words import paper_texts
from riskengine.reports.templating import environment, frame, source

_PAPER = "riskengine.reports.paper"
_LONGEST_STRIP = 80


def paper_page(form: PaperForm) -> str:
    """Give a form as one HTML document; the same form gives the same text."""
    say = paper_texts(form.lang)
    return (
        environment(_PAPER)
        .get_template("paper.html.j2")
        .render(
            form=form,
            **frame(say, source("paper.css", _PAPER)),
            tiers=[(tier.value, tier.label[form.lang]) for tier in Tier],
            tier_label={tier: tier.label[form.lang] for tier in Tier},
            band_words={band.tier: _band_words(band, form.lang) for band in form.bands},
            strip=_strip(form),
            signed=signed,
            day=lambda value: _day(value, form.lang),
            days=_days(form),
            numbers=lambda rows: say.listed(str(number) for number in rows),
        )
    )


def write_paper(path: str | Path, form: PaperForm) -> Path:
    """Write a form to a file: PDF where the name ends in ``.pdf``, HTML otherwise.

    Raises
    ------
    UseError
        Where a PDF is asked for and there is no Chromium.
    """
    return write_document(Path(path), paper_page(form))


def signed(points: int) -> str:
    """Points with a sign that survives a photocopy."""
    if points < 0:
        return f"−{-points}"
    return f"+{points}" if points else "0"


def _strip(form: PaperForm) -> list[tuple[str, list[int]]]:
    """Every sum that can be reached, by band; nothing where there are too many to print."""
    if form.highest - form.lowest >= _LONGEST_STRIP:
        return []
    found = []
    for band in form.bands:
        low = form.lowest if band.low is None else max(form.lowest, band.low)
        high = form.highest if band.high is None else min(form.highest, band.high)
        if low <= high:
            found.append((band.label, list(range(low, high + 1))))
    return found


def _band_words(band: Band, lang: Language) -> str:
    say = paper_texts(lang)
    if band.low is None:
        return say("band_up_to", high=_minus(band.high))
    if band.high is None:
        return say("band_from", low=_minus(band.low))
    return say("band_between", low=_minus(band.low), high=_minus(band.high))


def _minus(number: int | None) -> str:
    return f"{number}".replace("-", "−")


def _day(value: date, lang: Language) -> str:
    if lang == "zh":
        return f"{value.year}年{value.month}月{value.day}日"
    return value.isoformat()


def _days(form: PaperForm) -> str:
    """For which days of assessment and proposal the form is good."""
    say = paper_texts(form.lang)
    first = None if form.first is None else _day(form.first, form.lang)
    last = None if form.last is None else _day(form.last, form.lang)
    if first and last:
        return say("for_days_both", first=first, last=last)
    if first:
        return say("for_days_from", first=first)
    return say("for_days_until", last=last) if last else say("for_days_open")
