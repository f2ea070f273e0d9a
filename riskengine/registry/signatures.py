r"""Signatures of models that every auditor can check with OpenSSH.

What is signed is a model's ``manifest.json``, which holds the hash of every file of the model. The
signature is an armored SSH signature (PROTOCOL.sshsig of OpenSSH) by an ed25519 key, in the
namespace ``riskengine-model``; trusted keys stand in ``keys/allowed_signers`` of the agency's
folder, in OpenSSH's own format. Without this software it is checked with::

    ssh-keygen -Y verify -f keys/allowed_signers -I NAME -n riskengine-model \
        -s manifest.json.sig < manifest.json

and made with ``ssh-keygen -Y sign -n riskengine-model -f KEY manifest.json``. Keys and signatures
are read and checked by ``cryptography``; only the frame around them is written out here.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_ssh_private_key,
    load_ssh_public_key,
)

from riskengine.errors import ScorecardError, UseError, shown
from riskengine.store.lookup import LoadedModel
from riskengine.store.places import home

NAMESPACE = "riskengine-model"
SIGNERS_FILE = "keys/allowed_signers"
SIGNATURE_FILE = "manifest.json.sig"
SIGNATURES = "registry/signatures"
"""Folder in the agency's own for signatures of models that stand where nothing can be written."""

_MAGIC = b"SSHSIG"
_VERSION = 1
_HASHES = {b"sha256": hashlib.sha256, b"sha512": hashlib.sha512}
_KEY_TYPE = b"ssh-ed25519"
_BEGIN, _END = "-----BEGIN SSH SIGNATURE-----", "-----END SSH SIGNATURE-----"
_LINE = 70
_MOST_BYTES = 64 * 1024


@dataclass(frozen=True)
class Signer:
    """A trusted key.

    Attributes
    ----------
    names
        Who holds it, as the file of trusted keys says.
    blob
        The public key as OpenSSH writes it.
    comment
        What stands behind the key in the file.
    """

    names: tuple[str, ...]
    blob: bytes
    comment: str = ""

    @property
    def fingerprint(self) -> str:
        """The key's fingerprint as ``ssh-keygen -l`` prints it."""
        return fingerprint(self.blob)


def fingerprint(blob: bytes) -> str:
    """SHA-256 fingerprint of a public key."""
    digest = base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")
    return f"SHA256:{digest}"


# --- Trusted keys -------------------------------------------------------------------------------


def signers_path() -> Path | None:
    """Where the agency keeps its trusted keys, or ``None`` where it has no folder."""
    own = home()
    return None if own is None else own / SIGNERS_FILE


def trusted_signers(path: Path | None = None) -> tuple[Signer, ...]:
    """Read the trusted keys; none where there is no file.

    Raises
    ------
    ScorecardError
        Naming file, line and what is accepted. A line that cannot be read in full is refused: an
        option that is passed over would widen what a key may sign.
    """
    path = path or signers_path()
    if path is None or not path.is_file():
        return ()
    return parse_signers(path.read_text(encoding="utf-8-sig"), source=path.name)


def parse_signers(text: str, *, source: str) -> tuple[Signer, ...]:
    """Read lines of OpenSSH's ``allowed_signers``; see `trusted_signers`."""
    found = []
    for number, row in enumerate(text.splitlines(), start=1):
        line = row.strip()
        if line and not line.startswith("#"):
            signer = _signer(line, f"{source}: line {number}")
            if signer is not None:
                found.append(signer)
    return tuple(found)


