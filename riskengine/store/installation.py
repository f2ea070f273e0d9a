"""The installation: the one place where the jurisdiction is fixed, and recorded."""

from __future__ import annotations

from pydantic import BaseModel, Field

from riskengine.documents import load_document
from riskengine.store.places import home
from riskengine.text import FROZEN

INSTALLATION_FILE = "installation.json"
DEFAULT_JURISDICTION = "cn"


class Installation(BaseModel):
    """``installation.json`` in the agency's folder.

    ``alert_official`` is the internal id of the official who is in charge of a safety alert until
    the agency names another. ``district`` says whose live models serve here, where the registry
    has some of a district's own. With ``signed_models_only`` the engine loads no model whose
    manifest is not signed by a key in ``keys/allowed_signers``.
    """

    model_config = FROZEN
    jurisdiction: str = Field(pattern=r"^[a-z]{2}(_[a-z0-9]+)*$")
    agency: str | None = None
    alert_official: str | None = Field(default=None, min_length=1, max_length=64)
    district: str | None = Field(default=None, min_length=1, max_length=64)
    signed_models_only: bool = False


def installation() -> Installation:
    """Read the installation; without one it is the default jurisdiction and no agency."""
    own = home()
    path = own / INSTALLATION_FILE if own is not None else None
    if path is None or not path.is_file():
        return Installation(jurisdiction=DEFAULT_JURISDICTION)
    return load_document(Installation, path.read_bytes(), source=INSTALLATION_FILE)
