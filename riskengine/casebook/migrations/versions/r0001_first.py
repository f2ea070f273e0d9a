"""The first tables of the record, with their guards."""

import sqlalchemy as sa
from alembic import op

from riskengine.casebook.guards import install_guards
from riskengine.errors import UseError

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create everything."""
    op.create_table(
        "assessments",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("case", sa.String(length=64), nullable=False),
        sa.Column("district", sa.String(length=64), nullable=False),
        sa.Column("instrument", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("form", sa.String(length=64), nullable=False),
        sa.Column("assessed_on", sa.Date(), nullable=False),
        sa.Column("signed_at", sa.String(length=27), nullable=False),
        sa.Column("signed_by", sa.String(length=64), nullable=False),
        sa.Column("entered_by", sa.String(length=64), nullable=True),
        sa.Column("corrects", sa.String(length=64), nullable=True),
        sa.Column("corrected_by", sa.String(length=64), nullable=True),
        sa.Column("own_view_asked", sa.Boolean(), nullable=False),
        sa.Column("own_tier", sa.String(length=16), nullable=True),
        sa.Column("own_view_at", sa.String(length=27), nullable=True),
        sa.Column("own_view_by", sa.String(length=64), nullable=True),
        sa.Column("revealed_at", sa.String(length=27), nullable=True),
        sa.Column("revealed_by", sa.String(length=64), nullable=True),
        sa.Column("status", sa.String(length=32), nullable=True),
        sa.Column("recommended", sa.String(length=40), nullable=True),
        sa.Column("recommended_review_on", sa.Date(), nullable=True),
        sa.Column("strict_until", sa.Date(), nullable=True),
        sa.Column("binding_rule", sa.String(length=64), nullable=True),
        sa.Column("on_documented_event", sa.Boolean(), nullable=False),
        sa.Column("chain", sa.String(length=130), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("revealed_chain", sa.String(length=130), nullable=True),
        sa.Column("revealed_seq", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("assessments_case", "assessments", ["case"], unique=False)
    op.create_table(
        "cases",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("district", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("office", sa.String(length=64), nullable=False),
        sa.Column("officer", sa.String(length=64), nullable=False),
        sa.Column("opened_at", sa.String(length=27), nullable=False),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("tier", sa.String(length=16), nullable=True),
        sa.Column("tier_since", sa.Date(), nullable=True),
        sa.Column("decided_on", sa.Date(), nullable=True),
        sa.Column("decision", sa.String(length=64), nullable=True),
        sa.Column("review_on", sa.Date(), nullable=True),
        sa.Column("request_on", sa.Date(), nullable=True),
        sa.Column("open_alerts", sa.Integer(), nullable=False),
        sa.Column("disputed", sa.Integer(), nullable=False),
        sa.Column("erased_on", sa.Date(), nullable=True),
        sa.Column("erasure_ground", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("cases_officer", "cases", ["district", "officer"], unique=False)
    op.create_index("cases_review", "cases", ["district", "review_on"], unique=False)
    op.create_index("cases_subject", "cases", ["subject"], unique=False)
    op.create_index("cases_tier", "cases", ["district", "tier"], unique=False)
    op.create_table(
        "conflicts",
        sa.Column("id", sa.String(length=200), nullable=False),
        sa.Column("case", sa.String(length=64), nullable=False),
        sa.Column("district", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("refs", sa.JSON(), nullable=False),
        sa.Column("holds", sa.String(length=64), nullable=True),
        sa.Column("settled_by", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("conflicts_case", "conflicts", ["case"], unique=False)
    op.create_index("conflicts_district", "conflicts", ["district"], unique=False)
    op.create_table(
        "decisions",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("case", sa.String(length=64), nullable=False),
        sa.Column("district", sa.String(length=64), nullable=False),
        sa.Column("office", sa.String(length=64), nullable=False),
        sa.Column("assessment", sa.String(length=64), nullable=True),
        sa.Column("proposal", sa.String(length=64), nullable=True),
        sa.Column("base", sa.String(length=64), nullable=True),
        sa.Column("tier", sa.String(length=16), nullable=False),
        sa.Column("before", sa.String(length=16), nullable=True),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("direction", sa.String(length=8), nullable=True),
        sa.Column("reason", sa.String(length=64), nullable=True),
        sa.Column("recommended", sa.String(length=40), nullable=True),
        sa.Column("own_tier", sa.String(length=16), nullable=True),
        sa.Column("proposed_by", sa.String(length=64), nullable=False),
        sa.Column("decided_by", sa.String(length=64), nullable=False),
        sa.Column("entered_by", sa.String(length=64), nullable=True),
        sa.Column("decided_on", sa.Date(), nullable=False),
        sa.Column("recorded_at", sa.String(length=27), nullable=False),
        sa.Column("review_on", sa.Date(), nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=True),
        sa.Column("agrees", sa.Boolean(), nullable=True),
        sa.Column("disputed", sa.Boolean(), nullable=False),
        sa.Column("chain", sa.String(length=130), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("decisions_case", "decisions", ["case"], unique=False)
    op.create_index("decisions_day", "decisions", ["district", "decided_on"], unique=False)
    op.create_table(
        "drafts",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("case", sa.String(length=64), nullable=False),
        sa.Column("district", sa.String(length=64), nullable=False),
        sa.Column("author", sa.String(length=64), nullable=False),
        sa.Column("saved_at", sa.String(length=27), nullable=False),
        sa.Column("key", sa.String(length=140), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("drafts_case", "drafts", ["case"], unique=False)
    op.create_table(
        "events",
        sa.Column("chain", sa.String(length=130), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("district", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.Column("placed", sa.String(length=27), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("case", sa.String(length=64), nullable=True),
        sa.Column("subject", sa.String(length=64), nullable=True),
        sa.Column("key", sa.String(length=140), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("chain", "seq"),
        sa.UniqueConstraint("hash", name="events_hash"),
        sqlite_with_rowid=False,
    )
    op.create_index("events_case", "events", ["case"], unique=False)
    op.create_index("events_kind", "events", ["district", "kind"], unique=False)
    op.create_index("events_subject", "events", ["subject", "placed"], unique=False)
    op.create_table(
        "keys",
        sa.Column("id", sa.String(length=140), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("lookup", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("keys_lookup", "keys", ["lookup"], unique=False)
    op.create_table(
        "occurrences",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("case", sa.String(length=64), nullable=False),
        sa.Column("district", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("documented", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("occurrences_case", "occurrences", ["case"], unique=False)
    op.create_table(
        "proposals",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("case", sa.String(length=64), nullable=False),
        sa.Column("district", sa.String(length=64), nullable=False),
        sa.Column("office", sa.String(length=64), nullable=False),
        sa.Column("assessment", sa.String(length=64), nullable=True),
        sa.Column("tier", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("direction", sa.String(length=8), nullable=True),
        sa.Column("reason", sa.String(length=64), nullable=True),
        sa.Column("base", sa.String(length=64), nullable=True),
        sa.Column("before", sa.String(length=16), nullable=True),
        sa.Column("recommended", sa.String(length=40), nullable=True),
        sa.Column("own_tier", sa.String(length=16), nullable=True),
        sa.Column("seconds", sa.Integer(), nullable=True),
        sa.Column("review_on", sa.Date(), nullable=False),
        sa.Column("approval", sa.String(length=200), nullable=False),
        sa.Column("proposed_by", sa.String(length=64), nullable=False),
        sa.Column("proposed_at", sa.String(length=27), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("settled_by", sa.String(length=64), nullable=True),
        sa.Column("settled_at", sa.String(length=27), nullable=True),
        sa.Column("chain", sa.String(length=130), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("proposals_case", "proposals", ["case"], unique=False)
    op.create_index("proposals_state", "proposals", ["district", "state"], unique=False)
    op.create_table(
        "ratings",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("case", sa.String(length=64), nullable=False),
        sa.Column("district", sa.String(length=64), nullable=False),
        sa.Column("assessment", sa.String(length=64), nullable=False),
        sa.Column("asked_on", sa.Date(), nullable=False),
        sa.Column("rated_on", sa.Date(), nullable=True),
        sa.Column("chain", sa.String(length=130), nullable=True),
        sa.Column("seq", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ratings_case", "ratings", ["case"], unique=False)
    op.create_index("ratings_district", "ratings", ["district"], unique=False)
    op.create_table(
        "reads",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.Column("district", sa.String(length=64), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("case", sa.String(length=64), nullable=True),
        sa.Column("what", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("reads_case", "reads", ["case"], unique=False)
    op.create_table(
        "reviews",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("case", sa.String(length=64), nullable=False),
        sa.Column("district", sa.String(length=64), nullable=False),
        sa.Column("decision", sa.String(length=64), nullable=True),
        sa.Column("channel", sa.String(length=64), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("received_by", sa.String(length=64), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("handler", sa.String(length=64), nullable=True),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("outcome", sa.String(length=32), nullable=True),
        sa.Column("answered_on", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("reviews_case", "reviews", ["case"], unique=False)
    op.create_index("reviews_state", "reviews", ["district", "state", "due_on"], unique=False)
    op.create_table(
        "suspensions",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("district", sa.String(length=64), nullable=False),
        sa.Column("since", sa.String(length=27), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("lifted_at", sa.String(length=27), nullable=True),
        sa.Column("lifted_by", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("suspensions_open", "suspensions", ["district", "lifted_at"], unique=False)
    op.create_table(
        "tasks",
        sa.Column("id", sa.String(length=200), nullable=False),
        sa.Column("case", sa.String(length=64), nullable=False),
        sa.Column("district", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("ref", sa.String(length=64), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("person", sa.String(length=64), nullable=True),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("closed_by", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("tasks_case", "tasks", ["case"], unique=False)
    op.create_index("tasks_due", "tasks", ["district", "state", "due_on"], unique=False)
    install_guards(op.get_bind())


def downgrade() -> None:
    """Refused: a record is not taken down by a program."""
    raise UseError("the record cannot be taken down")
