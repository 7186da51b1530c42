"""Alembic's entry: it runs on the connection, and so in the transaction, that `migrate` gives it."""

from __future__ import annotations

from alembic import context

from raceway_common.schema.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
