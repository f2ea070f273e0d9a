"""Indexes for an officer's own list by day, and for overrides by day."""

import sqlalchemy as sa
from alembic import op

from riskengine.errors import UseError

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create them; no row is touched."""
    op.drop_index("decisions_kind", table_name="decisions")
    op.create_index(
        "decisions_kind", "decisions", ["district", "kind", "decided_on", "recorded_at"]
    )
    # as in 0002: SQLite puts what is missing first by itself
    nulls = "" if op.get_bind().dialect.name == "sqlite" else " NULLS FIRST"
    live = sa.text("closed_on IS NULL AND erased_on IS NULL")
    op.create_index(
        "cases_live_officer",
        "cases",
        ["district", "officer", sa.text(f"review_on{nulls}"), "id"],
        sqlite_where=live,
        postgresql_where=live,
    )


def downgrade() -> None:
    """Refused: a record is not taken down by a program."""
    raise UseError("the record cannot be taken down")
