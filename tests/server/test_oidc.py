"""Sign-in by an identity provider, played by a provider of our own."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, urlsplit

import httpx2 as httpx
import pytest
from authlib.integrations.httpx_client import OAuth2Client
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc import jwt
from joserfc.jwk import KeySet, OctKey, RSAKey
from starlette.testclient import TestClient

from riskengine.server.settings import Grant, OpenID
from tests.server.conftest import Service

ISSUER = "https://id.example"


class FakeProvider:
    """An identity provider in this process; `change` changes the claims that it signs."""

    def __init__(self) -> None:
        self.key = RSAKey.generate_key(2048, {"kid": "1", "use": "sig"}, private=True)
        self.signs = self.key
        self.algorithm = "RS256"
        self.change: dict[str, object] = {}
        self.about: dict[str, object] = {}
        self.hosts: set[str] = set()
        self.asked: dict[str, str] = {}
        self.now = lambda: 0

    def connect(self, rules: OpenID) -> OAuth2Client:
        return OAuth2Client(
            rules.client_id, rules.client_secret.get_secret_value(),
            scope="openid profile", code_challenge_method="S256",
            transport=httpx.MockTransport(self.answer),
        )  # fmt: skip

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.hosts.add(request.url.host)
        path = request.url.path
        if path == "/.well-known/openid-configuration":
            return httpx.Response(
                200,
                json={
                    "issuer": ISSUER,
                    "authorization_endpoint": f"{ISSUER}/authorize",
                    "token_endpoint": f"{ISSUER}/token",
                    "jwks_uri": f"{ISSUER}/keys",
                    **self.about,
                },
            )
        if path == "/keys":
            return httpx.Response(200, json=KeySet([self.key]).as_dict(private=False))
        assert path == "/token"
        given = {name: values[0] for name, values in parse_qs(request.content.decode()).items()}
        if create_s256_code_challenge(given["code_verifier"]) != self.asked["code_challenge"]:
            return httpx.Response(400, json={"error": "invalid_grant"})
        claims = {
            "iss": ISSUER, "aud": "riskengine", "sub": "42", "staff": "S-77",
            "name": "何川", "groups": ["corrections-officers", "canteen"],
            "iat": self.now(), "exp": self.now() + 300, "nonce": self.asked["nonce"],
            **self.change,
        }  # fmt: skip
        claims = {name: value for name, value in claims.items() if value is not None}
        header = {"alg": self.algorithm, "kid": "1"}
        token = jwt.encode(header, claims, self.signs, algorithms=[self.algorithm])
        return httpx.Response(
            200, json={"access_token": "x", "token_type": "Bearer", "id_token": token}
        )


@pytest.fixture
def provider():
    return FakeProvider()


@pytest.fixture
def service(tmp_path, provider):
    rules = OpenID(
        issuer=ISSUER, client_id="riskengine", client_secret="s3cret-of-the-client",
        user_claim="staff",
        grants={
            "corrections-officers": (Grant(district="main", roles=frozenset({"officer"})),),
            "corrections-chiefs": (Grant(district="main", roles=frozenset({"approver"})),),
        },
    )  # fmt: skip
    found = Service(tmp_path, oidc=rules)
    found.here.connect = provider.connect
    provider.now = found.here.now
    return found


def go(client, provider):
    begun = TestClient.request(client, "GET", "/sign-in/provider", follow_redirects=False)
    assert begun.status_code == 303
    provider.asked = {
        name: values[0]
        for name, values in parse_qs(urlsplit(begun.headers["location"]).query).items()
    }
    return provider.asked


def back(client, state, code="code"):
    return TestClient.request(
        client, "GET", "/sign-in/provider/back", params={"state": state, "code": code},
        follow_redirects=False,
    )  # fmt: skip


def test_the_round(service, provider):
    client = service.client()
    asked = go(client, provider)
    assert asked["code_challenge_method"] == "S256" and asked["response_type"] == "code"
    assert asked["redirect_uri"] == "http://localhost/sign-in/provider/back"
    response = back(client, asked["state"])
    assert (response.status_code, response.headers["location"]) == (303, "/")
    who = client.get("/v1/session").json()
    assert (who["user"], who["roles"]) == ("S-77", {"main": ["officer"]})
    assert provider.hosts == {"id.example"}


def test_what_the_provider_says_today_holds(service, provider):
    for groups, roles in (
        (["corrections-officers"], ["officer"]),
        (["corrections-chiefs"], ["approver"]),
    ):
        client = service.client()
        provider.change = {"groups": groups}
        back(client, go(client, provider)["state"])
        assert client.get("/v1/session").json()["roles"] == {"main": roles}


@pytest.mark.parametrize(
    "change",
    [
        {"iss": "https://evil.example"}, {"aud": "somebody-else"}, {"aud": ["a", "riskengine"]},
        {"exp": 1}, {"iat": 99999999999}, {"nonce": "another"}, {"nonce": None}, {"sub": ""},
        {"staff": None}, {"staff": 7}, {"exp": None}, {"azp": "another"}, {"nbf": 99999999999},
    ],
    ids=str,
)  # fmt: skip
def test_claims_that_do_not_fit(service, provider, change):
    client = service.client()
    provider.change = change
    assert back(client, go(client, provider)["state"]).status_code == 401
    assert client.get("/v1/session").status_code == 401


def test_a_signature_of_somebody_else(service, provider):
    provider.signs = RSAKey.generate_key(2048, {"kid": "1"}, private=True)
    client = service.client()
    assert back(client, go(client, provider)["state"]).status_code == 401


def test_a_shared_secret_is_no_signature(service, provider):
    provider.signs = OctKey.import_key("s3cret-of-the-client-that-is-long-enough")
    provider.algorithm = "HS256"
    client = service.client()
    assert back(client, go(client, provider)["state"]).status_code == 401


def test_no_role_no_sign_in(service, provider):
    client = service.client()
    provider.change = {"groups": ["canteen"]}
    assert back(client, go(client, provider)["state"]).status_code == 403


def test_a_provider_takes_no_local_account_over(service, provider):
    client = service.client()
    provider.change = {"staff": "S-1"}
    assert back(client, go(client, provider)["state"]).status_code == 403
    provider.change = {}
    back(client, go(client, provider)["state"])
    provider.change = {"sub": "43"}
    other = service.client()
    assert back(other, go(other, provider)["state"]).status_code == 403


def test_what_was_begun_serves_once_in_its_own_browser_and_not_for_long(service, provider):
    client = service.client()
    state = go(client, provider)["state"]
    assert back(service.client(), state).status_code == 401
    assert back(client, state).status_code == 401
    state = go(client, provider)["state"]
    assert back(client, state).status_code == 303
    assert back(client, state).status_code == 401
    state = go(client, provider)["state"]
    service.clock.forward(minutes=11)
    assert back(client, state).status_code == 401
    assert back(client, "made-up").status_code == 401
    assert back(client, "").status_code == 401


def test_a_stolen_code_is_worth_nothing_without_the_verifier(service, provider):
    victim, thief = service.client(), service.client()
    go(victim, provider)
    stolen_for = dict(provider.asked)
    state = go(thief, provider)["state"]
    provider.asked = stolen_for
    assert back(thief, state).status_code == 401


def test_the_service_speaks_to_nobody_but_the_issuer(service, provider):
    client = service.client()
    provider.about = {"jwks_uri": "https://evil.example/keys"}
    assert back(client, go(client, provider)["state"]).status_code == 401
    provider.about = {"issuer": "https://evil.example"}
    begun = TestClient.request(client, "GET", "/sign-in/provider", follow_redirects=False)
    assert begun.status_code == 503
    assert "evil.example" not in provider.hosts


def test_a_token_endpoint_elsewhere_is_not_asked(service, provider):
    client = service.client()
    provider.about = {"token_endpoint": "https://evil.example/token"}
    assert back(client, go(client, provider)["state"]).status_code == 401
    assert "evil.example" not in provider.hosts


def test_without_a_provider_there_is_no_such_address(shared):
    response = TestClient.request(shared.client(), "GET", "/sign-in/provider")
    assert response.status_code == 404


def test_the_clients_secret_is_shown_nowhere(service):
    assert "s3cret" not in repr(service.settings) + json.dumps(
        service.settings.model_dump(mode="json")
    )
