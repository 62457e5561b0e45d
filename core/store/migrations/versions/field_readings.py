"""Fields that a reader has looked at whole, only ever added to."""

import sqlalchemy as sa
from alembic import op

revision = "field_readings"
down_revision = "notes"


def upgrade() -> None:
    """Make the table with its triggers."""
    op.create_table(
        "field_readings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slide_id", sa.Integer(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("reader", sa.Text(), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("whole", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["slide_id"], ["slides.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_field_readings_slide_id"), "field_readings", ["slide_id"], unique=False)
    dialect = op.get_bind().dialect.name
    if dialect == "sqlite":
        for action in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER field_readings_no_{action.lower()} BEFORE {action} ON field_readings "
                "BEGIN SELECT RAISE(ABORT, 'field_readings are never changed or deleted'); END"
            )
    elif dialect == "postgresql":
        op.execute(
            "CREATE TRIGGER field_readings_never_changed BEFORE UPDATE OR DELETE OR TRUNCATE "
            "ON field_readings FOR EACH STATEMENT EXECUTE FUNCTION never_changed()"
        )
