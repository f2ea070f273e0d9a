"""How well a model does for groups, as an evaluation hands it to the page.

Format ``riskengine/performance/1``. Figures of groups of fewer than twenty people are never
printed, whatever the file holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import BaseModel, Field, model_validator

from riskengine.documents import load_document
from riskengine.errors import UseError
from riskengine.evaluation.suppression import hidden
from riskengine.instrument.items import Identifier
from riskengine.scorecard.document import Metric, Sha256
from riskengine.text import FROZEN, Text


class GroupFigures(BaseModel):
    """Figures of the people with one answer to an item."""

    model_config = FROZEN

    item: Identifier
    group: Text
    people: int = Field(ge=0)
    events: int | None = Field(default=None, ge=0)
    figures: tuple[Metric, ...] = ()


class Performance(BaseModel):
    """What was measured, on whom, and how."""

    model_config = FROZEN

    format: Literal["riskengine/performance/1"]
    model: str
    model_sha256: Sha256
    population: Text
    method: Text
    groups: tuple[GroupFigures, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _no_group_twice(self) -> Performance:
        names = [(one.item, one.group.en) for one in self.groups]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"item [{twice[0][0]}]: group [{twice[0][1]}] is declared twice")
        return self


@dataclass(frozen=True)
class ShownGroup:
    """One group as it may be printed; ``suppressed`` ones show neither count nor figure."""

    figures: GroupFigures
    suppressed: bool


def read_performance(path: Path, *, model: str, sha256: str) -> Performance:
    """Read a file of group figures and make sure that it is about this very model.

    Raises
    ------
    ArtefactError
        Where the file is not of the format.
    UseError
        Where it is about another model.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UseError(f"{path}: {error.strerror}") from error
    found = load_document(Performance, data, source=path.name)
    if found.model_sha256 != sha256:
        raise UseError(
            f"{path.name}: its figures are about [{found.model}] with hash "
            f"[{found.model_sha256[:12]}…], and this page is about [{model}] with hash "
            f"[{sha256[:12]}…]"
        )
    return found


def shown_groups(groups: Sequence[GroupFigures]) -> tuple[ShownGroup, ...]:
    """Decide which groups of one item may be printed.

    By the rule of `riskengine.evaluation.suppression`, since a reader knows how many people there
    are in all. A group of nobody is one that an evaluation has hidden already.
    """
    people = np.array([one.people for one in groups], dtype=np.int64)
    small = hidden(people) | (people == 0)
    return tuple(ShownGroup(one, bool(own)) for one, own in zip(groups, small, strict=True))
