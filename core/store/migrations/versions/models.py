"""Which model scores slides, only ever added to; and folders within the data folder by their place in it."""

from pathlib import Path

import sqlalchemy as sa
from alembic import context, op

from core.store.places import DATA_FOLDER, kept_in

revision = "models"
down_revision = "slide_settings"


def upgrade() -> None:
    """Make the table with its triggers, and rewrite the folders."""
    op.create_table(
        "model_switches",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("identity", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    dialect = op.get_bind().dialect.name
    if dialect == "sqlite":
        for action in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER model_switches_no_{action.lower()} BEFORE {action} ON model_switches "
                "BEGIN SELECT RAISE(ABORT, 'model_switches are never changed or deleted'); END"
            )
    elif dialect == "postgresql":
        op.execute(
            "CREATE TRIGGER model_switches_never_changed BEFORE UPDATE OR DELETE OR TRUNCATE "
            "ON model_switches FOR EACH STATEMENT EXECUTE FUNCTION never_changed()"
        )
    folder: Path | None = context.config.attributes.get(DATA_FOLDER)
    if folder is not None:
        for table in ("slides", "results"):
            _keep_places(table, folder, dialect)


def _keep_places(table: str, data: Path, dialect: str) -> None:
    """Write folders within the data folder as their place in it; nothing else of a row is touched."""
    connection = op.get_bind()
    rows = connection.execute(sa.text(f"SELECT id, folder FROM {table}")).all()  # noqa: S608 - our own tables
    places = {row.id: kept_in(data, Path(row.folder)) for row in rows}
    changed = [{"id": row.id, "folder": places[row.id]} for row in rows if places[row.id] != row.folder]
    if not changed:
        return
    if dialect == "sqlite":
        op.execute(f"DROP TRIGGER {table}_no_update")
    elif dialect == "postgresql":
        op.execute(f"ALTER TABLE {table} DISABLE TRIGGER {table}_never_changed")
    connection.execute(sa.text(f"UPDATE {table} SET folder = :folder WHERE id = :id"), changed)  # noqa: S608
    if dialect == "sqlite":
        op.execute(
            f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} are never changed or deleted'); END"
        )
    elif dialect == "postgresql":
        op.execute(f"ALTER TABLE {table} ENABLE TRIGGER {table}_never_changed")
