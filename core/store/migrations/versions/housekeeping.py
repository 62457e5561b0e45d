"""What slides are called by now, when samples were taken, laboratory numbers, and slides off the worklist.

All is only ever added to, but for laboratory numbers: they tell who the patient is, and are erased with them.
"""

import sqlalchemy as sa
from alembic import op

revision = "housekeeping"
down_revision = "listed"

NEVER_CHANGED = ("slide_details", "removals")
ERASED_OR_LEFT = """
    NEW.id <> OLD.id OR NEW.slide_id <> OLD.slide_id OR NEW."by" <> OLD."by" OR NEW.at <> OLD.at
    OR NEW.number IS NOT NULL
"""
"""What is no erasing of a laboratory number."""


def upgrade() -> None:
    """Make the tables and their triggers."""
    _make("slide_details", sa.Column("name", sa.Text(), nullable=False), sa.Column("sampled_on", sa.Date()))
    _make("laboratory_numbers", sa.Column("number", sa.Text()))
    _make(
        "removals",
        sa.Column("removed", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
    )
    dialect = op.get_bind().dialect.name
    if dialect == "sqlite":
        for table in NEVER_CHANGED:
            _refuse_on_sqlite(table, "UPDATE")
            _refuse_on_sqlite(table, "DELETE")
        _refuse_on_sqlite("laboratory_numbers", "DELETE")
        _refuse_on_sqlite("laboratory_numbers", "UPDATE", f"WHEN {ERASED_OR_LEFT}")
    elif dialect == "postgresql":
        for table in NEVER_CHANGED:
            _refuse_on_postgresql(table, "UPDATE OR DELETE OR TRUNCATE", "STATEMENT")
        _refuse_on_postgresql("laboratory_numbers", "DELETE OR TRUNCATE", "STATEMENT")
        _refuse_on_postgresql("laboratory_numbers", "UPDATE", f"ROW WHEN ({ERASED_OR_LEFT})")


def _make(table: str, *columns: sa.Column[object]) -> None:
    op.create_table(
        table,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slide_id", sa.Integer(), nullable=False),
        *columns,
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["slide_id"], ["slides.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f(f"ix_{table}_slide_id"), table, ["slide_id"], unique=False)


def _refuse_on_sqlite(table: str, action: str, when: str = "") -> None:
    op.execute(
        f"CREATE TRIGGER {table}_no_{action.lower()} BEFORE {action} ON {table} {when} "
        f"BEGIN SELECT RAISE(ABORT, '{table} are never changed or deleted'); END"
    )


def _refuse_on_postgresql(table: str, actions: str, each: str) -> None:
    op.execute(
        f"CREATE TRIGGER {table}_no_{actions.split()[0].lower()} BEFORE {actions} ON {table} "
        f"FOR EACH {each} EXECUTE FUNCTION never_changed()"
    )
