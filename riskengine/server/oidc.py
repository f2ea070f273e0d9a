"""Sign-in by the agency's identity provider: OpenID Connect, authorization code with PKCE.

The service speaks to the configured issuer and to nobody else. State, nonce and verifier stay on
the server; the browser carries one random cookie that must come back.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from authlib.integrations.httpx_client import OAuth2Client
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from sqlalchemy import Engine as Database
from sqlalchemy import delete, select

from riskengine.server.accounts import sessions
from riskengine.server.accounts.actor import Actor
from riskengine.server.accounts.database import transaction
from riskengine.server.accounts.tables import PendingSignIn, User
from riskengine.server.accounts.tokens import new_token, token_hash
from riskengine.server.accounts.users import add_user, set_roles
from riskengine.server.problems import log, refuse
from riskengine.server.settings import OpenID, Role, Sessions

PENDING_SECONDS = 600
SIGNATURES = ["RS256", "PS256", "ES256", "EdDSA"]
"""Signatures with a public key; ``none`` and shared secrets are refused."""
_LEEWAY = 60

Connect = Callable[[OpenID], Any]


def connect(rules: OpenID) -> Any:
    """Make the client of the provider; it follows no redirect to anywhere else."""
    return OAuth2Client(
        rules.client_id,
        rules.client_secret.get_secret_value(),
        scope="openid profile",
        code_challenge_method="S256",
        timeout=10,
        follow_redirects=False,
        trust_env=False,
    )


@dataclass(frozen=True)
class Provider:
    """The configured provider, with what it says about itself.

    Attributes
    ----------
    back
        Address at which the browser comes back.
    """

    rules: OpenID
    back: str
    connect: Connect = connect

    def _of_issuer(self, url: object) -> str:
        """Refuse an address that is not the issuer's: nothing else is ever spoken to."""
        here, there = urlsplit(str(url)), urlsplit(self.rules.issuer)
        if (here.scheme, here.netloc) != (there.scheme, there.netloc):
            raise ValueError(f"[{here.netloc}] is not the issuer")
        return str(url)

    def _asked(self, url: str) -> dict[str, Any]:
        self._of_issuer(url)
        with self.connect(self.rules) as client:
            response = client.request("GET", url, withhold_token=True)
        response.raise_for_status()
        found: dict[str, Any] = response.json()
        return found

    def about(self) -> dict[str, Any]:
        """What the provider says about itself (OpenID Connect Discovery 1.0, 4)."""
        found = self._asked(f"{self.rules.issuer}/.well-known/openid-configuration")
        if str(found["issuer"]).rstrip("/") != self.rules.issuer:
            raise ValueError("the issuer names another one")
        return found

    def begin(self, database: Database, *, now: int) -> tuple[str, str]:
        """Begin a sign-in; return where the browser goes, and the cookie that it keeps."""
        state, nonce, verifier, browser = (new_token() for _ in range(4))
        about = self.about()
        with self.connect(self.rules) as client:
            url, _ = client.create_authorization_url(
                self._of_issuer(about["authorization_endpoint"]),
                state=state,
                nonce=nonce,
                redirect_uri=self.back,
                code_challenge=create_s256_code_challenge(verifier),
                code_challenge_method="S256",
            )
        with transaction(database) as session:
            session.execute(delete(PendingSignIn).where(PendingSignIn.expires_at < now))
            session.add(
                PendingSignIn(
                    state_sha256=token_hash(state),
                    browser_sha256=token_hash(browser),
                    nonce=nonce,
                    verifier=verifier,
                    expires_at=now + PENDING_SECONDS,
                )
            )
        return str(url), browser

    def finish(
        self, database: Database, *, state: str, code: str, browser: str, now: int, rules: Sessions
    ) -> tuple[str, Actor]:
        """Finish a sign-in when the browser comes back; return the session's token and who it is.

        Raises
        ------
        Refusal
            401 where anything does not fit; 403 where the claims grant no role here.
        """
        pending = _taken(database, state=state, browser=browser, now=now)
        try:
            claims = self._claims(code, pending.verifier, pending.nonce, now)
            subject = f"{self.rules.issuer}#{claims['sub']}"
            user, name = _text(claims, self.rules.user_claim), claims.get(self.rules.name_claim)
        except Exception as error:
            # whatever the provider sent: the reader learns that it failed, the log its kind
            log.warning("sign-in at the provider failed: %s", type(error).__name__)
            raise refuse(401, "oidc_failed", title="unauthenticated") from None
        roles = granted(self.rules, claims)
        if not roles:
            raise refuse(403, "oidc_no_role")
        return _signed_in(
            database,
            user,
            subject=subject,
            name=str(name or user)[:100],
            roles=roles,
            now=now,
            rules=rules,
        )

    def _claims(self, code: str, verifier: str, nonce: str, now: int) -> dict[str, Any]:
        about = self.about()
        with self.connect(self.rules) as client:
            token = client.fetch_token(
                self._of_issuer(about["token_endpoint"]),
                grant_type="authorization_code",
                code=code,
                redirect_uri=self.back,
                code_verifier=verifier,
            )
        keys = KeySet.import_key_set(self._asked(about["jwks_uri"]))  # type: ignore[arg-type]
        read = jwt.decode(token["id_token"], keys, algorithms=SIGNATURES)
        claims: dict[str, Any] = dict(read.claims)
        _check_claims(claims, self.rules, nonce, now)
        return claims