def _signer(line: str, where: str) -> Signer | None:
    accepted = 'accepted: NAME[,NAME] [namespaces="riskengine-model"] ssh-ed25519 KEY [comment]'
    words = line.split(maxsplit=2)
    if len(words) < 3 or '"' in words[0]:
        raise ScorecardError(f"{where}: not a trusted key; {accepted}")
    names, second, rest = words
    if second != _KEY_TYPE.decode():
        option = re.fullmatch(r'namespaces="([^"]*)"', second)
        if option is None:
            raise ScorecardError(f"{where}: {shown(second)} is not accepted here; {accepted}")
        key_type, _, rest = rest.partition(" ")
        if key_type != _KEY_TYPE.decode():
            raise ScorecardError(f"{where}: key type {shown(key_type)}; {accepted}")
        if NAMESPACE not in option[1].split(","):
            return None
    encoded, _, comment = rest.partition(" ")
    if any(mark in names for mark in "*?!"):
        raise ScorecardError(f"{where}: {shown(names)} is a pattern; a key is named people's")
    blob = _decoded(encoded, where)
    _public(blob, where)
    return Signer(tuple(names.split(",")), blob, comment.strip())


def trust_line(name: str, public_key: str) -> str:
    """A line for the file of trusted keys from the content of a ``.pub`` file.

    Raises
    ------
    ScorecardError
        Where it is no ed25519 key, or the name cannot stand in the file.
    """
    if not re.fullmatch(r"[^\s,\"*?!#]{1,64}", name):
        raise ScorecardError(
            f"name {shown(name)}: accepted are up to 64 characters without blanks, commas, "
            "quotes and the signs * ? ! #"
        )
    words = public_key.split()
    if len(words) < 2:
        raise ScorecardError("not a public key; accepted: the .pub file of an ed25519 key")
    line = f'{name} namespaces="{NAMESPACE}" {" ".join(words)}'
    _signer(line, "public key")
    return line


# --- Signing and verifying ----------------------------------------------------------------------


def sign(data: bytes, private_key: bytes, password: bytes | None = None) -> str:
    """Sign bytes with an OpenSSH ed25519 key; the armored signature.

    Raises
    ------
    UseError
        Where the key cannot be read, needs another password, or is of another kind.
    """
    try:
        key = load_ssh_private_key(private_key, password)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise UseError(f"the key cannot be read: {error}") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise UseError("accepted are ed25519 keys: ssh-keygen -t ed25519")
    public = _blob_of(key.public_key())
    signature = key.sign(_signed(data, NAMESPACE.encode(), b"sha512"))
    body = (
        _MAGIC
        + struct.pack(">I", _VERSION)
        + _string(public)
        + _string(NAMESPACE.encode())
        + _string(b"")
        + _string(b"sha512")
        + _string(_string(_KEY_TYPE) + _string(signature))
    )
    text = base64.b64encode(body).decode()
    rows = [text[at : at + _LINE] for at in range(0, len(text), _LINE)]
    return "\n".join([_BEGIN, *rows, _END, ""])


def verified_by(data: bytes, signature: str, signers: Sequence[Signer], *, source: str) -> Signer:
    """Find the trusted signer of some bytes.

    Raises
    ------
    ScorecardError
        Naming what is wrong: the frame, the namespace, an unknown key, or other bytes.
    """
    blob, namespace, algorithm, raw = _opened(signature, source)
    if namespace != NAMESPACE.encode():
        raise ScorecardError(
            f"{source}: signed for {shown(namespace.decode(errors='replace'))}, "
            f"not for [{NAMESPACE}]"
        )
    signer = next((one for one in signers if one.blob == blob), None)
    if signer is None:
        raise ScorecardError(
            f"{source}: signed by a key that is not trusted here ({fingerprint(blob)}); trusted "
            f"keys stand in {SIGNERS_FILE}"
        )
    try:
        _public(blob, source).verify(raw, _signed(data, namespace, algorithm))
    except InvalidSignature as error:
        raise ScorecardError(
            f"{source}: the signature belongs to other content; manifest or signature was edited"
        ) from error
    return signer


def signature_paths(model: LoadedModel) -> tuple[Path, ...]:
    """Where a model's signature may stand: beside its manifest, or in the agency's folder."""
    own = home()
    elsewhere = () if own is None else (own / SIGNATURES / f"{model.name}.sig",)
    return (model.folder / SIGNATURE_FILE, *elsewhere)


