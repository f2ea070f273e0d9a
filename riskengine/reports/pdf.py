"""Printing our own pages to PDF with the Chromium that is on the machine. Nothing is fetched."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from riskengine.errors import UseError

BROWSERS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "microsoft-edge",
    "microsoft-edge-stable",
    "msedge",
)
SETTING = "RISKENGINE_BROWSER"
"""Environment variable with the path of a browser that is found nowhere else."""
_USUAL = (
    "C:/Program Files/Google/Chrome/Application/chrome.exe",
    "C:/Program Files (x86)/Google/Chrome/Application/chrome.exe",
    "C:/Program Files (x86)/Microsoft/Edge/Application/msedge.exe",
    "C:/Program Files/Microsoft/Edge/Application/msedge.exe",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
_SECONDS = 600
_SHOWN = 400

_FLAGS = (
    "--headless",
    "--disable-gpu",
    # nothing leaves the machine: no name is resolved, and the browser's own calls are off
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--proxy-server=http://127.0.0.1:9",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-sync",
    "--disable-quic",
    "--no-first-run",
    "--no-pdf-header-footer",
)


def find_browser() -> str:
    """Find Chromium, Chrome or Edge.

    Raises
    ------
    UseError
        Naming what is missing and how to point to it.
    """
    named = os.environ.get(SETTING)
    if named:
        if not Path(named).is_file():
            raise UseError(f"{SETTING}=[{named}]: there is no such program")
        return named
    for name in BROWSERS:
        found = shutil.which(name)
        if found:
            return found
    for place in _USUAL:
        if Path(place).is_file():
            return place
    raise UseError(
        "a PDF needs Chromium, Chrome or Edge, and none was found on this machine: install one, "
        f"or set {SETTING} to the path of its program, or write .html and print it from any "
        "browser"
    )


def print_pdf(page: str, path: Path) -> Path:
    """Print one self-contained document to a PDF file, which appears whole or not at all.

    The browser keeps its sandbox. Only the superuser runs it without, because Chromium refuses
    anything else there; the page holds no script, its own policy forbids any, and the network
    is off.

    Raises
    ------
    UseError
        Where no browser is found, or where it fails, with what it said.
    """
    browser = find_browser()
    with tempfile.TemporaryDirectory(prefix="riskengine-") as folder:
        source = Path(folder, "page.html")
        source.write_text(page, encoding="utf-8", newline="\n")
        printed = Path(folder, "page.pdf")
        command = [
            browser,
            *_FLAGS,
            *(["--no-sandbox"] if _superuser() else []),
            f"--user-data-dir={Path(folder, 'profile')}",
            f"--print-to-pdf={printed}",
            source.as_uri(),
        ]
        status, said = _run(command)
        if not printed.is_file() or not printed.read_bytes().startswith(b"%PDF"):
            raise UseError(f"[{browser}] printed no PDF (exit status {status}): {said[-_SHOWN:]}")
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f".{path.name}.{os.getpid()}.part")
        try:
            shutil.copyfile(printed, partial)
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
    return path


def _run(command: list[str]) -> tuple[int, str]:
    """Run the browser in a process group of its own, so that nothing of it stays behind."""
    try:
        process = subprocess.Popen(
            command,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,
        )
    except OSError as error:
        raise UseError(f"[{command[0]}] could not print the page: {error}") from error
    try:
        _, said = process.communicate(timeout=_SECONDS)
    except subprocess.TimeoutExpired as error:
        raise UseError(f"[{command[0]}] printed nothing in {_SECONDS} seconds") from error
    finally:
        if process.poll() is None:
            if hasattr(os, "killpg"):
                os.killpg(process.pid, signal.SIGKILL)
            else:
                process.kill()
            process.wait()
    return process.returncode, said.strip()


def _superuser() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0
