"""One mistake in a policy: its place, its rule, and what is accepted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from riskengine.errors import PolicyError
from riskengine.instrument.conditions import Place


@dataclass(frozen=True)
class Fault:
    """One mistake.

    Attributes
    ----------
    place
        Where it stands in the document, from the top.
    rule
        The rule (or step condition) concerned, if any.
    message
        What is wrong and what is accepted.
    """

    place: Place
    rule: str | None
    message: str

    def text(self) -> str:
        """The message with its rule."""
        return self.message if self.rule is None else f"rule [{self.rule}]: {self.message}"


def json_path(place: Place) -> str:
    """A place as a JSON path."""
    return "$" + "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in place)


def refuse(faults: Iterable[Fault], source: str) -> None:
    """Raise every fault as one error, a line each, with JSON paths."""
    lines = [f"{source}: {json_path(fault.place)}: {fault.text()}" for fault in faults]
    if lines:
        raise PolicyError("\n".join(lines))
