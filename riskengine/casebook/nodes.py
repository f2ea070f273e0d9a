"""A node's own keys for signing and exchange, and the public cards of other nodes."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from riskengine.canonical import canonical_json, parse_json, sha256
from riskengine.casebook.errors import refusal
from riskengine.casebook.places import write_secret

NODE_FILE, PEERS = "node.json", "peers"
NODE_FORMAT, CARD_FORMAT = "riskengine/casebook-node/1", "riskengine/casebook-card/1"
_RAW = serialization.Encoding.Raw


@dataclass(frozen=True)
class Card:
    """What others need to know of a node: its name and public keys. It is no secret.

    Attributes
    ----------
    name
        The chain to which the node appends.
    """

    name: str
    signing: bytes
    exchange: bytes

    def as_json(self) -> dict[str, str]:
        """The card as it is handed to others."""
        return {
            "format": CARD_FORMAT,
            "name": self.name,
            "signing": b64(self.signing),
            "exchange": b64(self.exchange),
        }

    @property
    def fingerprint(self) -> str:
        """Short hash to compare over the telephone before a card is trusted."""
        digest = sha256(canonical_json(self.as_json()).encode())
        return " ".join(digest[at : at + 4] for at in range(0, 24, 4))

    def check(self, signed: Mapping[str, Any]) -> None:
        """Check the signature of a signed mapping; see `Node.sign`.

        Raises
        ------
        InvalidSignature, ValueError
            Where it is not this node's.
        """
        told = {name: value for name, value in signed.items() if name != "signature"}
        Ed25519PublicKey.from_public_bytes(self.signing).verify(
            unb64(signed["signature"]), canonical_json(told).encode()
        )

    def signed(self, mapping: Mapping[str, Any]) -> bool:
        """Whether this node signed a mapping."""
        try:
            self.check(mapping)
        except (InvalidSignature, ValueError, KeyError, TypeError):
            return False
        return True


@dataclass(frozen=True, repr=False)
class Node:
    """A node with its private keys."""

    name: str
    signing: Ed25519PrivateKey
    exchange: X25519PrivateKey

    @property
    def card(self) -> Card:
        """Its public card."""
        return Card(
            self.name,
            self.signing.public_key().public_bytes(_RAW, serialization.PublicFormat.Raw),
            self.exchange.public_key().public_bytes(_RAW, serialization.PublicFormat.Raw),
        )

    def sign(self, mapping: Mapping[str, Any]) -> dict[str, Any]:
        """Give a mapping with a signature over its canonical JSON."""
        return {
            **mapping,
            "signature": b64(self.signing.sign(canonical_json(dict(mapping)).encode())),
        }


def b64(data: bytes) -> str:
    """Bytes as text."""
    return base64.b64encode(data).decode()


def unb64(text: str) -> bytes:
    """Text as bytes; strict."""
    return base64.b64decode(text, validate=True)


def make_node(folder: Path, name: str) -> Node:
    """Make and keep the keys of a node; keys that are there are never replaced."""
    node = Node(name, Ed25519PrivateKey.generate(), X25519PrivateKey.generate())
    kept = {
        "format": NODE_FORMAT,
        "name": name,
        "signing": b64(node.signing.private_bytes_raw()),
        "exchange": b64(node.exchange.private_bytes_raw()),
    }
    folder.mkdir(parents=True, exist_ok=True)
    write_secret(folder / NODE_FILE, canonical_json(kept).encode() + b"\n")
    return node


def read_node(folder: Path) -> Node:
    """Read the keys of this node.

    Raises
    ------
    Broken
        Where there are none.
    """
    path = folder / NODE_FILE
    if not path.is_file():
        raise refusal("no_key", place=NODE_FILE)
    raw = parse_json(path.read_bytes(), source=NODE_FILE)
    try:
        if raw["format"] != NODE_FORMAT:
            raise ValueError(raw["format"])
        return Node(
            str(raw["name"]),
            Ed25519PrivateKey.from_private_bytes(unb64(raw["signing"])),
            X25519PrivateKey.from_private_bytes(unb64(raw["exchange"])),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise refusal("wrong_key", place=NODE_FILE) from error


def read_card(data: bytes, *, source: str) -> Card:
    """Read a public card strictly.

    Raises
    ------
    Broken
        Where it is none.
    """
    raw = parse_json(data, source=source)
    try:
        if set(raw) != {"format", "name", "signing", "exchange"} or raw["format"] != CARD_FORMAT:
            raise ValueError(source)
        card = Card(str(raw["name"]), unb64(raw["signing"]), unb64(raw["exchange"]))
        Ed25519PublicKey.from_public_bytes(card.signing)
        X25519PublicKey.from_public_bytes(card.exchange)
    except (KeyError, TypeError, ValueError) as error:
        raise refusal("wrong_key", place=source) from error
    return card


def trust(folder: Path, card: Card) -> Path:
    """Keep another node's card; a card of the same name with other keys is refused."""
    kept = peers(folder)
    if card.name in kept:
        if kept[card.name] != card:
            raise refusal("exists", place=card.name)
        return _card_path(folder, card.name)
    path = _card_path(folder, card.name)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_secret(path, canonical_json(card.as_json()).encode() + b"\n")
    return path


def _card_path(folder: Path, name: str) -> Path:
    return folder / PEERS / f"{sha256(name.encode())[:16]}.card.json"


def peers(folder: Path) -> dict[str, Card]:
    """Cards that are trusted here, by name; the node's own is among them."""
    found = {}
    if (folder / NODE_FILE).is_file():
        own = read_node(folder).card
        found[own.name] = own
    for path in sorted((folder / PEERS).glob("*.card.json")):
        card = read_card(path.read_bytes(), source=path.name)
        found[card.name] = card
    return found
