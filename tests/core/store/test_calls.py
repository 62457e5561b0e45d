"""What readers can say fits the columns of the database, and has its words."""

from enum import StrEnum

import pytest
from sqlalchemy import String

from core.store.calls import Call, Reason, Role, Species, Stage
from core.store.tables import READINGS
from core.wording import LANGUAGES, messages, term


@pytest.mark.parametrize(
    ("column", "values"),
    [("role", Role), ("call", Call), ("reason", Reason), ("stage", Stage), ("species", Species)],
)
def test_every_value_fits_its_column(column: str, values: type[StrEnum]) -> None:
    kind = READINGS.c[column].type
    assert isinstance(kind, String)
    assert kind.length is not None
    # SQLite takes longer texts without a word; PostgreSQL refuses them.
    assert max(map(len, values)) <= kind.length


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_reason_has_its_word(language: str) -> None:
    assert {f"detail.{reason}" for reason in Reason} <= set(messages())
    assert all(term("reason", reason, language) for reason in Reason)
