"""Where artefacts are kept: the shipped ones, and an agency's own in its home folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

HOME_VARIABLE = "RISKENGINE_HOME"


def shipped() -> Path:
    """Folder with the shipped ``data_schema`` and ``models``.

    In an installed wheel it is ``riskengine/_shipped``; in a checkout, the checkout itself.
    """
    package = Path(str(resources.files("riskengine")))
    inside = package / "_shipped"
    return inside if inside.is_dir() else package.parent


def home() -> Path | None:
    """The agency's own folder (``RISKENGINE_HOME``), laid out like the shipped one, or none."""
    named = os.environ.get(HOME_VARIABLE)
    return Path(named) if named else None


def places() -> Iterator[Path]:
    """Folders to look in: the agency's own goes first."""
    own = home()
    if own is not None:
        yield own
    yield shipped()
