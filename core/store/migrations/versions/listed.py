"""One list in place of called and further cells: by rank, with why an object does not count.

What was called has its rank. What was offered further came next by score, in the order in which it was
offered: its ranks go on after those of its result. All of these were cells that counted.
"""

from collections import Counter

import sqlalchemy as sa
from alembic import op

revision = "listed"
down_revision = "models"


def upgrade() -> None:
    """Add the column, and rewrite what was offered; nothing that anybody decided is touched."""
    op.add_column("offers", sa.Column("why_not", sa.String(length=16), nullable=True))
    connection, dialect = op.get_bind(), op.get_bind().dialect.name
    if dialect == "sqlite":
        op.execute("DROP TRIGGER offers_no_update")
    elif dialect == "postgresql":
        op.execute("ALTER TABLE offers DISABLE TRIGGER offers_never_changed")
    connection.execute(sa.text("UPDATE offers SET why_not = '' WHERE kind <> 'marked'"))
    ranks = _ranks_of_further_cells(connection)
    if ranks:
        connection.execute(sa.text("UPDATE offers SET rank = :rank WHERE id = :id"), ranks)
    connection.execute(sa.text("UPDATE offers SET kind = 'listed' WHERE kind IN ('called', 'further')"))
    if dialect == "sqlite":
        op.execute(
            "CREATE TRIGGER offers_no_update BEFORE UPDATE ON offers "
            "BEGIN SELECT RAISE(ABORT, 'offers are never changed or deleted'); END"
        )
    elif dialect == "postgresql":
        op.execute("ALTER TABLE offers ENABLE TRIGGER offers_never_changed")


def _ranks_of_further_cells(connection: sa.Connection) -> list[dict[str, int]]:
    """The rank of each further cell, by number of its offer."""
    offers = sa.text("SELECT id, result_id, kind FROM offers WHERE kind IN ('called', 'further') ORDER BY id")
    rows = connection.execute(offers).all()
    listed = Counter(row.result_id for row in rows if row.kind == "called")
    ranks = []
    for row in rows:
        if row.kind == "further":
            listed[row.result_id] += 1
            ranks.append({"id": row.id, "rank": listed[row.result_id]})
    return ranks
