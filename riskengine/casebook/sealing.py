"""Keys, ciphertexts and salted hashes.

Keys, salts, nonces and ids are random on purpose: they decide nothing and must not be guessed.
They are the one place where the record takes randomness that nobody handed in.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from riskengine.casebook.errors import refusal

KEY_BYTES = 32
_SALT, _NONCE = 32, 12


@dataclass(frozen=True, repr=False)
class MasterKey:
    """The key that wraps all others; it is kept outside the database.

    Attributes
    ----------
    wrapping, looking_up
        Keys derived from it, one for each use.
    """

    wrapping: bytes
    looking_up: bytes

    @classmethod
    def of(cls, secret: bytes) -> MasterKey:
        """Derive the keys from a secret of 32 bytes.

        Raises
        ------
        Broken
            Where it has another length.
        """
        if len(secret) != KEY_BYTES:
            raise refusal("wrong_key", place="master")
        return cls(_derived(secret, b"wrap"), _derived(secret, b"lookup"))


def _derived(secret: bytes, use: bytes) -> bytes:
    hkdf = HKDF(hashes.SHA256(), KEY_BYTES, salt=None, info=b"riskengine/casebook/" + use)
    return hkdf.derive(secret)


def new_key() -> bytes:
    """Make a key."""
    return secrets.token_bytes(KEY_BYTES)


def new_id(kind: str) -> str:
    """Make an id that says what it names and nothing else."""
    return f"{kind}-{secrets.token_hex(12)}"


def wrap(master: MasterKey, name: str, key: bytes) -> bytes:
    """Seal a key under the master key, bound to its name."""
    return encrypt(master.wrapping, key, f"key:{name}")


def unwrap(master: MasterKey, name: str, wrapped: bytes) -> bytes:
    """Open a wrapped key.

    Raises
    ------
    Broken
        Where the master key is another one, or the row was touched.
    """
    return decrypt(master.wrapping, wrapped, f"key:{name}")


def lookup(master: MasterKey, district: str, person: str) -> str:
    """Keyed hash by which a person is found; without the master key it says nothing."""
    told = f"{district}\0{person}".encode()
    return hmac.new(master.looking_up, told, hashlib.sha256).hexdigest()


def encrypt(key: bytes, plain: bytes, place: str) -> bytes:
    """Encrypt with AES-256-GCM; ``place`` is authenticated, so that nothing can be moved."""
    nonce = secrets.token_bytes(_NONCE)
    return nonce + AESGCM(key).encrypt(nonce, plain, place.encode())


def decrypt(key: bytes, sealed: bytes, place: str) -> bytes:
    """Decrypt what `encrypt` made.

    Raises
    ------
    Broken
        Where the key or the place is another one, or a byte was changed.
    """
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], place.encode())
    except (InvalidTag, ValueError) as error:
        raise refusal("wrong_key", place=place) from error


def seal(key: bytes, content: bytes, place: str) -> tuple[bytes, str]:
    """Seal content with a fresh salt; return the ciphertext and the salted hash."""
    salted = secrets.token_bytes(_SALT) + content
    return encrypt(key, salted, place), salted_hash(salted)


def unseal(key: bytes, sealed: bytes, place: str) -> tuple[bytes, str]:
    """Open sealed content; return it with the salted hash that it must have."""
    salted = decrypt(key, sealed, place)
    return salted[_SALT:], salted_hash(salted)


def salted_hash(salted: bytes) -> str:
    """Hash over salt and content."""
    return hashlib.sha256(b"riskengine/casebook/content\0" + salted).hexdigest()
