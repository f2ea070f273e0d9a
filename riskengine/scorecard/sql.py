"""A scorecard as one SQL query: the same integers as the program, in a database.

The query asks a table with a row a person and a column an item. A column holds what an assessment
holds once it was checked (`Assessment.complete`): a level, ``true`` or ``false``, a number, or one
of the four not-known codes; derived items are columns too. NULL was not asked. Anything else, and
a number outside the range of its item, makes the score NULL: a value that nobody understands is
never a zero.

The text is portable. It is run on SQLite by the tests, and uses nothing that PostgreSQL and DuckDB
do not have as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from riskengine.errors import UseError
from riskengine.instrument.conditions import NOT_KNOWN
from riskengine.instrument.items import DerivedItem, Item
from riskengine.scorecard.compiled import Scorecard
from riskengine.scorecard.document import Axis, LinearTerm
from riskengine.scorecard.whole_numbers import can_be_listed, listed

TABLE = "answers"
KEY = "person"
_SUMMANDS = 50  # a long sum is nested: databases limit the depth of an expression


def score_sql(
    scorecard: Scorecard,
    *,
    bands: Sequence[tuple[str, int]] = (),
    table: str = TABLE,
    key: str = KEY,
) -> str:
    """Write the query that scores every row of a table.

    Parameters
    ----------
    bands
        Name and first score of each band above the lowest, highest first, and last the name of
        the lowest with any number. Rules are not in it: a band is no tier.
    table, key
        Table of the answers and the column that names a person.

    Returns
    -------
    str
        One ``SELECT`` with the columns ``key``, one for each term (``part_1``, ...), ``score`` in
        units of the scorecard, and ``band`` where asked for.

    Raises
    ------
    UseError
        Where a linear term is over a number that is not whole: a database may round otherwise.
    """
    document = scorecard.document
    states = {axis.id: f"state_{i}" for i, axis in enumerate(document.axes, start=1)}
    columns = [_state(axis, scorecard, states[axis.id]) for axis in document.axes]
    parts: list[str] = []
    for number, table_term in enumerate(scorecard.tables, start=1):
        first = _quoted(states[table_term.axes[0]])
        if len(table_term.axes) == 2:
            second = document.axes_by_id[table_term.axes[1]].states
            first = f"{first} * {second} + {_quoted(states[table_term.axes[1]])}"
        cells = _cases(first, enumerate(table_term.cells))
        parts.append(f"{cells} AS {_quoted(f'part_{number}')}")
    for number, term in enumerate(scorecard.linears, start=len(parts) + 1):
        name = f"number_{number}"
        columns.append(_listed(scorecard, term, name))
        parts.append(f"{_quoted(name)} AS {_quoted(f'part_{number}')}")
    names = [_quoted(f"part_{i}") for i in range(1, len(parts) + 1)]
    person = _quoted(key)
    chosen = [person, *names, _quoted("score")]
    if bands:
        *above, (lowest, _) = bands
        edges = " ".join(
            f"WHEN {_quoted('score')} >= {first} THEN {_literal(name)}" for name, first in above
        )
        known = f"WHEN {_quoted('score')} IS NOT NULL THEN {_literal(lowest)}"
        chosen.append(f"CASE {edges} {known} END AS {_quoted('band')}")
    meaning = [
        f"-- {name.strip(chr(34))}: {_comment(term)}"
        for name, term in zip(names, scorecard.term_ids, strict=True)
    ]
    total = _sum([f"CAST({document.intercept} AS BIGINT)", *names])
    head = [
        f"-- {_comment(document.id)}@{document.version}, {document.form}, score in "
        f"{'points' if document.form == 'points' else '2^-40 log-odds'}",
        f"-- instrument {_comment(document.instrument.id)}@{document.instrument.version}; "
        "NULL is an answer that was not asked",
        "-- a score is NULL where a value is none of the answers of its item",
        *meaning,
    ]
    return "\n".join(
        [
            *head,
            "WITH states AS (",
            f"  SELECT {person},\n    " + ",\n    ".join(columns),
            f"  FROM {_quoted(table)}",
            "), parts AS (",
            f"  SELECT {person},\n    " + ",\n    ".join(parts),
            "  FROM states",
            "), scores AS (",
            f"  SELECT {person}, {', '.join(names)},\n    {total} AS {_quoted('score')}",
            "  FROM parts",
            ")",
            f"SELECT {', '.join(chosen)}",
            "FROM scores",
            "",
        ]
    )


def _quoted(name: str) -> str:
    """A name that stays one, whatever stands in it."""
    if "\x00" in name:
        raise UseError("a name in SQL holds no zero character")
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    """A text that stays one, whatever stands in it."""
    return "'" + text.replace("'", "''") + "'"


def _comment(text: str) -> str:
    """A text that cannot end the comment it stands in."""
    return "".join(c if c.isprintable() else "·" for c in text)


def _cases(subject: str, cells: Iterable[tuple[int, int]]) -> str:
    return f"CASE {subject} " + " ".join(f"WHEN {i} THEN {cell}" for i, cell in cells) + " END"


def _sum(summands: Sequence[str]) -> str:
    """A sum of any length without a deep expression."""
    if len(summands) <= _SUMMANDS:
        return "(" + " + ".join(summands) + ")"
    groups = [summands[i : i + _SUMMANDS] for i in range(0, len(summands), _SUMMANDS)]
    return _sum([_sum(group) for group in groups])


def _lines(whens: Sequence[str], name: str) -> str:
    return "CASE\n      " + "\n      ".join(whens) + f"\n    END AS {_quoted(name)}"


def _in(text: str, codes: Sequence[str]) -> str:
    return f"{text} IN ({', '.join(_literal(code) for code in codes)})"


def _state(axis: Axis, scorecard: Scorecard, name: str) -> str:
    """The state of one axis."""
    item = scorecard.instrument.every_item[axis.item]
    column = _quoted(axis.item)
    text = f"CAST({column} AS VARCHAR(100))"
    whens: list[str] = []
    for position, codes in enumerate(axis.not_known):
        state = axis.known_states + position
        if "not_asked" in codes:
            whens.append(f"WHEN {column} IS NULL THEN {state}")
        whens.append(f"WHEN {_in(text, codes)} THEN {state}")
    if axis.groups:
        boolean = isinstance(item, Item) and item.type == "boolean"
        for state, group in enumerate(axis.groups):
            levels = [spelling for level in group for spelling in _spellings(level, boolean)]
            whens.append(f"WHEN {_in(text, levels)} THEN {state}")
    else:
        whens += _refused(column, text, item)
        value = f"CAST({column} AS DOUBLE PRECISION)"
        whens += [f"WHEN {value} < {cut!r} THEN {state}" for state, cut in enumerate(axis.cuts)]
        whens.append(f"WHEN {value} IS NOT NULL THEN {len(axis.cuts)}")
    return _lines(whens, name)


def _spellings(level: str, boolean: bool) -> tuple[str, ...]:
    """A truth value is 1 or 0 where the database has no type for it."""
    return (level, {"true": "1", "false": "0"}[level]) if boolean else (level,)


def _refused(column: str, text: str, item: Item | DerivedItem) -> Iterator[str]:
    """What is no number, or none that the item takes, has no state."""
    # SQLite reads a number off the beginning of any text, so the text is looked at as well
    yield f"WHEN RTRIM({text}, '0123456789.+-eE') <> '' OR LTRIM({text}, '.+-eE') = '' THEN NULL"
    odd = ["%.%.%", "e%", "E%", "%e", "%E", "%e-%-%", "%+%+%"]
    yield "WHEN " + " OR ".join(f"{text} LIKE '{like}'" for like in odd) + " THEN NULL"
    for sign in "-+":
        yield (
            f"WHEN {text} LIKE '_%{sign}%' AND {text} NOT LIKE '%e{sign}%' "
            f"AND {text} NOT LIKE '%E{sign}%' THEN NULL"
        )
    if isinstance(item, Item):
        value = f"CAST({column} AS DOUBLE PRECISION)"
        yield f"WHEN {value} < {item.minimum!r} OR {value} > {item.maximum!r} THEN NULL"
        if item.type == "integer":
            yield f"WHEN {value} <> CAST({value} AS BIGINT) THEN NULL"


def _listed(scorecard: Scorecard, term: LinearTerm, name: str) -> str:
    if not can_be_listed(scorecard, term):
        raise UseError(
            f"linear term [{term.id}]: item [{term.item}] is not a whole number, and databases "
            "round a product in ways of their own; accepted: tables, and linear terms over whole "
            "numbers. Score it with the engine"
        )
    runs, silent = listed(scorecard, term)
    item = scorecard.instrument.every_item[term.item]
    column = _quoted(term.item)
    text = f"CAST({column} AS VARCHAR(100))"
    value = f"CAST({column} AS DOUBLE PRECISION)"
    whens = [
        f"WHEN {column} IS NULL THEN {silent}",
        f"WHEN {_in(text, NOT_KNOWN)} THEN {silent}",
        *_refused(column, text, item),
        *(f"WHEN {value} <= {run.high} THEN {run.part}" for run in runs),
    ]
    return _lines(whens, name)
