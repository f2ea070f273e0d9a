"""Options that several groups of commands share."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from riskengine.errors import Language


class Lang(StrEnum):
    """Language of what is printed."""

    zh = "zh"
    en = "en"

    @property
    def code(self) -> Language:
        """The language as the library names it."""
        return "zh" if self is Lang.zh else "en"


ModelOption = Annotated[str, typer.Option(help="Model name, name@version, or folder.")]
PolicyOption = Annotated[str, typer.Option(help="Policy name or name@version.")]
LangOption = Annotated[Lang, typer.Option(help="Language of what is printed.")]
OnOption = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%d"], help="Day of the recommendation; today if not given."),
]
ResearchOption = Annotated[
    bool, typer.Option("--research", help="Allow a benchmark model: a score and no tier.")
]
RecordOption = Annotated[
    Path | None,
    typer.Option(help="The person's record: tiers decided, dated events, alert tasks."),
]
