"""Runs migrations of the journal on the connection that the store hands in."""

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    transaction_per_migration=True,
    render_as_batch=True,  # SQLite changes few things of a table in place
)
with context.begin_transaction():
    context.run_migrations()
