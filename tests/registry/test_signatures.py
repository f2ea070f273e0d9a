"""Signatures that OpenSSH makes and checks, and an engine that loads signed models only."""

from __future__ import annotations

import base64
import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from typer.testing import CliRunner

from riskengine.cli import app
from riskengine.engine import Engine
from riskengine.errors import ScorecardError, UseError
from riskengine.registry.signatures import (
    NAMESPACE,
    SIGNERS_FILE,
    parse_signers,
    sign,
    trust_line,
    trusted_signers,
    verified_by,
)
from riskengine.store.lookup import find_model

DATA = b"a manifest\n"
NAME = "cn_serious_noncompliance@1.0.0"
needs_openssh = pytest.mark.skipif(
    shutil.which("ssh-keygen") is None, reason="ssh-keygen is not installed"
)


def key_pair(folder: Path, name: str = "key") -> tuple[bytes, str]:
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    public = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    (folder / name).write_bytes(private)
    (folder / name).chmod(0o600)
    (folder / f"{name}.pub").write_text(f"{public} office\n", "utf-8")
    return private, public


def test_a_signature_holds_for_these_bytes_and_this_key_alone(tmp_path: Path) -> None:
    private, public = key_pair(tmp_path)
    _, other = key_pair(tmp_path, "other")
    signers = parse_signers(trust_line("li.na", public), source="keys")
    text = sign(DATA, private)
    assert verified_by(DATA, text, signers, source="it").names == ("li.na",)
    with pytest.raises(ScorecardError, match="other content"):
        verified_by(DATA + b" ", text, signers, source="it")
    strangers = parse_signers(trust_line("wang.fang", other), source="keys")
    with pytest.raises(ScorecardError, match="not trusted"):
        verified_by(DATA, text, strangers, source="it")
    with pytest.raises(ScorecardError, match="not an SSH signature"):
        verified_by(DATA, "nothing", signers, source="it")


def test_no_single_changed_byte_of_a_signature_is_taken(tmp_path: Path) -> None:
    private, public = key_pair(tmp_path)
    signers = parse_signers(trust_line("li.na", public), source="keys")
    text = sign(DATA, private)
    rows = text.splitlines()
    body = bytearray(base64.b64decode("".join(rows[1:-1])))
    for at in range(len(body)):
        changed = bytes([*body[:at], body[at] ^ 1, *body[at + 1 :]])
        armored = "\n".join([rows[0], base64.b64encode(changed).decode(), rows[-1]])
        with pytest.raises(ScorecardError):
            verified_by(DATA, armored, signers, source="it")


@needs_openssh
def test_openssh_accepts_ours_and_we_accept_openssh(tmp_path: Path) -> None:
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "x", "-f", tmp_path / "key"],
        check=True,
    )
    public = (tmp_path / "key.pub").read_text("utf-8")
    (tmp_path / "signers").write_text(trust_line("li.na", public) + "\n", "utf-8")
    ours = sign(DATA, (tmp_path / "key").read_bytes())
    (tmp_path / "ours.sig").write_text(ours, "utf-8")
    verify = ["ssh-keygen", "-Y", "verify", "-f", tmp_path / "signers", "-I", "li.na",
              "-n", NAMESPACE, "-s", tmp_path / "ours.sig"]  # fmt: skip
    assert subprocess.run(verify, input=DATA, capture_output=True).returncode == 0
    assert subprocess.run(verify, input=DATA + b"x", capture_output=True).returncode != 0
    (tmp_path / "manifest").write_bytes(DATA)
    make = ["ssh-keygen", "-Y", "sign", "-n", NAMESPACE, "-f", tmp_path / "key"]
    subprocess.run([*make, tmp_path / "manifest"], check=True, capture_output=True)
    theirs = (tmp_path / "manifest.sig").read_text("utf-8")
    signers = trusted_signers(tmp_path / "signers")
    assert verified_by(DATA, theirs, signers, source="it").names == ("li.na",)
    assert theirs == ours
    make[4] = "file"
    (tmp_path / "manifest.sig").unlink()
    subprocess.run([*make, tmp_path / "manifest"], check=True, capture_output=True)
    with pytest.raises(ScorecardError, match="signed for"):
        verified_by(DATA, (tmp_path / "manifest.sig").read_text("utf-8"), signers, source="it")


@pytest.mark.parametrize(
    "line",
    [
        "li.na cert-authority ssh-ed25519 AAAA",
        'li.na valid-before="20200101" ssh-ed25519 AAAA',
        "li.na ssh-rsa AAAA",
        "li.na",
        "li.na ssh-ed25519 not-base64!",
    ],
)
def test_a_line_that_is_not_understood_in_full_is_refused(line: str) -> None:
    with pytest.raises(ScorecardError, match="line 1"):
        parse_signers(line, source="keys")


def test_a_pattern_is_nobody_and_another_namespace_is_not_ours(tmp_path: Path) -> None:
    _, public = key_pair(tmp_path)
    with pytest.raises(ScorecardError, match="pattern"):
        parse_signers(f"* {public}", source="keys")
    assert parse_signers(f'li.na namespaces="file" {public}', source="keys") == ()


def test_the_engine_loads_signed_models_only(home: Path, tmp_path: Path) -> None:
    Engine.load()
    (home / "installation.json").write_text('{"jurisdiction": "cn", "signed_models_only": true}')
    with pytest.raises(ScorecardError, match="is not signed"):
        Engine.load()
    key_pair(tmp_path)
    run = CliRunner()
    made = run.invoke(
        app, ["registry", "keys", "sign", NAME, "--key", str(tmp_path / "key")],
        catch_exceptions=False,
    )  # fmt: skip
    assert made.exit_code == 0
    with pytest.raises(ScorecardError, match="not trusted"):
        Engine.load()
    trust = ["registry", "keys", "trust", str(tmp_path / "key.pub"), "--name", "li.na"]
    assert run.invoke(app, trust, catch_exceptions=False).exit_code == 0
    assert Engine.load().provenance.model == NAME
    assert "li.na" in run.invoke(app, ["registry", "keys"], catch_exceptions=False).output
    path = next((home / "registry" / "signatures").iterdir())
    private, _ = key_pair(tmp_path, "other")
    path.write_text(sign(find_model(NAME).manifest, private), "ascii")
    with pytest.raises(ScorecardError, match="not trusted"):
        Engine.load()
    (home / SIGNERS_FILE).unlink()
    with pytest.raises(ScorecardError, match="not trusted"):
        Engine.load()


def test_other_keys_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UseError, match="cannot be read"):
        sign(DATA, b"nothing")
