"""Commands about policies."""

from __future__ import annotations

import typer

policy = typer.Typer(help="Check, explain, plan and adopt policies.")
