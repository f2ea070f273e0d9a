"""Reading YAML without its surprises.

Only ``true``, ``false``, ``null`` and JSON numbers are anything but text. Duplicate keys, anchors,
aliases, tags and unquoted numbers with a leading zero are errors with line and column: a status
code ``01`` must not become 1, and ``no`` must not become false.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from riskengine.errors import ArtefactError, shown

_INTEGER = re.compile(r"-?(0|[1-9][0-9]*)\Z")
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?\Z")
_LEADING_ZERO = re.compile(r"[-+]?0[0-9_]+(\.[0-9]*)?\Z")
_WORDS = {"true": True, "false": False, "null": None}
_SURPRISES = {"yes", "no", "on", "off", "y", "n", "~", "True", "False", "Null", "TRUE", "FALSE"}
_FORBIDDEN = {
    yaml.AnchorToken: "an anchor",
    yaml.AliasToken: "an alias",
    yaml.TagToken: "a tag",
    yaml.DirectiveToken: "a directive",
}

Place = tuple[str | int, ...]


@dataclass(frozen=True)
class Source:
    """A parsed YAML file and where each value stands in it."""

    name: str
    value: Any
    lines: dict[Place, int] = field(repr=False)

    def line(self, place: Place) -> int:
        """Line of a value, or of the nearest value around it."""
        for end in range(len(place), -1, -1):
            if place[:end] in self.lines:
                return self.lines[place[:end]]
        return 1


def parse_yaml(text: str, *, name: str) -> Source:
    """Parse one YAML document strictly.

    Raises
    ------
    ArtefactError
        With file, line and column.
    """

    def fail(mark: yaml.Mark, what: str) -> ArtefactError:
        return ArtefactError(f"{name}: line {mark.line + 1}, column {mark.column + 1}: {what}")

    try:
        for token in yaml.scan(text, Loader=yaml.SafeLoader):
            forbidden = _FORBIDDEN.get(type(token))
            if forbidden:
                raise fail(token.start_mark, f"{forbidden} is not allowed; write the value out")
        root = yaml.compose(text, Loader=yaml.BaseLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        if mark is None:
            raise ArtefactError(f"{name}: {error}") from error
        raise fail(mark, error.problem or "not YAML") from error
    except yaml.YAMLError as error:
        raise ArtefactError(f"{name}: {error}") from error
    if root is None:
        raise ArtefactError(f"{name}: the file is empty")
    lines: dict[Place, int] = {}

    def scalar(node: yaml.ScalarNode) -> Any:
        raw = node.value
        if node.style is not None:
            return raw
        if raw in _WORDS:
            return _WORDS[raw]
        if raw == "":
            raise fail(node.start_mark, "no value; write null or a text in quotes")
        if raw in _SURPRISES:
            raise fail(node.start_mark, f"{shown(raw)} is ambiguous; write true, false or quotes")
        if _LEADING_ZERO.match(raw):
            raise fail(node.start_mark, f"{shown(raw)} has a leading zero; put codes in quotes")
        if _INTEGER.match(raw):
            return int(raw)
        if _NUMBER.match(raw):
            return float(raw)
        return raw

    def construct(node: yaml.Node, place: Place) -> Any:
        lines[place] = node.start_mark.line + 1
        if isinstance(node, yaml.ScalarNode):
            return scalar(node)
        if isinstance(node, yaml.SequenceNode):
            return [construct(child, (*place, i)) for i, child in enumerate(node.value)]
        result: dict[str, Any] = {}
        for key_node, child in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise fail(key_node.start_mark, "a key must be a text")
            key = key_node.value
            if key_node.style is None and _LEADING_ZERO.match(key):
                raise fail(key_node.start_mark, f"{shown(key)}: put codes in quotes")
            if key in result:
                raise fail(key_node.start_mark, f"key {shown(key)} stands twice")
            result[key] = construct(child, (*place, key))
        return result

    return Source(name=name, value=construct(root, ()), lines=lines)


def read_yaml(path: Path) -> Source:
    """Parse one YAML file strictly."""
    return parse_yaml(path.read_text(encoding="utf-8"), name=f"{path.parent.name}/{path.name}")
