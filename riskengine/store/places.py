"""Where artefacts are kept: the shipped ones, and an agency's own in its home folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

HOME_VARIABLE = "RISKENGINE_HOME"
REGISTRY_LOG = "registry/log.jsonl"
"""In the agency's own folder: which model became what, when, by whom and why."""


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


def registry_log() -> Path | None:
    """The log of the agency's registry, or ``None`` where it has none."""
    own = home()
    path = None if own is None else own / REGISTRY_LOG
    return path if path is not None and path.is_file() else None


def places() -> Iterator[Path]:
    """Folders to look in: the agency's own goes first."""
    own = home()
    if own is not None:
        yield own
    yield shipped()
