"""A running service and a real browser without script in any page."""

import shutil
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.server.pages.conftest import PASSWORD, Clock, application

WHY_NOT = "needs Playwright for Python and Chromium (Debian: apt-get install chromium)"


def chromium_path() -> str | None:
    """Where Chromium is, if it is."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


@contextmanager
def running(folder: Path, clock: Clock) -> Iterator[tuple[str, Any]]:
    """Serve a small district on a free port of this machine."""
    import uvicorn

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    app = application(folder, clock, port)
    server = uvicorn.Server(
        uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error", lifespan="off")
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    for _ in range(200):
        if server.started:
            break
        time.sleep(0.05)
    try:
        yield f"http://127.0.0.1:{port}", app
    finally:
        server.should_exit = True
        thread.join(10)


@contextmanager
def chromium() -> Iterator[Any]:
    """Open Chromium, or skip with the reason."""
    pytest.importorskip("playwright", reason=WHY_NOT)
    path = chromium_path()
    if path is None:
        pytest.skip(WHY_NOT)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=path, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


class Person:
    """Somebody at a screen: own cookies, own language."""

    def __init__(
        self,
        browser: Any,
        base: str,
        user: str,
        lang: str,
        *,
        width: int = 1280,
        script: bool = False,
    ) -> None:
        self.base = base
        self.context = browser.new_context(
            java_script_enabled=script,
            locale="zh-CN" if lang == "zh" else "en-GB",
            viewport={"width": width, "height": 900},
            base_url=base,
        )
        self.context.set_default_timeout(15_000)
        self.page = self.context.new_page()
        self.problems: list[str] = []
        self.page.on("console", self._heard)
        self.page.goto("/sign-in")
        self.page.fill("#user", user)
        self.page.fill("#password", PASSWORD)
        self.page.click(".card button")

    def _heard(self, message: Any) -> None:
        # a page that was refused is no fault of a page; what a policy blocked is
        if message.type == "error" and "the server responded with a status" not in message.text:
            self.problems.append(message.text)

    def go(self, path: str) -> int:
        """Open a page; give its status."""
        answer = self.page.goto(path)
        return int(answer.status)

    def text(self) -> str:
        """What the page says."""
        return str(self.page.inner_text("main"))

    @property
    def path(self) -> str:
        """Where the browser is."""
        return str(self.page.url.removeprefix(self.base).split("?")[0].split("#")[0])
