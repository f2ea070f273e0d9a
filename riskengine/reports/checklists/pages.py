"""A filled checklist as Markdown, HTML, JSON, or as the form that people fill in (YAML)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from riskengine.errors import Language, UseError
from riskengine.explanation.texts import Texts
from riskengine.reports.chart import definitions
from riskengine.reports.checklists.document import (
    Checklist,
    ChecklistItem,
    FilledChecklist,
    FilledItem,
    Section,
    Signature,
)
from riskengine.reports.checklists.fill import find_checklist
from riskengine.reports.checklists.names import NEEDS
from riskengine.reports.figures import written_day
from riskengine.reports.inert import inert
from riskengine.reports.models.page import model_style
from riskengine.reports.templating import environment, frame, source
from riskengine.reports.words import words_of

SUFFIXES = (".md", ".html", ".json", ".yaml")


def write_checklist(path: Path, filled: FilledChecklist, *, lang: Language) -> Path:
    """Write a filled checklist in the form that the name of the file asks for.

    ``.json`` holds both languages and is what `standing.impact_standing` reads; ``.yaml`` is the
    form in which people answer, with every open item in it.

    Raises
    ------
    UseError
        Where the name ends in something else.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise UseError(f"{path.name}: accepted endings: {', '.join(SUFFIXES)}")
    writers = {
        ".json": lambda: checklist_json(filled),
        ".md": lambda: checklist_markdown(filled, lang=lang),
        ".html": lambda: checklist_page(filled, lang=lang),
        ".yaml": lambda: answers_form(filled, lang=lang),
    }
    text = writers[suffix]()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")
    return path


def checklist_json(filled: FilledChecklist) -> str:
    """Give the JSON form."""
    value = filled.model_dump(mode="json")
    return json.dumps(value, ensure_ascii=False, allow_nan=False, indent=1, sort_keys=True) + "\n"


def checklist_page(filled: FilledChecklist, *, lang: Language) -> str:
    """Give one self-contained HTML document."""
    view = ChecklistView(filled, lang)
    style = f"{model_style()}\n{source('checklists/checklist.css')}"
    return (
        environment()
        .get_template("checklists/checklist.html.j2")
        .render(
            page=view,
            title=view.checklist.title[lang],
            **frame(view.say, style),
            chart_definitions=definitions(),
        )
    )


@dataclass(frozen=True)
class Row:
    """One item as it is printed."""

    item: ChecklistItem
    filled: FilledItem
    label: str
    where: str
    state: str
    known: tuple[str, ...]
    missing: tuple[str, ...]
    left: str
    who: str
    answer: str
    choice: str
    answered_by: str


@dataclass(frozen=True)
class Signed:
    """One place for a signature."""

    label: str
    words: str
    given: bool


