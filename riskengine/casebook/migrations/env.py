"""Runs a migration in the connection that `riskengine.casebook.places.migrate` hands over."""

from alembic import context
from sqlalchemy import Connection

from riskengine.casebook.schema import Base

connection: Connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    version_table="casebook_version",
    transactional_ddl=False,
)
context.run_migrations()
