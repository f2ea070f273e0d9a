"""The statutory set of the installation, with the provisions that its agency has verified."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from riskengine.documents import load_document
from riskengine.errors import NotFoundError
from riskengine.policy.jurisdictions import statutory_set
from riskengine.policy.law_provisions import LawDocument, VerificationRecord, audited
from riskengine.policy.statutory import StatutorySet
from riskengine.store.lookup import newest_built
from riskengine.store.places import home

VERIFICATIONS = "law"
"""Folder in the agency's own, with a record for its jurisdiction."""


def record_path(jurisdiction: str) -> Path | None:
    """Where the agency's record is kept, or ``None`` where the agency has no folder."""
    own = home()
    return None if own is None else own / VERIFICATIONS / f"{jurisdiction}.verifications.json"


def find_law(jurisdiction: str) -> StatutorySet:
    """Load the statutory set of a jurisdiction with its provisions.

    Raises
    ------
    NotFoundError
        Where the jurisdiction has no set.
    ArtefactError
        Where the provisions are malformed, or the agency's record was touched.
    """
    law = statutory_set(jurisdiction)
    path = newest_built("law", jurisdiction)
    if path is None:
        raise NotFoundError(
            f"the provisions of jurisdiction [{jurisdiction}] are missing: run "
            "`riskengine schema build`"
        )
    document = load_document(LawDocument, path.read_bytes(), source=path.name)
    kept = record_path(jurisdiction)
    record = None
    if kept is not None and kept.is_file():
        record = load_document(VerificationRecord, kept.read_bytes(), source=kept.name)
    provisions = audited(
        document,
        record,
        jurisdiction=jurisdiction,
        source=kept.name if kept is not None else path.name,
    )
    return replace(law, provisions=provisions)
