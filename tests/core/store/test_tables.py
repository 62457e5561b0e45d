"""Moments in the database: kept in UTC, given with their zone."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import Column, Connection, MetaData, Table, create_engine, insert, select
from sqlalchemy.exc import StatementError

from core.store.tables import UtcTime

MOMENTS = Table("moments", MetaData(), Column("at", UtcTime))
IN_DELHI = timezone(timedelta(hours=5, minutes=30))


@pytest.fixture
def connection() -> Iterator[Connection]:
    engine = create_engine("sqlite://")
    with engine.begin() as opened:
        MOMENTS.create(opened)
        yield opened
    engine.dispose()


def test_a_moment_of_any_zone_is_kept_in_utc_and_given_back_with_it(connection: Connection) -> None:
    connection.execute(insert(MOMENTS).values(at=datetime(2026, 1, 5, 17, 30, tzinfo=IN_DELHI)))
    kept = connection.exec_driver_sql("SELECT at FROM moments").scalar_one()
    assert kept == "2026-01-05 12:00:00.000000"
    given = connection.execute(select(MOMENTS)).scalar_one()
    assert (given, given.tzinfo) == (datetime(2026, 1, 5, 12, tzinfo=UTC), UTC)


def test_no_moment_stays_none(connection: Connection) -> None:
    connection.execute(insert(MOMENTS).values(at=None))
    assert connection.execute(select(MOMENTS)).scalar_one() is None


def test_a_moment_of_an_unknown_zone_is_refused(connection: Connection) -> None:
    with pytest.raises(StatementError, match="a moment needs its time zone"):
        connection.execute(insert(MOMENTS).values(at=datetime(2026, 1, 5, 12)))
