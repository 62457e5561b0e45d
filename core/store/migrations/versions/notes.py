"""Notes are only ever added to, but that those on slides are erased with the patient."""

import sqlalchemy as sa
from alembic import op

revision = "notes"
down_revision = "housekeeping"

ERASED_OR_LEFT = """
    NEW.id <> OLD.id OR NEW.slide_id <> OLD.slide_id OR NEW."by" <> OLD."by" OR NEW.at <> OLD.at
    OR OLD.candidate_id IS NOT NULL OR OLD.field IS NOT NULL
    OR NEW.candidate_id IS NOT NULL OR NEW.field IS NOT NULL OR NEW.text IS NOT NULL
"""
"""What is no erasing of a note on a slide."""


def upgrade() -> None:
    """Make the table and its triggers."""
    op.create_table(
        "notes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slide_id", sa.Integer(), nullable=False),
        sa.Column("candidate_id", sa.Integer()),
        sa.Column("field", sa.Text()),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("text", sa.Text()),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["slide_id"], ["slides.id"]),
        sa.ForeignKeyConstraint(["candidate_id"], ["candidates.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_notes_slide_id"), "notes", ["slide_id"], unique=False)
    dialect = op.get_bind().dialect.name
    if dialect == "sqlite":
        for action, when in (("DELETE", ""), ("UPDATE", f"WHEN {ERASED_OR_LEFT}")):
            op.execute(
                f"CREATE TRIGGER notes_no_{action.lower()} BEFORE {action} ON notes {when} "
                "BEGIN SELECT RAISE(ABORT, 'notes are never changed or deleted'); END"
            )
    elif dialect == "postgresql":
        for name, actions, each in (
            ("delete", "DELETE OR TRUNCATE", "STATEMENT"),
            ("update", "UPDATE", f"ROW WHEN ({ERASED_OR_LEFT})"),
        ):
            op.execute(
                f"CREATE TRIGGER notes_no_{name} BEFORE {actions} ON notes "
                f"FOR EACH {each} EXECUTE FUNCTION never_changed()"
            )
