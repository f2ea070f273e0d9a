"""A scorecard as a workbook of plain formulas: the same integers as the program.

Three sheets: answers (a row a person, a column an item), working (a row of a table for each axis,
then the points of each term), and the tables. Only IF, AND, ISBLANK, ISNUMBER, INT, EXACT, INDEX,
MATCH, NA, IFERROR and SUM are used, which WPS, Excel and LibreOffice share. What is no answer
of its item, and a number outside its range, gives no score.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from riskengine.errors import Language, UseError
from riskengine.explanation.texts import Texts
from riskengine.instrument.conditions import NOT_KNOWN
from riskengine.instrument.items import DerivedItem, Item
from riskengine.intake.lines import need
from riskengine.intake.rejects import safe_cell
from riskengine.reports.words import words_of
from riskengine.scorecard.compiled import Scorecard
from riskengine.scorecard.whole_numbers import can_be_listed, listed

HEAD = 3  # title, what the sheet is for, labels
FIRST = HEAD + 1
MOST_PEOPLE = 1_000_000
_DIGITS = 10**15  # a spreadsheet keeps fifteen digits of a number


def answer_label(item: Item | DerivedItem, answer: str, lang: Language) -> str:
    """The text that stands for a level, a truth value or a not-known code in the workbook."""
    return _labels(item, words_of("spreadsheet", lang))[answer]


def write_spreadsheet(
    path: Path,
    scorecard: Scorecard,
    *,
    lang: Language = "zh",
    people: int = 200,
    answers: Sequence[tuple[str, dict[str, object]]] = (),
) -> None:
    """Write the workbook.

    Parameters
    ----------
    people
        Rows that have formulas, at least as many as there are answers.
    answers
        People to fill in: an id and the answers of a checked assessment.

    Raises
    ------
    UseError
        Where a linear term is over a number that is not whole, a score can have more than fifteen
        digits, or the ending is not .xlsx.
    """
    if path.suffix.lower() != ".xlsx":
        raise UseError(f"[{path.name}]: a spreadsheet is written as .xlsx")
    if not 1 <= people <= MOST_PEOPLE or len(answers) > people:
        raise UseError(
            f"[{path.name}]: people is {people} with {len(answers)} filled in; accepted: 1 to "
            f"{MOST_PEOPLE}, and no fewer than are filled in"
        )
    _refuse_long_numbers(scorecard)
    openpyxl = need("openpyxl", path.name)
    book = openpyxl.Workbook(write_only=True)
    say = words_of("spreadsheet", lang)
    sheets = {name: book.create_sheet(say(f"sheet_{name}")) for name in ("answers", "points")}
    tables = _Tables(scorecard, say)
    _fill(sheets, tables, people, answers)
    sheet = book.create_sheet(say("sheet_tables"))
    for row in tables.grid:
        sheet.append(row)
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        book.save(partial)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _refuse_long_numbers(scorecard: Scorecard) -> None:
    most = abs(scorecard.document.intercept)
    most += sum(max(map(abs, term.cells)) for term in scorecard.tables)
    for term in scorecard.linears:
        if not can_be_listed(scorecard, term):
            raise UseError(
                f"linear term [{term.id}]: item [{term.item}] is not a whole number, and a "
                "spreadsheet rounds a product in ways of its own; accepted: tables, and linear "
                "terms over whole numbers. Score it with the engine"
            )
        runs, silent = listed(scorecard, term)
        most += max(abs(silent), *(abs(run.part) for run in runs))
    if most >= _DIGITS:
        raise UseError(
            f"model [{scorecard.document.id}]: a score can reach {most}; a spreadsheet keeps "
            "fifteen digits"
        )


def _labels(item: Item | DerivedItem, say: Texts) -> dict[str, str]:
    """Every answer that is a text; equal labels are told apart by their codes."""
    labels: dict[str, str] = {}
    if isinstance(item, Item) and item.type == "boolean":
        labels = {"false": say("no"), "true": say("yes")}
    elif isinstance(item, Item):
        labels = {level.id: level.label[say.lang] for level in item.levels}
    labels |= {code: say(code) for code in NOT_KNOWN}
    folded = [label.casefold() for label in labels.values()]
    return {
        code: str(
            safe_cell(
                label
                if folded.count(label.casefold()) == 1
                else say("repeated", label=label, code=code)
            )
        )
        for code, label in labels.items()
    }


class _Tables:
    """The sheet of tables as it grows, and the formulas that read it."""

    def __init__(self, scorecard: Scorecard, say: Texts) -> None:
        self.scorecard, self.say = scorecard, say
        self.grid: list[list[object]] = []
        self.states: list[tuple[str, str]] = []  # heading and formula with {a} for the answer
        self.terms: list[tuple[str, str]] = []  # heading and formula with {r} for the row
        document = scorecard.document
        self.intercept = self._put([say("start"), document.intercept], column=2)
        self.grid.append([])
        self.items: list[str] = []
        self.choices: dict[str, str] = {}  # where the texts that answer an item stand
        columns: dict[str, str] = {}
        for axis in document.axes:
            codes: dict[str, int] = {
                code: axis.known_states + i + 1
                for i, group in enumerate(axis.not_known)
                for code in group
            }
            levels = {level: i + 1 for i, group in enumerate(axis.groups or ()) for level in group}
            cuts = None if axis.groups else axis.cuts
            columns[axis.id] = self._axis(axis.item, levels | codes, cuts)
        for term in scorecard.tables:
            one = document.axes_by_id[term.axes[0]]
            two = document.axes_by_id[term.axes[1]] if len(term.axes) == 2 else None
            width = two.states if two else 1
            rows = [term.cells[i : i + width] for i in range(0, len(term.cells), width)]
            names = [self._label(axis.item) for axis in (one, two) if axis]
            title = names[0] if two is None else say("pair", first=names[0], second=names[1])
            where = self._cells(title, rows)
            inner = ",".join(f"{columns[axis]}{{r}}" for axis in term.axes)
            self.terms.append((title, f"INDEX({where},{inner})"))
        for linear in scorecard.linears:
            runs, silent = listed(scorecard, linear)
            silents: dict[str, int] = dict.fromkeys(NOT_KNOWN, len(runs) + 1)
            column = self._axis(linear.item, silents, [run.low for run in runs[1:]])
            title = self._label(linear.item)
            where = self._cells(title, [(part,) for part in (*(r.part for r in runs), silent)])
            self.terms.append((title, f"INDEX({where},{column}{{r}})"))

    @property
    def name(self) -> str:
        return _sheet(self.say("sheet_tables"))

    def _label(self, item: str) -> str:
        return str(safe_cell(self.scorecard.instrument.every_item[item].label[self.say.lang]))

    def _put(self, row: list[object], *, column: int) -> str:
        self.grid.append(row)
        return f"{self.name}${_letters(column)}${len(self.grid)}"

    def _range(self, column: int, first: int, last: int, until: int | None = None) -> str:
        return f"{self.name}${_letters(column)}${first}:${_letters(until or column)}${last}"

    def _axis(self, name: str, texts: dict[str, int], cuts: Sequence[float] | None) -> str:
        """Write the rows of the answers to an item; return the column of the working sheet."""
        item, say = self.scorecard.instrument.every_item[name], self.say
        if name not in self.items:
            self.items.append(name)
        labels = _labels(item, say)
        self.grid.append([self._label(name), say("row")])
        first = len(self.grid) + 1
        for code, row in texts.items():
            self.grid.append([labels[code], row])
        last = len(self.grid)
        words, rows = self._range(1, first, last), self._range(2, first, last)
        self.choices.setdefault(name, words)
        # MATCH takes * and ? for any characters and does not tell cases apart; EXACT does
        found = f'MATCH({{a}}&"",{words},0)'
        text = f'IF(EXACT(INDEX({words},{found}),{{a}}&""),INDEX({rows},{found}),NA())'
        if cuts is not None:
            low = item.minimum
            if low is None or (cuts and low >= cuts[0]):
                low = -1e300
            self.grid.append([say("from"), say("row")])
            start = len(self.grid) + 1
            for row, edge in enumerate((low, *cuts), start=1):
                self.grid.append([edge, row])
            lows = self._range(1, start, len(self.grid))
            limits = [
                f"{{a}}{sign}{limit!r}"
                for sign, limit in ((">=", item.minimum), ("<=", item.maximum))
                if limit is not None
            ]
            if isinstance(item, Item) and item.type == "integer":
                limits.append("{a}=INT({a})")
            inside = f"AND({','.join(limits)})" if limits else "{a}={a}"
            number = f"IF({inside},MATCH({{a}},{lows},1),NA())"
            text = f"IF(ISNUMBER({{a}}),{number},{text})"
        formula = f"IF(ISBLANK({{a}}),{texts['not_asked']},{text})"
        answer = f"{_sheet(say('sheet_answers'))}${_letters(self.items.index(name) + 3)}{{r}}"
        self.states.append((say("state", item=self._label(name)), formula.replace("{a}", answer)))
        self.grid.append([])
        return f"${_letters(len(self.states) + 1)}"

    def _cells(self, title: str, rows: Sequence[Sequence[int]]) -> str:
        self.grid.append([title, self.say("points")])
        first = len(self.grid) + 1
        for row, cells in enumerate(rows, start=1):
            self.grid.append([row, *cells])
        where = self._range(2, first, len(self.grid), 1 + len(rows[0]))
        self.grid.append([])
        return where


def _fill(
    sheets: dict[str, Any],
    tables: _Tables,
    people: int,
    answers: Sequence[tuple[str, dict[str, object]]],
) -> None:
    """The two sheets with a row a person."""
    say, items = tables.say, tables.scorecard.instrument.every_item
    document = tables.scorecard.document
    front, working = sheets["answers"], sheets["points"]
    front.freeze_panes = f"C{FIRST}"
    _choices(front, tables, people)
    model = f"{document.id}@{document.version}"
    instrument = f"{document.instrument.id}@{document.instrument.version}"
    front.append([say("title", model=model, instrument=instrument)])
    front.append([say("about")])
    front.append([say("person"), say("score"), *(tables._label(name) for name in tables.items)])
    for _ in range(HEAD - 1):
        working.append([])
    working.append([say("person"), *(head for head, _ in (*tables.states, *tables.terms))])
    begin = _letters(len(tables.states) + 2)
    end = _letters(len(tables.states) + len(tables.terms) + 1)
    labels = {name: _labels(items[name], say) for name in tables.items}
    here, there = _sheet(say("sheet_answers")), _sheet(say("sheet_points"))
    for at in range(people):
        row = FIRST + at
        total = f"{tables.intercept}+SUM({there}{begin}{row}:{end}{row})"
        score = f'=IF(ISBLANK($A{row}),"",IFERROR({total},"{say("check")}"))'
        person, given = answers[at] if at < len(answers) else (None, {})
        cells = [_answer(given.get(name), labels[name]) for name in tables.items]
        front.append([None if person is None else safe_cell(person), score, *cells])
        formulas = [text.replace("{r}", str(row)) for _, text in (*tables.states, *tables.terms)]
        working.append([f"={here}$A{row}", *(f"={text}" for text in formulas)])


def _choices(front: Any, tables: _Tables, people: int) -> None:
    """A list to choose from where an answer is a text."""
    from openpyxl.worksheet.datavalidation import DataValidation

    for column, name in enumerate(tables.items, start=3):
        item = tables.scorecard.instrument.every_item[name]
        words = tables.choices[name]
        texts = DataValidation(type="list", formula1=f"={words}", allow_blank=True)
        # a number may be typed where the list holds only the codes
        texts.showErrorMessage = not (isinstance(item, DerivedItem) or item.minimum is not None)
        letter = _letters(column)
        texts.add(f"{letter}{FIRST}:{letter}{FIRST + people - 1}")
        front.data_validations.append(texts)


def _answer(answer: object, labels: dict[str, str]) -> object:
    if isinstance(answer, bool):
        return labels["true" if answer else "false"]
    return labels[answer] if isinstance(answer, str) else answer


def _sheet(name: str) -> str:
    return "'" + name.replace("'", "''") + "'!"


def _letters(column: int) -> str:
    from openpyxl.utils import get_column_letter

    letters: str = get_column_letter(column)
    return letters
