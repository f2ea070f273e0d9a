"""The daily root: heads of all chains, signed, to be kept where the database is not.

A chain cannot see that its tail was cut off, nor that everything after some point was written
anew. A root that lies in another place can: printed, sent to the county, or handed to the
procuratorate.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from riskengine.canonical import content_hash, parse_json
from riskengine.casebook.chain import chains, head
from riskengine.casebook.database import Transaction
from riskengine.casebook.errors import refusal
from riskengine.casebook.nodes import Card, Node
from riskengine.casebook.times import day_of, stamp
from riskengine.errors import ArtefactError

FORMAT = "riskengine/casebook-root/1"
_KEYS = {"format", "signer", "on", "at", "chains", "root", "signature"}


@dataclass(frozen=True)
class Root:
    """Heads of all chains at a time.

    Attributes
    ----------
    chains
        Chain to number and hash of its last event.
    root
        One hash over all heads: short enough to be written down.
    """

    signer: str
    at: str
    chains: dict[str, tuple[int, str]]
    root: str


def heads(tx: Transaction) -> dict[str, tuple[int, str]]:
    """Number and hash of the last event of every chain."""
    return {chain: head(tx, chain)[:2] for chain in chains(tx)}


def make_root(tx: Transaction, node: Node, *, at: datetime) -> dict[str, Any]:
    """Make a signed root, as a JSON value."""
    written = stamp(at)
    chains = {chain: {"seq": seq, "hash": digest} for chain, (seq, digest) in heads(tx).items()}
    return node.sign(
        {
            "format": FORMAT,
            "signer": node.name,
            "on": day_of(written).isoformat(),
            "at": written,
            "chains": chains,
            "root": content_hash(chains),
        }
    )


def read_root(data: bytes, *, source: str, trusted: Collection[Card]) -> Root:
    """Read a root and check who signed it.

    Raises
    ------
    Broken
        Where it is no root, or none of the trusted nodes signed it.
    """
    try:
        raw = parse_json(data, source=source)
        if not isinstance(raw, dict) or set(raw) != _KEYS or raw["format"] != FORMAT:
            raise refusal("bad_root", what=source)
        if not any(card.name == raw["signer"] and card.signed(raw) for card in trusted):
            raise refusal("bad_root", what=f"{source}: {raw['signer']}")
        if content_hash(raw["chains"]) != raw["root"]:
            raise refusal("bad_root", what=source)
        chains = {
            str(chain): (int(head["seq"]), str(head["hash"]))
            for chain, head in raw["chains"].items()
        }
        return Root(str(raw["signer"]), str(raw["at"]), chains, str(raw["root"]))
    except (ArtefactError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise refusal("bad_root", what=source) from error