def signed_by(model: LoadedModel) -> Signer | None:
    """The trusted signer of a model; ``None`` where it has no signature at all.

    Raises
    ------
    ScorecardError
        Where there are signatures, and none of a trusted key for this very manifest.
    """
    wrong: ScorecardError | None = None
    signers = trusted_signers()
    for path in signature_paths(model):
        if not path.is_file():
            continue
        if path.stat().st_size > _MOST_BYTES:
            raise ScorecardError(f"{path.name}: larger than a signature can be")
        text = path.read_text(encoding="ascii", errors="replace")
        try:
            return verified_by(model.manifest, text, signers, source=f"{model.name}: {path.name}")
        except ScorecardError as error:
            wrong = wrong or error
    if wrong is not None:
        raise wrong
    return None


def require_signed(model: LoadedModel) -> Signer:
    """Refuse a model that no trusted key has signed.

    Raises
    ------
    ScorecardError
        With the reason and what to do.
    """
    signer = signed_by(model)
    if signer is None:
        raise ScorecardError(
            f"model [{model.name}] is not signed, and this installation loads signed models only "
            f"(signed_models_only). Sign it with `riskengine registry keys sign {model.name}` or "
            f"`ssh-keygen -Y sign -n {NAMESPACE}`"
        )
    return signer


# --- The frame ----------------------------------------------------------------------------------


def _string(data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + data


def _signed(data: bytes, namespace: bytes, algorithm: bytes) -> bytes:
    digest = _HASHES[algorithm](data).digest()
    return _MAGIC + _string(namespace) + _string(b"") + _string(algorithm) + _string(digest)


def _blob_of(key: Ed25519PublicKey) -> bytes:
    line = key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    return base64.b64decode(line.split()[1])


def _public(blob: bytes, where: str) -> Ed25519PublicKey:
    encoded = _KEY_TYPE + b" " + base64.b64encode(blob)
    try:
        key = load_ssh_public_key(encoded)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ScorecardError(f"{where}: not an ed25519 key: {error}") from error
    if not isinstance(key, Ed25519PublicKey):
        raise ScorecardError(f"{where}: not an ed25519 key")
    return key


def _decoded(text: str, where: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ScorecardError(f"{where}: not base64") from error


def _opened(signature: str, source: str) -> tuple[bytes, bytes, bytes, bytes]:
    """Key, namespace, hash algorithm and raw signature of an armored signature."""
    rows = signature.strip().splitlines()
    if len(rows) < 3 or rows[0].strip() != _BEGIN or rows[-1].strip() != _END:
        raise ScorecardError(f"{source}: not an SSH signature")
    body = _decoded("".join(row.strip() for row in rows[1:-1]), source)
    if not body.startswith(_MAGIC + struct.pack(">I", _VERSION)):
        raise ScorecardError(f"{source}: not an SSH signature of version {_VERSION}")
    parts = _strings(body[len(_MAGIC) + 4 :], 5, source)
    blob, namespace, _, algorithm, inner = parts
    if algorithm not in _HASHES:
        raise ScorecardError(f"{source}: hash {shown(algorithm.decode(errors='replace'))}")
    kind, raw = _strings(inner, 2, source)
    if kind != _KEY_TYPE:
        raise ScorecardError(
            f"{source}: key type {shown(kind.decode(errors='replace'))}; accepted: ssh-ed25519"
        )
    return blob, namespace, algorithm, raw


def _strings(data: bytes, count: int, source: str) -> tuple[bytes, ...]:
    """Exactly so many length-prefixed strings, and nothing behind them."""
    found = []
    at = 0
    for _ in range(count):
        if at + 4 > len(data):
            raise ScorecardError(f"{source}: the signature is cut off")
        (size,) = struct.unpack_from(">I", data, at)
        at += 4
        if at + size > len(data):
            raise ScorecardError(f"{source}: the signature is cut off")
        found.append(data[at : at + size])
        at += size
    if at != len(data):
        raise ScorecardError(f"{source}: something stands behind the signature")
    return tuple(found)