def _check_claims(claims: Mapping[str, Any], rules: OpenID, nonce: str, now: int) -> None:
    """Check an id token (OpenID Connect Core 1.0, 3.1.3.7)."""
    audience = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
    faults = [
        str(claims["iss"]).rstrip("/") != rules.issuer,
        rules.client_id not in audience,
        len(audience) > 1 and claims.get("azp") != rules.client_id,
        "azp" in claims and claims["azp"] != rules.client_id,
        not int(claims["exp"]) + _LEEWAY > now,
        not int(claims["iat"]) - _LEEWAY <= now,
        int(claims.get("nbf", 0)) - _LEEWAY > now,
        not hmac.compare_digest(str(claims["nonce"]).encode(), nonce.encode()),
        not str(claims["sub"]),
    ]
    if any(faults):
        raise JoseError("claims")


def granted(rules: OpenID, claims: Mapping[str, Any]) -> dict[str, set[Role]]:
    """Roles that the claims grant, by district; a value that no setting names grants nothing."""
    values = claims.get(rules.grants_claim, [])
    found: dict[str, set[Role]] = {}
    for value in [values] if isinstance(values, str) else values:
        for grant in rules.grants.get(str(value), ()):
            found.setdefault(grant.district, set()).update(grant.roles)
    return found


def _text(claims: Mapping[str, Any], claim: str) -> str:
    value = claims[claim]
    if not isinstance(value, str) or not value:
        raise ValueError(claim)
    return value


def _taken(database: Database, *, state: str, browser: str, now: int) -> PendingSignIn:
    """Take what was begun; it serves once, in the browser that began it."""
    with transaction(database) as session:
        row = session.get(PendingSignIn, token_hash(state))
        if row is not None:
            session.delete(row)
    if (
        row is None
        or row.expires_at < now
        or not hmac.compare_digest(row.browser_sha256, token_hash(browser))
    ):
        raise refuse(401, "oidc_failed", title="unauthenticated")
    return row


def _signed_in(
    database: Database,
    user: str,
    *,
    subject: str,
    name: str,
    roles: Mapping[str, set[Role]],
    now: int,
    rules: Sessions,
) -> tuple[str, Actor]:
    with transaction(database) as session:
        row = session.scalars(select(User).where(User.subject == subject)).one_or_none()
        if row is None:
            row = session.get(User, user)
            if row is not None and (row.subject is not None or row.password is not None):
                # the id belongs to somebody else here; a provider may not take it over
                raise refuse(403, "oidc_no_role")
            if row is None:
                row = add_user(session, user, name=name, roles=roles, password=None, now=now)
            row.subject = subject
        if row.disabled_at is not None:
            raise refuse(403, "oidc_no_role")
        row.name = name
        set_roles(session, row, roles)
        return sessions.start(session, row, now=now, rules=rules)
