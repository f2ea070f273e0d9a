"""`riskengine serve`, `riskengine users`, `riskengine keys`: the service and its accounts."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from riskengine.commands.options import Lang, LangOption
from riskengine.errors import UseError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from riskengine.server.demo import SignIn
    from riskengine.server.settings import Settings

users_app = typer.Typer(help="People who sign in.")
keys_app = typer.Typer(help="Keys of other systems.")

SettingsOption = Annotated[
    Path | None, typer.Option("--settings", help="TOML file; the environment goes over it.")
]
RoleOption = Annotated[
    list[str],
    typer.Option("--role", help="A role, or DISTRICT:ROLE where there are several districts."),
]


def _settings(path: Path | None, **given: Any) -> Settings:
    from riskengine.server.settings import read_settings

    return read_settings(path, **given)


def serve(
    settings: SettingsOption = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
    demo: Annotated[
        bool,
        typer.Option("--demo", help="A made-up district in a temporary folder, with sign-ins."),
    ] = False,
    lang: LangOption = Lang.zh,
) -> None:
    """Serve the API and the pages."""
    if demo:
        if settings is not None:
            raise UseError("--demo has settings of its own; accepted: without --settings")
        with tempfile.TemporaryDirectory(prefix="riskengine-demo-") as folder:
            _demo(Path(folder), port if port is not None else 8321, lang)
        return
    found = _settings(settings, port=port)
    if port is not None and found.public_url == type(found)().public_url:
        found = _settings(settings, port=port, public_url=f"http://127.0.0.1:{port}")
    from riskengine.server.app import create_app
    from riskengine.server.running import run, run_workers
    from riskengine.server.services import make_record

    if make_record(found):
        typer.echo(
            {
                "zh": f"已新建案卷和密钥（{found.casebook_keys}/master.key）。请另行备份密钥。",
                "en": f"made a casebook and its key ({found.casebook_keys}/master.key). Back the "
                "key up apart from the database.",
            }[lang.code]
        )
    if found.workers == 1:
        run(create_app(found), found)
        return
    # bring the databases to the newest form once, not in every worker at the same time
    app = create_app(found)
    app.state.services.accounts.dispose()
    app.state.services.book.engine.dispose()
    told = {"file": None if settings is None else str(settings), "port": found.port,
            "public_url": found.public_url}  # fmt: skip
    run_workers(found, told)


def _demo(folder: Path, port: int, lang: Lang) -> None:
    from riskengine.server.app import create_app
    from riskengine.server.demo import add_cases, add_staff, demo_settings
    from riskengine.server.running import run
    from riskengine.server.services import make_record

    found = demo_settings(folder, port=port, language=lang.code)
    make_record(found)
    app = create_app(found)
    here = app.state.services
    people = add_cases(here)
    for line in _told(add_staff(here), people, found.public_url, lang):
        typer.echo(line)
    sys.stdout.flush()
    run(app, found)


def _told(sign_ins: list[SignIn], people: int, url: str, lang: Lang) -> Iterator[str]:
    yield {
        "zh": f"演示：{people}名虚构人员。数据在退出时删除。",
        "en": f"demo: {people} made-up people. Everything is deleted when it ends.",
    }[lang.code]
    yield url
    for one in sign_ins:
        yield f"  {one.user}  {one.password}  {one.district}  {', '.join(one.roles)}  {one.name}"


@contextmanager
def _accounts(settings: Settings) -> Iterator[Session]:
    from riskengine.server.accounts.database import open_accounts, transaction

    database = open_accounts(settings.accounts)
    try:
        with transaction(database) as session:
            yield session
    finally:
        database.dispose()


def _now() -> int:
    return int(time.time())


def _roles(settings: Settings, given: list[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for one in given:
        district, colon, role = one.rpartition(":")
        if not colon:
            if len(settings.districts) > 1:
                raise UseError(f"role [{one}]: accepted: DISTRICT:ROLE")
            district = next(iter(settings.districts))
        _check_district(settings, district)
        found.setdefault(district, []).append(role)
    return found


def _check_district(settings: Settings, district: str) -> None:
    if district not in settings.districts:
        raise UseError(f"district [{district}]: accepted: {', '.join(settings.districts)}")


@users_app.command("add")
def users_add(
    user: Annotated[str, typer.Argument(help="Internal id, as the agency's records name it.")],
    name: Annotated[str, typer.Option(help="Name that is shown.")],
    role: RoleOption,
    settings: SettingsOption = None,
    by_provider: Annotated[
        bool,
        typer.Option("--by-provider", help="The identity provider signs in; no password."),
    ] = False,
) -> None:
    """Add a user; the first password is printed once and changed at the first sign-in."""
    from riskengine.server.accounts.passwords import made_up
    from riskengine.server.accounts.users import add_user

    found = _settings(settings)
    password = None if by_provider else made_up()
    with _accounts(found) as session:
        add_user(
            session,
            user,
            name=name,
            roles=_roles(found, role),
            password=password,
            now=_now(),
        )
    typer.echo(user if password is None else f"{user}  {password}")


@users_app.command("list")
def users_list(settings: SettingsOption = None) -> None:
    """List the users with their roles."""
    from riskengine.server.accounts.users import all_users

    with _accounts(_settings(settings)) as session:
        for one in all_users(session):
            roles = ", ".join(f"{r.district}:{r.role}" for r in one.roles) or "-"
            ended = "" if one.disabled_at is None else f"  disabled {_day(one.disabled_at)}"
            typer.echo(f"{one.id}  {one.name}  {roles}{ended}")


@users_app.command("roles")
def users_roles(user: str, role: RoleOption, settings: SettingsOption = None) -> None:
    """Give a user exactly these roles, from the next request on."""
    from riskengine.server.accounts.users import find_user, set_roles

    found = _settings(settings)
    with _accounts(found) as session:
        set_roles(session, find_user(session, user), _roles(found, role))
    typer.echo(user)


@users_app.command("disable")
def users_disable(user: str, settings: SettingsOption = None) -> None:
    """Disable a user: signed out at once; what the user did stays on record."""
    from riskengine.server.accounts.users import disable, find_user

    with _accounts(_settings(settings)) as session:
        disable(session, find_user(session, user), now=_now())
    typer.echo(user)


@users_app.command("enable")
def users_enable(user: str, settings: SettingsOption = None) -> None:
    """Let a disabled user sign in again."""
    from riskengine.server.accounts.users import find_user

    with _accounts(_settings(settings)) as session:
        find_user(session, user).disabled_at = None
    typer.echo(user)


@users_app.command("reset")
def users_reset(user: str, settings: SettingsOption = None) -> None:
    """Give a user a new first password, and lift a lock; printed once."""
    from riskengine.server.accounts.passwords import made_up
    from riskengine.server.accounts.throttle import succeeded
    from riskengine.server.accounts.users import find_user, set_password

    password = made_up()
    with _accounts(_settings(settings)) as session:
        found = find_user(session, user)
        set_password(session, found, password, must_change=True)
        succeeded(session, name=user)
    typer.echo(f"{user}  {password}")


@keys_app.command("add")
def keys_add(
    label: Annotated[str, typer.Argument(help="What the key is for.")],
    scope: Annotated[list[str], typer.Option("--scope", help="What it may be used for.")],
    settings: SettingsOption = None,
    district: Annotated[str | None, typer.Option(help="Its district.")] = None,
    user: Annotated[
        str | None, typer.Option(help="User for whom it acts; needed for the casebook.")
    ] = None,
    days: Annotated[int | None, typer.Option(min=1, help="Days until it expires.")] = None,
) -> None:
    """Make a key; it is printed once and kept only as a hash."""
    from riskengine.server.accounts.keys import add_key

    found = _settings(settings)
    if district is None:
        if len(found.districts) > 1:
            raise UseError(f"a key is for one district; accepted: {', '.join(found.districts)}")
        district = next(iter(found.districts))
    _check_district(found, district)
    now = _now()
    with _accounts(found) as session:
        token, _ = add_key(
            session,
            label=label,
            district=district,
            scopes=scope,
            user=user,
            now=now,
            expires_at=None if days is None else now + days * 86_400,
        )
    typer.echo(token)


@keys_app.command("list")
def keys_list(settings: SettingsOption = None) -> None:
    """List the keys by the prefix that is shown, never the keys."""
    from riskengine.server.accounts.keys import all_keys

    with _accounts(_settings(settings)) as session:
        for one in all_keys(session):
            ended = "" if one.revoked_at is None else f"  revoked {_day(one.revoked_at)}"
            until = "" if one.expires_at is None else f"  until {_day(one.expires_at)}"
            acts = "" if one.user is None else f"  for {one.user}"
            typer.echo(
                f"{one.prefix}  {one.district}  {one.scopes}  {one.label}{acts}{until}{ended}"
            )


@keys_app.command("revoke")
def keys_revoke(
    prefix: Annotated[str, typer.Argument(help="Prefix of the key, such as rk_0a1b2c3d.")],
    settings: SettingsOption = None,
) -> None:
    """Revoke a key, from the next request on."""
    from riskengine.server.accounts.keys import revoke

    with _accounts(_settings(settings)) as session:
        revoke(session, prefix, now=_now())
    typer.echo(prefix)


def _day(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).date().isoformat()


def add_to(app: Any) -> None:
    """Register the commands."""
    app.command()(serve)
    app.add_typer(users_app, name="users", no_args_is_help=True)
    app.add_typer(keys_app, name="keys", no_args_is_help=True)
