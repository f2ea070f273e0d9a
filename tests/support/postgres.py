"""A PostgreSQL for the tests: the one that is named, or one that is started here for them."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

VARIABLE = "RISKENGINE_TEST_POSTGRES"


def binaries() -> Path | None:
    """Folder with ``initdb`` and ``pg_ctl``, or ``None`` where there is no server to start."""
    found = shutil.which("initdb")
    if found is not None:
        return Path(found).resolve().parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return versions[-1].parent if versions else None


@contextmanager
def server() -> Iterator[str | None]:
    """URL of a server in which databases may be made; ``None`` where there is none."""
    named = os.environ.get(VARIABLE)
    if named:
        yield named
        return
    folder = binaries()
    # PostgreSQL refuses to run as root; Debian's package brings a user for it
    as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
    prefix = as_user if os.geteuid() == 0 else []
    if folder is None or (prefix and shutil.which("setpriv") is None):
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="pg", dir="/tmp") as place:
        if prefix:
            shutil.chown(place, "postgres", "postgres")
        data = f"{place}/data"
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": place}
        subprocess.run(
            [*prefix, str(folder / "initdb"), "-D", data, "-U", "postgres", "-A", "trust",
             "-E", "UTF8", "--locale=C.UTF-8", "-N"],
            check=True, **quiet,
        )  # fmt: skip
        # the tests end processes, never the machine: what a process wrote is there without fsync
        fast = "-c fsync=off -c full_page_writes=off -c synchronous_commit=off"
        options = f"-c listen_addresses='' -k {place} -c max_connections=120 {fast}"
        control = [*prefix, str(folder / "pg_ctl"), "-D", data, "-w"]
        subprocess.run([*control, "-o", options, "start"], check=True, **quiet)
        try:
            yield f"postgresql+psycopg://postgres@/postgres?host={place}"
        finally:
            subprocess.run([*control, "-m", "immediate", "stop"], check=True, **quiet)
