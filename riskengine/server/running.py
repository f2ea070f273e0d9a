"""Running the application: the HTTP server around it, its limits and its workers."""

from __future__ import annotations

import contextlib
import gc
import json
import logging
import os
import socket
from collections.abc import Mapping
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from uvicorn.supervisors import Multiprocess

from riskengine.server.app import create_app
from riskengine.server.settings import Settings, read_settings

SERVED = "RISKENGINE_SERVED"
"""Variable that tells a worker what the first process was told to serve."""
_WORKER = "riskengine.server.running:worker"


def worker() -> FastAPI:
    """Make the application in one of several workers, from what the first process read."""
    told = json.loads(os.environ[SERVED])
    file = told.pop("file")
    _log()
    return _settled(create_app(read_settings(None if file is None else Path(file), **told)))


def _settled(app: FastAPI) -> FastAPI:
    # what was made so far stays for good: without this, Python looks through all of it again
    # every sixty pages or so, while every request waits for some 0.2 s
    gc.collect()
    gc.freeze()
    return app


def _log() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")


def configured(app: FastAPI | None, settings: Settings) -> uvicorn.Config:
    """Settings of the HTTP server, for an application or for workers that make their own."""
    return uvicorn.Config(
        _WORKER if app is None else app,
        factory=app is None,
        workers=settings.workers if app is None else 1,
        host=settings.host,
        port=settings.port,
        # the application writes an access log of its own, without addresses that name a person
        access_log=False,
        log_config=None,
        server_header=False,
        date_header=True,
        timeout_keep_alive=10,
        timeout_graceful_shutdown=20,
        limit_concurrency=200,
        h11_max_incomplete_event_size=32 << 10,
        proxy_headers=True,
        forwarded_allow_ips="127.0.0.1",
    )


def listening(config: uvicorn.Config) -> socket.socket:
    """Open the socket on which several workers listen."""
    opened = config.bind_socket()
    # connections inherit it. Without, the end of every answer on a kept connection waits some
    # 40 ms for a receipt of its beginning: asyncio sets it for sockets of its own making alone
    # (https://github.com/Kludex/uvicorn/issues/3149)
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return opened


def run(app: FastAPI, settings: Settings) -> None:
    """Serve an application until told to end.

    Raises
    ------
    SystemExit
        Where the address cannot be listened on.
    """
    _log()
    server = uvicorn.Server(configured(_settled(app), settings))
    with contextlib.suppress(KeyboardInterrupt):
        server.run()
    if not server.started:
        raise SystemExit(3)


def run_workers(settings: Settings, told: Mapping[str, object]) -> None:
    """Serve with several workers until told to end.

    Parameters
    ----------
    told
        What `riskengine.server.settings.read_settings` is given by each worker; ``file`` names
        the file.
    """
    _log()
    os.environ[SERVED] = json.dumps(told)
    config = configured(None, settings)
    Multiprocess(config, sockets=[listening(config)]).run()
