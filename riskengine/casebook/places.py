"""Where the record and its keys are kept, and making both.

Keys lie outside the database: ``master.key`` (wraps every person's key), ``node.json`` (this
node's own signing and exchange keys) and ``peers/`` (public cards of other nodes). Whoever has the
database without ``master.key`` has no content; whoever loses ``master.key`` has none either.
"""

from __future__ import annotations

import base64
import os
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, inspect

from riskengine.casebook.database import Casebook, connect
from riskengine.casebook.errors import refusal
from riskengine.casebook.rules import CasebookRules, find_rules
from riskengine.casebook.sealing import KEY_BYTES, MasterKey, new_key

MASTER_FILE = "master.key"
MASTER_VARIABLE = "RISKENGINE_MASTER_KEY"
MIGRATIONS = Path(__file__).parent / "migrations"


def make_master(folder: Path) -> Path:
    """Write a new master key, readable by its owner alone; an existing one is never replaced.

    Raises
    ------
    Refused
        Where there is one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / MASTER_FILE
    write_secret(path, base64.b64encode(new_key()) + b"\n")
    return path


def write_secret(path: Path, data: bytes) -> None:
    """Write a file that its owner alone can read, and never over another one."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise refusal("exists", place=path.name) from error
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def read_master(folder: Path | None) -> MasterKey:
    """Read the master key from the environment, or else from its file.

    Raises
    ------
    Broken
        Where there is none, or it is none.
    """
    told = os.environ.get(MASTER_VARIABLE)
    if told is None:
        path = None if folder is None else folder / MASTER_FILE
        if path is None or not path.is_file():
            raise refusal("no_key", place=MASTER_FILE)
        told = path.read_text(encoding="ascii")
    try:
        secret = base64.b64decode(told.strip(), validate=True)
    except ValueError as error:
        raise refusal("wrong_key", place=MASTER_FILE) from error
    if len(secret) != KEY_BYTES:
        raise refusal("wrong_key", place=MASTER_FILE)
    return MasterKey.of(secret)


def migrate(engine: Engine) -> None:
    """Bring the tables to the newest version; what is there is kept."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def open_casebook(
    url: str,
    *,
    keys: Path | None,
    rules: CasebookRules | None = None,
    node: str | None = None,
) -> Casebook:
    """Open a record that was made with `migrate`.

    Parameters
    ----------
    keys
        Folder with ``master.key``; not needed where the environment holds the key.
    rules
        Local rules; the shipped template if not given.
    node
        Name of this office's own chain, for an office without network.

    Raises
    ------
    Refused
        Where the database holds no record.
    """
    engine = connect(url)
    if not inspect(engine).has_table("events"):
        engine.dispose()
        raise refusal("no_record", place=engine.url.database or "")
    return Casebook(engine, read_master(keys), rules or find_rules(), node)
