"""Jurisdictions and their statutory sets. An installation belongs to one of them."""

from __future__ import annotations

from riskengine.errors import NotFoundError
from riskengine.policy.jurisdictions.cn import CN
from riskengine.policy.statutory import StatutorySet

_SETS: dict[str, StatutorySet] = {CN.jurisdiction: CN}


def has_set(jurisdiction: str) -> bool:
    """Whether a jurisdiction has a statutory set."""
    return jurisdiction in _SETS


def statutory_set(jurisdiction: str) -> StatutorySet:
    """Return the statutory set of a jurisdiction.

    Raises
    ------
    NotFoundError
        Where there is none: such an instrument gets a score in research mode and never a tier.
    """
    try:
        return _SETS[jurisdiction]
    except KeyError:
        raise NotFoundError(
            f"no statutory set for jurisdiction [{jurisdiction}]; there is one for: "
            + ", ".join(sorted(_SETS))
        ) from None
