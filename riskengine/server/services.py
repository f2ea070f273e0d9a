"""What the handlers of one application share, made once and kept hot."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

from sqlalchemy import Engine as Database
from sqlalchemy import inspect
from starlette.requests import HTTPConnection

from riskengine.casebook.database import Casebook, connect
from riskengine.casebook.nodes import NODE_FILE, make_node, read_node
from riskengine.casebook.places import (
    MASTER_FILE,
    MASTER_VARIABLE,
    make_master,
    migrate,
    open_casebook,
)
from riskengine.casebook.rules import find_rules
from riskengine.engine import Engine
from riskengine.server.metrics import Metrics
from riskengine.server.settings import OpenID, Settings

Clock = Callable[[], datetime]


def system_clock() -> datetime:
    """The time now; this edge is the only place that reads a clock."""
    return datetime.now().astimezone()


@dataclass
class Services:
    """Settings, databases and engines of one application.

    Attributes
    ----------
    engines
        District to the engine with the model and policy that are in force there.
    connect
        Makes the client of the identity provider; the only way out to a network.
    """

    settings: Settings
    accounts: Database
    book: Casebook
    engines: dict[str, Engine]
    metrics: Metrics
    clock: Clock
    connect: Callable[[OpenID], Any]

    def now(self) -> int:
        """Seconds since 1970."""
        return int(self.clock().timestamp())

    def today(self) -> date:
        """Calendar day in the zone of the settings."""
        zone = self.settings.time_zone
        moment = self.clock()
        return (moment if zone is None else moment.astimezone(ZoneInfo(zone))).date()


def load_engines(settings: Settings) -> dict[str, Engine]:
    """Load and check every model and policy that the settings name, each pair once."""
    loaded: dict[tuple[str, str], Engine] = {}
    for district in settings.districts.values():
        pair = (district.model, district.policy)
        if pair not in loaded:
            loaded[pair] = Engine.load(*pair)
    return {name: loaded[d.model, d.policy] for name, d in settings.districts.items()}


def make_record(settings: Settings) -> bool:
    """Make an empty casebook with its key where there is neither; return whether it was made.

    A key is never made for a record that exists: without the old one its content is lost, and a
    new one would only hide that.
    """
    keys = Path(settings.casebook_keys)
    database = connect(settings.casebook)
    try:
        told = MASTER_VARIABLE in os.environ
        if inspect(database).has_table("events") or (keys / MASTER_FILE).exists():
            return False
        if not told:
            make_master(keys)
        if not (keys / NODE_FILE).exists():
            # signs the daily root, without which a cut tail cannot be seen
            make_node(keys, next(iter(settings.districts)))
        migrate(database)
    finally:
        database.dispose()
    return True


def open_book(settings: Settings) -> Casebook:
    """Open the casebook and bring its tables to the newest version.

    Raises
    ------
    CasebookError
        Where there is none, or its key is not there.
    """
    keys = Path(settings.casebook_keys)
    node = read_node(keys).name.partition("/")[2] if (keys / NODE_FILE).is_file() else ""
    book = open_casebook(
        settings.casebook, keys=keys, rules=find_rules(settings.casebook_rules), node=node or None
    )
    migrate(book.engine)
    return book


def services(connection: HTTPConnection) -> Services:
    """Services of the application that a request belongs to."""
    return cast(Services, connection.app.state.services)
