"""How alembic runs the migrations: on the connection that it is handed."""

from __future__ import annotations

from alembic import context

from riskengine.server.accounts.tables import Base

context.configure(
    connection=context.config.attributes["connection"], target_metadata=Base.metadata
)
with context.begin_transaction():
    context.run_migrations()