class ChecklistView:
    """What the writers need to know about a filled checklist."""

    def __init__(self, filled: FilledChecklist, lang: Language) -> None:
        self.filled, self.lang = filled, lang
        self.checklist: Checklist = find_checklist(filled.checklist)
        self.say: Texts = words_of("checklists", lang)
        given = {one.id: one for one in filled.items}
        self.rows = [self._row(item, given[item.id]) for item in self.checklist.items]

    @property
    def basis(self) -> list[tuple[str, str, str]]:
        """Files that facts were taken from: kind, name, hash."""
        return [
            (self.say(f"basis_{one.what}"), one.name, one.sha256 or "")
            for one in self.filled.basis
        ]

    def sections(self) -> Iterator[tuple[Section, list[Row]]]:
        """Headings with their rows."""
        for section in self.checklist.sections:
            yield section, [row for row in self.rows if row.item.section == section.id]

    @property
    def counts(self) -> str:
        """How many items are in which state."""
        states = [row.filled.state for row in self.rows]
        return self.say(
            "summary_counts",
            all=len(states),
            filled=states.count("filled"),
            answered=states.count("answered"),
            open=states.count("open") + states.count("partly"),
        )

    @property
    def standing(self) -> str:
        """Whether it is complete, in a sentence."""
        open_ = sum(row.filled.state in ("open", "partly") for row in self.rows)
        unsigned = sum(not one.given for one in self.signatures)
        if not self.checklist.signatures:
            key = "summary_unanswered" if open_ else "summary_answered"
            return self.say(key, open=open_) if open_ else self.say(key)
        if open_ or unsigned:
            return self.say("summary_incomplete", open=open_, unsigned=unsigned)
        return self.say("summary_complete")

    @property
    def signatures(self) -> list[Signed]:
        """Every place, with who signed there and whether it still holds."""
        by_place = {one.place: one for one in self.filled.signatures}
        return [
            self._signed(place.label[self.lang], by_place.get(place.id))
            for place in self.checklist.signatures
        ]

    def _left(self) -> str:
        return self.say("left_judged" if self.checklist.judged else "left_missing")

    def _signed(self, label: str, signature: Signature | None) -> Signed:
        if signature is None:
            return Signed(label, self.say("signature_place"), False)
        holds = signature.content_sha256 == self.filled.content_sha256
        words = self.say(
            "signature_given" if holds else "signature_void",
            by=signature.by,
            on=written_day(signature.on, self.lang),
        )
        return Signed(label, words, holds)

    def _row(self, item: ChecklistItem, filled: FilledItem) -> Row:
        say, lang, answer = self.say, self.lang, filled.answer
        given = {one.what for one in self.filled.basis}
        return Row(
            item=item,
            filled=filled,
            label=item.label[lang],
            where=say("separator").join(
                f"{say(f'source_{name}')} {place}" for name, place in item.sources.items()
            ),
            state=say(f"state_{filled.state}"),
            known=tuple(text[lang] for one in filled.known for text in one.says),
            missing=tuple(
                say(
                    "missing_fact",
                    fact=say(f"name_{name}"),
                    needs=say("silent", what=say(f"basis_{NEEDS[name]}"))
                    if NEEDS[name] in given
                    else say(f"needs_{NEEDS[name]}"),
                )
                for name in filled.missing
            ),
            left=item.left[lang] if item.left else self._left(),
            who=say(f"who_{item.who}"),
            answer=answer.text if answer else "",
            choice=say(f"choice_{answer.choice}") if answer and answer.choice else "",
            answered_by=""
            if answer is None
            else say(
                "answered_by", by=answer.by, role=answer.role, on=written_day(answer.on, lang)
            ),
        )


# --- Markdown -----------------------------------------------------------------------------------


def checklist_markdown(filled: FilledChecklist, *, lang: Language) -> str:
    """Give the checklist as Markdown, to be kept beside the card."""
    view = ChecklistView(filled, lang)
    return "\n".join(_markdown(view)) + "\n"


_MARKS = str.maketrans({mark: f"\\{mark}" for mark in "\\`*_{}[]<>#|"})


def _plain(text: str) -> str:
    """Keep what somebody wrote from acting as markup, and on one line."""
    return " ".join(str(inert(" ".join(text.split()))).translate(_MARKS).split())


def _markdown(view: ChecklistView) -> Iterator[str]:
    say, filled, lang = view.say, view.filled, view.lang
    colon = _colon(say)
    yield f"# {view.checklist.title[lang]}"
    yield ""
    yield colon(say("page_model"), f"{_plain(filled.model_title[lang])} `{filled.model}`")
    yield ""
    yield view.checklist.about[lang]
    yield ""
    yield f"**{view.counts} {view.standing}**"
    yield ""
    yield colon(say("page_basis"), "")
    yield ""
    for kind, name, sha256 in view.basis:
        yield f"- {colon(kind, _plain(name))}" + (f" `{sha256}`" if sha256 else "")
    for section, rows in view.sections():
        yield ""
        yield f"## {section.label[lang]}"
        for row in rows:
            yield ""
            yield from _markdown_row(view, row)
    if view.checklist.signatures:
        yield ""
        yield f"## {say('signatures')}"
        yield ""
        yield say("signature_how", sha256=filled.content_sha256)
        yield ""
        for signed in view.signatures:
            yield f"- {colon(signed.label, _plain(signed.words))}"
    yield ""
    yield f"## {say('page_sources')}"
    yield ""
    for one in view.checklist.sources:
        yield f"- {one.citation} ({one.note[lang]})"
    yield ""
    yield say("no_opinion")


