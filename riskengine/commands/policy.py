"""Commands about policies."""

from __future__ import annotations

import typer

app = typer.Typer(help="Check, explain and compare local rules.")
