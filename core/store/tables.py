"""The tables of the database; `migrations` makes them."""

from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
    Column,
    Date,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)


class UtcTime(TypeDecorator[datetime]):
    """A moment: kept in UTC without a zone, given with it, because SQLite keeps no zones."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Bring to UTC; a time without a zone is refused."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a moment needs its time zone; it is {value!r}")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Say that it is UTC."""
        return None if value is None else value.replace(tzinfo=UTC)


METADATA = MetaData()


def _id() -> Column[int]:
    return Column("id", Integer, primary_key=True)


def _slide_id() -> Column[int]:
    return Column("slide_id", ForeignKey("slides.id"), nullable=False, index=True)


CASES = Table(
    "cases",
    METADATA,
    _id(),
    Column("patient", Text),
    Column("salt", Text),
    Column("created_at", UtcTime, nullable=False),
)

SLIDES = Table(
    "slides",
    METADATA,
    _id(),
    Column("case_id", ForeignKey("cases.id"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("folder", Text, nullable=False),
    Column("um_per_pixel", Float),
    Column("added_at", UtcTime, nullable=False),
)

SLIDE_SETTINGS = Table(
    "slide_settings",
    METADATA,
    _id(),
    _slide_id(),
    Column("red_cells_per_ul", Float),
    Column("review_budget", Integer),
    Column("by", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
)

SLIDE_DETAILS = Table(
    "slide_details",
    METADATA,
    _id(),
    _slide_id(),
    Column("name", Text, nullable=False),
    Column("sampled_on", Date),
    Column("by", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
)

LABORATORY_NUMBERS = Table(
    "laboratory_numbers",
    METADATA,
    _id(),
    _slide_id(),
    Column("number", Text),
    Column("by", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
)

REMOVALS = Table(
    "removals",
    METADATA,
    _id(),
    _slide_id(),
    Column("removed", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
)

SCORING_STEPS = Table(
    "scoring_steps",
    METADATA,
    _id(),
    _slide_id(),
    Column("step", String(16), nullable=False),
    Column("detail", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
)

RESULTS = Table(
    "results",
    METADATA,
    _id(),
    _slide_id(),
    Column("folder", Text, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("document", Text, nullable=False),
    Column("field_cells", JSON, nullable=False),
    Column("at", UtcTime, nullable=False),
)

CANDIDATES = Table(
    "candidates",
    METADATA,
    _id(),
    _slide_id(),
    Column("field", Text, nullable=False),
    Column("x", Float, nullable=False),
    Column("y", Float, nullable=False),
    Column("width", Float, nullable=False),
    Column("height", Float, nullable=False),
    UniqueConstraint("slide_id", "field", "x", "y", "width", "height"),
)

OFFERS = Table(
    "offers",
    METADATA,
    _id(),
    _slide_id(),
    Column("candidate_id", ForeignKey("candidates.id"), nullable=False),
    Column("result_id", ForeignKey("results.id"), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("rank", Integer),
    Column("infected_score", Float),
    Column("why_not", String(16)),
    Column("picture", Text),
)

READINGS = Table(
    "readings",
    METADATA,
    _id(),
    _slide_id(),
    Column("candidate_id", ForeignKey("candidates.id"), nullable=False, index=True),
    Column("reader", Text, nullable=False),
    Column("role", String(16), nullable=False),
    Column("call", String(16), nullable=False),
    Column("reason", String(16)),
    Column("stage", String(16)),
    Column("species", String(16)),
    Column("at", UtcTime, nullable=False),
)

UNDOINGS = Table(
    "undoings",
    METADATA,
    _id(),
    _slide_id(),
    Column("reading_id", ForeignKey("readings.id"), nullable=False, unique=True),
    Column("at", UtcTime, nullable=False),
)

FIELD_READINGS = Table(
    "field_readings",
    METADATA,
    _id(),
    _slide_id(),
    Column("field", Text, nullable=False),
    Column("reader", Text, nullable=False),
    Column("role", String(16), nullable=False),
    Column("whole", Integer, nullable=False),
    Column("at", UtcTime, nullable=False),
)

FIELD_FLAGS = Table(
    "field_flags",
    METADATA,
    _id(),
    _slide_id(),
    Column("field", Text, nullable=False),
    Column("flagged", Integer, nullable=False),
    Column("by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
)

AMENDMENTS = Table(
    "amendments",
    METADATA,
    _id(),
    _slide_id(),
    Column("version", Integer, nullable=False),
    Column("by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
    UniqueConstraint("slide_id", "version"),
)

SIGNATURES = Table(
    "signatures",
    METADATA,
    _id(),
    _slide_id(),
    Column("version", Integer, nullable=False),
    Column("by", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("document", Text, nullable=False),
    UniqueConstraint("slide_id", "version"),
)

SIGNED_PICTURES = Table(
    "signed_pictures",
    METADATA,
    _id(),
    Column("signature_id", ForeignKey("signatures.id"), nullable=False),
    Column("candidate_id", ForeignKey("candidates.id"), nullable=False),
    Column("png", LargeBinary, nullable=False),
    UniqueConstraint("signature_id", "candidate_id"),
)

ROLE_CHANGES = Table(
    "role_changes",
    METADATA,
    _id(),
    Column("person", Text, nullable=False),
    Column("role", String(16), nullable=False),
    Column("granted", Integer, nullable=False),
    Column("by", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
)

LOOKS = Table(
    "looks",
    METADATA,
    _id(),
    _slide_id(),
    Column("person", Text, nullable=False),
    Column("last_reading_id", ForeignKey("readings.id"), nullable=False),
    Column("at", UtcTime, nullable=False),
)

NOTES = Table(
    "notes",
    METADATA,
    _id(),
    _slide_id(),
    Column("candidate_id", ForeignKey("candidates.id")),
    Column("field", Text),
    Column("by", Text, nullable=False),
    Column("text", Text),
    Column("at", UtcTime, nullable=False),
)

MODEL_SWITCHES = Table(
    "model_switches",
    METADATA,
    _id(),
    Column("name", Text, nullable=False),
    Column("identity", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
)

AUDIT = Table(
    "audit",
    METADATA,
    _id(),
    Column("at", UtcTime, nullable=False),
    Column("who", Text, nullable=False),
    Column("what", String(32), nullable=False),
    Column("slide_id", ForeignKey("slides.id"), index=True),
    Column("detail", JSON, nullable=False),
)
