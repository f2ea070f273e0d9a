"""The outermost layer: limits, time-outs, headers, request numbers, and the access log.

Plain ASGI, so that a body is counted while it arrives and never kept beyond its limit.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from riskengine.server.metrics import Metrics
from riskengine.server.problems import Refusal, answer, log, refuse
from riskengine.server.settings import Settings

BATCH = "/v1/recommendations:batch"
access = logging.getLogger("riskengine.access")

CSP = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "content-security-policy": CSP,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
    "cache-control": "no-store",
}
"""Headers of every answer; an answer that sets one of them itself keeps its own."""

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}\Z")


class _Stopped(Exception):
    """The request is not read any further."""

    def __init__(self, refusal: Refusal) -> None:
        self.refusal = refusal


@dataclass
class Edge:
    """ASGI middleware around the whole application."""

    app: ASGIApp
    settings: Settings
    metrics: Metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request within the limits."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000})
            return
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = time.perf_counter()
        headers = Headers(scope=scope)
        given = headers.get("x-request-id", "")
        number = given if _REQUEST_ID.match(given) else secrets.token_hex(8)
        scope.setdefault("state", {})["request_id"] = number
        status = 0

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                out = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    out.setdefault(name, value)
                out["x-request-id"] = number
                if self.settings.secure:
                    out.setdefault("strict-transport-security", "max-age=31536000")
            await send(message)

        try:
            await self._within_limits(scope, headers, receive, sending, lambda: status != 0)
        except _Stopped as stopped:
            if status == 0:
                await self._refuse(scope, receive, sending, stopped.refusal, close=True)
        except Exception:
            # the log gets the trace and no content of the request; the reader gets its number
            log.exception("request %s failed", number)
            if status == 0:
                refusal = refuse(500, "failed", request=number)
                await self._refuse(scope, receive, sending, refusal)
        finally:
            seconds = time.perf_counter() - began
            route = getattr(scope.get("route"), "path", "other")
            method = scope["method"] if scope["method"] in _METHODS else "other"
            self.metrics.request(method, route, status, seconds)
            access.info(
                "%s",
                json.dumps(
                    {
                        "request": number,
                        "method": method,
                        "route": route,
                        "status": status,
                        "ms": round(seconds * 1000, 1),
                        "actor": scope["state"].get("actor", ""),
                    }
                ),
            )

    async def _within_limits(
        self,
        scope: Scope,
        headers: Headers,
        receive: Receive,
        send: Send,
        started: Callable[[], bool],
    ) -> None:
        if _hostname(headers.get("host", "")) not in self.settings.hosts:
            raise _Stopped(refuse(421, "wrong_host"))
        limits = self.settings.limits
        most = limits.batch_bytes if scope["path"] == BATCH else limits.body_bytes
        declared = headers.get("content-length", "0")
        if not declared.isdecimal() or int(declared[:20]) > most:
            raise _Stopped(refuse(413, "body_too_large", bytes=most))
        read_until = time.monotonic() + limits.read_seconds
        got, complete, stopped = 0, False, False

        async def receiving() -> Message:
            nonlocal got, complete
            if complete:
                return await receive()
            try:
                message = await asyncio.wait_for(
                    receive(), max(read_until - time.monotonic(), 0.001)
                )
            except TimeoutError:
                raise _Stopped(refuse(408, "body_late", seconds=limits.read_seconds)) from None
            got += len(message.get("body", b""))
            complete = not message.get("more_body", False)
            if got > most:
                raise _Stopped(refuse(413, "body_too_large", bytes=most))
            return message

        async def sending(message: Message) -> None:
            if not stopped:
                await send(message)

        # a handler in a thread cannot be cancelled: it is left to end by itself, unheard
        task = asyncio.ensure_future(self.app(scope, receiving, sending))
        try:
            done, _ = await asyncio.wait({task}, timeout=limits.answer_seconds)
            if not done and not started():
                stopped = True
                task.add_done_callback(_forget)
                raise _Stopped(refuse(503, "answer_late", seconds=limits.answer_seconds))
            await task
        except asyncio.CancelledError:
            task.cancel()
            raise

    async def _refuse(
        self, scope: Scope, receive: Receive, send: Send, refusal: Refusal, *, close: bool = False
    ) -> None:
        response = answer(Request(scope), refusal)
        if close:
            response.headers["connection"] = "close"
        await response(scope, receive, send)


def _forget(task: asyncio.Future[None]) -> None:
    if not task.cancelled() and task.exception() is not None:
        log.error("a request that was given up failed later", exc_info=task.exception())


_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def _hostname(host: str) -> str:
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0].lower()