def _colon(say: Texts) -> Callable[[str, str], str]:
    return lambda name, value: say("colon", name=name, value=value).rstrip()


def _markdown_row(view: ChecklistView, row: Row) -> Iterator[str]:
    say = view.say
    colon = _colon(say)
    where = f" ({row.where})" if row.where else ""
    yield f"### {row.item.number} {row.label}{where}"
    yield ""
    yield f"*{row.state}*"
    yield ""
    for text in row.known:
        yield f"- {colon(say('label_known'), _plain(text))}"
    for text in row.missing:
        yield f"- {colon(say('label_missing'), _plain(text))}"
    if row.answer:
        said = say("colon", name=row.choice, value=row.answer) if row.choice else row.answer
        yield f"- {colon(say('label_answer'), _plain(said))} — {_plain(row.answered_by)}"
    elif row.filled.needs_answer:
        yield f"- {colon(say('label_left'), row.left)}"
        yield f"- {colon(say('label_who'), row.who)}"


# --- The form that people fill in ---------------------------------------------------------------


def answers_form(filled: FilledChecklist, *, lang: Language) -> str:
    """Give a file of answers: those that were given, and every open item to be filled in.

    Open items stand as comments, so that an item that nobody touched is no answer.
    """
    view = ChecklistView(filled, lang)
    return "\n".join(_form(view)) + "\n"


def _quoted(text: str) -> str:
    # a JSON string is a YAML string
    return json.dumps(text, ensure_ascii=False)


def _form(view: ChecklistView) -> Iterator[str]:
    filled, say = view.filled, view.say
    yield f"# {view.checklist.title[view.lang]} · {inert(filled.model_title[view.lang])}"
    yield f"# {view.counts} {view.standing}"
    yield "format: riskengine/checklist-answers/1"
    yield f"checklist: {_quoted(filled.checklist)}"
    yield f"model: {_quoted(filled.model)}"
    yield f"model_sha256: {_quoted(filled.model_sha256)}"
    given = [row for row in view.rows if row.filled.answer is not None]
    yield "answers:" if given else f"answers: []  # {say('form_brackets')}"
    for row in given:
        answer = row.filled.answer
        assert answer is not None
        yield f"  - item: {answer.item}"
        if answer.choice:
            yield f"    choice: {_quoted(answer.choice)}"
        yield f"    text: {_quoted(answer.text)}"
        yield f"    by: {_quoted(answer.by)}"
        yield f"    role: {_quoted(answer.role)}"
        yield f"    on: {_quoted(str(answer.on))}"
    for row in view.rows:
        if row.filled.answer is None and row.filled.needs_answer:
            yield f"  # {row.item.number} {row.label}"
            yield f"  # {say('label_left')}: {row.left} [{row.who}]"
            yield f"  # - item: {row.item.id}"
            if view.checklist.choices:
                yield f"  #   choice: {_quoted('|'.join(view.checklist.choices))}"
            yield '  #   text: ""'
            yield '  #   by: ""'
            yield '  #   role: ""'
            yield '  #   on: "2026-01-31"'
    if view.checklist.signatures:
        yield f"# {say('signature_how', sha256=filled.content_sha256)}"
        yield "signatures:" if filled.signatures else f"signatures: []  # {say('form_brackets')}"
        for one in filled.signatures:
            yield f"  - place: {one.place}"
            yield f"    by: {_quoted(one.by)}"
            yield f"    on: {_quoted(str(one.on))}"
            yield f"    content_sha256: {_quoted(one.content_sha256)}"
        signed = {one.place for one in filled.signatures}
        for place in view.checklist.signatures:
            if place.id not in signed:
                yield f"  # {place.label[view.lang]}"
                yield f"  # - place: {place.id}"
                yield '  #   by: ""'
                yield '  #   on: "2026-01-31"'
                yield f'  #   content_sha256: "{filled.content_sha256}"'
