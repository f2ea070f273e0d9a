"""Indexes for lists of a hundred thousand people, and how far the record was checked last."""

import sqlalchemy as sa
from alembic import op

from riskengine.errors import UseError

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_LIVE = "closed_on IS NULL AND erased_on IS NULL"
_REPLACED = {
    "events": ["events_kind"],
    "cases": ["cases_tier", "cases_review"],
    "proposals": ["proposals_state"],
    "tasks": ["tasks_due"],
}
_NEW = {
    "events_kind": ("events", ["kind", "district"]),
    "cases_place": ("cases", ["district", "id"]),
    "cases_office": ("cases", ["district", "office", "id"]),
    "proposals_state": ("proposals", ["district", "state", "proposed_at"]),
    "proposals_list": ("proposals", ["district", "state", "id"]),
    "decisions_by": ("decisions", ["district", "proposed_by", "decided_on"]),
    "decisions_kind": ("decisions", ["district", "kind", "recorded_at"]),
    "tasks_due": ("tasks", ["district", "state", "due_on", "id"]),
    "tasks_person": ("tasks", ["district", "state", "person", "due_on", "id"]),
}
_NEW_LIVE = {
    "cases_live_review": (["district"], ""),
    "cases_live_office": (["district", "office"], ""),
    "cases_live_tier": (["district", "tier"], ""),
    "cases_live_alerts": (["district"], " AND open_alerts > 0"),
}


def upgrade() -> None:
    """Create them; no row is touched."""
    op.create_table(
        "checks",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.Column("whole", sa.Boolean(), nullable=False),
        sa.Column("events", sa.Integer(), nullable=False),
        sa.Column("erased", sa.Integer(), nullable=False),
        sa.Column("heads", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("checks_whole", "checks", ["whole", "id"])
    for table, names in _REPLACED.items():
        for name in names:
            op.drop_index(name, table_name=table)
    for name, (table, columns) in _NEW.items():
        op.create_index(name, table, columns)
    # SQLite puts what is missing first by itself, and knows no word for it in an index
    nulls = "" if op.get_bind().dialect.name == "sqlite" else " NULLS FIRST"
    for name, (columns, also) in _NEW_LIVE.items():
        where = sa.text(_LIVE + also)
        op.create_index(
            name,
            "cases",
            [*columns, sa.text(f"review_on{nulls}"), "id"],
            sqlite_where=where,
            postgresql_where=where,
        )


def downgrade() -> None:
    """Refused: a record is not taken down by a program."""
    raise UseError("the record cannot be taken down")
