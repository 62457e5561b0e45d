"""Run by Alembic: the steps that a database lacks, in the transaction that `core.store.database` opened."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], transactional_ddl=True)
context.run_migrations()
