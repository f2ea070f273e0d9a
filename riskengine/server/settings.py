"""Settings of the service: one TOML file, and environment variables over it.

There are few of them on purpose. A name in a table is written with two underscores in the
environment: ``[oidc] client_secret`` is ``RISKENGINE_OIDC__CLIENT_SECRET``.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, get_args
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)

from riskengine.documents import describe
from riskengine.engine import DEFAULT_MODEL, DEFAULT_POLICY
from riskengine.errors import Language, UseError
from riskengine.text import Text

PREFIX = "RISKENGINE_"
Role = Literal["officer", "approver", "reviewer", "analyst", "administrator"]
ROLES: tuple[Role, ...] = get_args(Role)
ID = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
LOCAL = ("127.0.0.1", "localhost", "::1", "testserver")
"""Names of this machine; cookies are kept to TLS everywhere else."""

_SHAPE = ConfigDict(extra="forbid", frozen=True)


class District(BaseModel):
    """One district that the service works for, and what is in force there."""

    model_config = _SHAPE
    title: Text
    model: str = DEFAULT_MODEL
    policy: str = DEFAULT_POLICY


class Limits(BaseModel):
    """What a request may take.

    Attributes
    ----------
    body_bytes, batch_bytes
        Largest body of a request, and of a batch.
    batch_rows
        Most assessments in a batch.
    depth
        Deepest nesting of JSON.
    read_seconds, answer_seconds
        Longest time for a body to arrive, and for an answer to begin.
    """

    model_config = _SHAPE
    body_bytes: int = Field(default=1 << 20, ge=1 << 10, le=64 << 20)
    batch_bytes: int = Field(default=8 << 20, ge=1 << 10, le=64 << 20)
    batch_rows: int = Field(default=1000, ge=1, le=10_000)
    depth: int = Field(default=16, ge=4, le=64)
    read_seconds: float = Field(default=20.0, gt=0, le=600)
    answer_seconds: float = Field(default=60.0, gt=0, le=600)


class Sessions(BaseModel):
    """How long somebody stays signed in, and how often a wrong password is forgiven."""

    model_config = _SHAPE
    idle_minutes: int = Field(default=30, ge=1, le=24 * 60)
    hours: int = Field(default=10, ge=1, le=24)
    attempts: int = Field(default=5, ge=1, le=100)
    attempts_from_one_address: int = Field(default=30, ge=1, le=10_000)
    locked_minutes: int = Field(default=15, ge=1, le=24 * 60)


class Grant(BaseModel):
    """What a value of the claim grants: roles in one district."""

    model_config = _SHAPE
    district: str = Field(pattern=ID)
    roles: frozenset[Role] = Field(min_length=1)


class OpenID(BaseModel):
    """Sign-in by the agency's own OpenID Connect provider.

    The service opens connections to this issuer and to nothing else.

    Attributes
    ----------
    user_claim
        Claim with the internal id of the official.
    grants_claim
        Claim with a list of values (groups); ``grants`` says what each of them grants.
    """

    model_config = _SHAPE
    issuer: str
    client_id: str
    client_secret: SecretStr
    user_claim: str = "sub"
    name_claim: str = "name"
    grants_claim: str = "groups"
    grants: dict[str, tuple[Grant, ...]] = {}

    @field_validator("issuer")
    @classmethod
    def _tls(cls, issuer: str) -> str:
        parts = urlsplit(issuer)
        if parts.scheme != "https" and parts.hostname not in LOCAL:
            raise ValueError("accepted: an https address")
        return issuer.rstrip("/")


class Settings(BaseModel):
    """Everything that can be set.

    Attributes
    ----------
    public_url
        Address by which people reach the service; it fixes the allowed host, the origin of forms,
        and whether cookies are kept to TLS.
    accounts
        Database of users, keys and sessions; none of it is about a supervised person.
    casebook, casebook_keys, casebook_rules
        Database of the casebook; the folder with the keys that open its content (keep the two
        apart); and its local rules, by name.
    workers
        Processes that serve, one a core where many work at once; each holds the models by itself.
    language
        Where a reader states none.
    time_zone
        Name of the zone whose calendar day counts; the machine's own without one.
    """

    model_config = _SHAPE
    host: str = "127.0.0.1"
    port: int = Field(default=8321, ge=0, le=65535)
    public_url: str = "http://127.0.0.1:8321"
    workers: int = Field(default=1, ge=1, le=64)
    accounts: str = "sqlite:///accounts.sqlite"
    casebook: str = "sqlite:///casebook.sqlite"
    casebook_keys: str = "casebook-keys"
    casebook_rules: str = "default"
    language: Language = "zh"
    time_zone: str | None = None
    districts: dict[str, District] = Field(
        default={"main": District(title=Text(zh="本地区", en="This district"))}, min_length=1
    )
    limits: Limits = Limits()
    sessions: Sessions = Sessions()
    oidc: OpenID | None = None
    demo: bool = False

    @field_validator("time_zone")
    @classmethod
    def _zone(cls, name: str | None) -> str | None:
        if name is not None:
            try:
                ZoneInfo(name)
            except (KeyError, ValueError, OSError) as error:
                raise ValueError("accepted: a name such as Asia/Shanghai") from error
        return name

    @model_validator(mode="after")
    def _belongs_together(self) -> Settings:
        parts = urlsplit(self.public_url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("public_url: accepted: http(s)://name[:port]")
        if parts.path not in ("", "/") or parts.query or parts.fragment:
            raise ValueError("public_url: accepted: an address without a path")
        if parts.scheme == "http" and parts.hostname not in LOCAL:
            raise ValueError(
                "public_url: sign-ins travel over it, so beyond this machine it must be https"
            )
        for district in self.districts:
            if not _is_id(district):
                raise ValueError(f"districts: [{district}]: accepted: letters, digits, . _ -")
        for value, grants in (self.oidc.grants if self.oidc else {}).items():
            for grant in grants:
                if grant.district not in self.districts:
                    raise ValueError(
                        f"oidc.grants.{value}: no district [{grant.district}]; accepted: "
                        f"{', '.join(self.districts)}"
                    )
        return self

    @property
    def secure(self) -> bool:
        """Whether people reach the service by TLS."""
        return self.public_url.startswith("https:")

    @property
    def origin(self) -> str:
        """The origin that forms and scripts come from."""
        return self.public_url.rstrip("/")

    @property
    def hosts(self) -> frozenset[str]:
        """Names under which the service answers."""
        named = urlsplit(self.public_url).hostname or ""
        return frozenset({named, *LOCAL})


def _is_id(name: str) -> bool:
    import re

    return re.fullmatch(ID, name) is not None


def read_settings(
    path: Path | None = None, environment: Mapping[str, str] | None = None, **given: object
) -> Settings:
    """Read the settings of a file, the environment over it, and what was given over both.

    Raises
    ------
    UseError
        Naming the file, the setting, its value and what is accepted; a secret is never repeated.
    """
    raw: dict[str, Any] = {}
    source = "settings"
    if path is not None:
        source = path.name
        try:
            raw = tomllib.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise UseError(f"{path}: {error.strerror}") from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise UseError(f"{path}: not TOML: {error}") from error
    _overlay(raw, Settings, PREFIX, os.environ if environment is None else environment)
    raw |= {name: value for name, value in given.items() if value is not None}
    try:
        return Settings.model_validate(raw)
    except ValidationError as error:
        raise UseError(_without_secrets(error, source)) from error


def _overlay(
    raw: dict[str, Any], shape: type[BaseModel], prefix: str, environment: Mapping[str, str]
) -> None:
    """Put scalar settings of the environment over those of the file."""
    for name, field in shape.model_fields.items():
        inner = _shape_in(field.annotation)
        variable = prefix + name.upper()
        if inner is not None and name != "districts":
            below = raw.get(name)
            table = dict(below) if isinstance(below, Mapping) else {}
            _overlay(table, inner, f"{variable}__", environment)
            if table:
                raw[name] = table
        elif variable in environment:
            raw[name] = environment[variable]


def _shape_in(annotation: object) -> type[BaseModel] | None:
    """The shape of a table of settings; ``None`` for a plain setting."""
    for one in (annotation, *get_args(annotation)):
        if isinstance(one, type) and issubclass(one, BaseModel):
            return one
    return None


def _without_secrets(error: ValidationError, source: str) -> str:
    if any("client_secret" in found["loc"] for found in error.errors()):
        return f"{source}: oidc.client_secret: accepted: a text"
    return describe(error, source)
