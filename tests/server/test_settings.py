"""Settings: a file, the environment over it, and what is refused."""

from __future__ import annotations

import pytest

from riskengine.errors import UseError
from riskengine.server.settings import read_settings

OIDC = """
[oidc]
issuer = "https://id.example/"
client_id = "riskengine"
[oidc.grants]
staff = [{ district = "main", roles = ["officer"] }]
"""


def written(folder, text):
    path = folder / "riskengine.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_environment_goes_over_the_file(tmp_path):
    path = written(tmp_path, 'port = 1000\nlanguage = "en"\n[limits]\nbatch_rows = 5\n' + OIDC)
    environment = {
        "RISKENGINE_PORT": "2000",
        "RISKENGINE_LIMITS__DEPTH": "9",
        "RISKENGINE_OIDC__CLIENT_SECRET": "s3cret",
        "RISKENGINE_HOME": "/somewhere",
    }
    found = read_settings(path, environment)
    assert (found.port, found.language) == (2000, "en")
    assert (found.limits.batch_rows, found.limits.depth) == (5, 9)
    assert found.oidc is not None
    assert found.oidc.client_secret.get_secret_value() == "s3cret"
    assert read_settings(path, environment, port=3000).port == 3000


@pytest.mark.parametrize(
    "text, said",
    [
        ("port = 70000", "port"),
        ("prot = 1", "prot"),
        ('public_url = "http://corrections.example"', "must be https"),
        ('public_url = "https://x/y"', "without a path"),
        ('time_zone = "Nowhere/Land"', "Asia/Shanghai"),
        ('[districts."a b"]\ntitle = {zh = "x", en = "y"}', "a b"),
        ("port = ", "not TOML"),
        (OIDC, "client_secret"),
    ],
)
def test_what_is_refused_says_which_and_what_is_accepted(tmp_path, text, said):
    with pytest.raises(UseError, match=said):
        read_settings(written(tmp_path, text), {})


def test_a_grant_in_no_district_is_refused(tmp_path):
    text = OIDC.replace('"main"', '"far"').replace("client_id", 'client_secret = "s3"\nclient_id')
    with pytest.raises(UseError, match="accepted: main") as refused:
        read_settings(written(tmp_path, text), {})
    assert "s3" not in str(refused.value)


def test_a_malformed_secret_is_not_repeated(tmp_path):
    text = OIDC.replace("client_id", "client_secret = [12345678]\nclient_id")
    with pytest.raises(UseError) as refused:
        read_settings(written(tmp_path, text), {})
    assert "12345678" not in str(refused.value)


def test_cookies_leave_tls_only_on_this_machine():
    assert read_settings(None, {"RISKENGINE_PUBLIC_URL": "https://x.example"}).secure
    assert not read_settings(None, {}).secure
