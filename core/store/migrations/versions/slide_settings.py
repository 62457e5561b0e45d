"""What is set of a slide while it is read, only ever added to; the index that finds a cell's readings."""

import sqlalchemy as sa
from alembic import op

revision = "slide_settings"
down_revision = "people"


def upgrade() -> None:
    """Make the table with its triggers, and the index."""
    op.create_table(
        "slide_settings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slide_id", sa.Integer(), nullable=False),
        sa.Column("red_cells_per_ul", sa.Float(), nullable=True),
        sa.Column("review_budget", sa.Integer(), nullable=True),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["slide_id"], ["slides.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_slide_settings_slide_id"), "slide_settings", ["slide_id"], unique=False)
    op.create_index(op.f("ix_readings_candidate_id"), "readings", ["candidate_id"], unique=False)
    dialect = op.get_bind().dialect.name
    if dialect == "sqlite":
        for action in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER slide_settings_no_{action.lower()} BEFORE {action} ON slide_settings "
                "BEGIN SELECT RAISE(ABORT, 'slide_settings are never changed or deleted'); END"
            )
    elif dialect == "postgresql":
        op.execute(
            "CREATE TRIGGER slide_settings_never_changed BEFORE UPDATE OR DELETE OR TRUNCATE "
            "ON slide_settings FOR EACH STATEMENT EXECUTE FUNCTION never_changed()"
        )
