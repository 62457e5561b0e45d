"""The audit trail: every write and export, by whom and when; and how well readers agree."""

from datetime import UTC, date, datetime, time, timedelta

import pandas as pd
import streamlit as st

from app.pages.unblinding import note_looks, sees_calls
from app.person import need, person, words
from app.wording import Words
from app.workplace import here
from core.review import agreement
from core.store import AuditEntry, Right

DAYS = 30
"""The period that is looked at first."""
MOST_ROWS = 5000
_OPINION = {"call", "reason", "stage", "species"}


def audit_page() -> None:
    """Show who did what, and the agreement of each pair of readers over the same period."""
    need(Right.AUDIT)
    say, reader, records = words(), person(), here().store.records()
    seen = [record for record in records if sees_calls(record, reader)]
    st.subheader(say("page.audit"))
    st.caption(f"**{say('notice')}**")
    since, until = _period(say)
    read = [record for record in seen if any(since <= reading.at < until for reading in record.readings)]
    note_looks(read, reader)
    trail, agreed = st.tabs([say("audit.trail"), say("audit.agreement")])
    with trail:
        _trail(since, until, {record.slide.id for record in seen}, say)
    with agreed:
        # What a second reader who is not done shares with the first would tell the first's calls.
        pairs = agreement(seen, since=since, until=until)
        if not pairs:
            st.info(say("audit.no_pairs"))
        else:
            rows = [
                {
                    say("audit.readers"): " / ".join(pair.readers),
                    say("audit.cells"): pair.cells,
                    say("audit.alike"): pair.agreed,
                    say("audit.kappa"): say("audit.not_defined")
                    if pair.kappa is None
                    else say.decimal(f"{pair.kappa:.2f}"),
                }
                for pair in pairs
            ]
            st.dataframe(pd.DataFrame(rows), hide_index=True)


def _period(say: Words) -> tuple[datetime, datetime]:
    today = datetime.now(UTC).date()
    chosen = st.date_input(
        say("audit.period"),
        (today - timedelta(days=DAYS), today),
        key="period",
        format=say("audit.date_format"),
        width=320,
    )
    days = chosen if isinstance(chosen, tuple) else (chosen,)
    first, last = (days[0], days[-1]) if days else (today, today)
    return _begin_of(first), _begin_of(last + timedelta(days=1))


def _begin_of(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _trail(since: datetime, until: datetime, seen: set[int], say: Words) -> None:
    """Show entries; without the calls on slides that are not in `seen`."""
    slides = {slide.id: slide.name for slide in here().store.slides()}
    entries = [entry for entry in here().store.audit() if since <= entry.at < until]
    who = st.selectbox(
        say("audit.who"),
        [None, *sorted({entry.who for entry in entries})],
        format_func=lambda name: say("audit.everybody") if name is None else name,
        width=320,
    )
    shown = [entry for entry in reversed(entries) if who is None or entry.who == who]
    if not shown:
        st.info(say("audit.nothing"))
        return
    if len(shown) > MOST_ROWS:
        st.caption(say("audit.most", shown=MOST_ROWS, count=len(shown)))
    table = pd.DataFrame(
        [
            {
                say("audit.number"): entry.id,
                say("audit.when"): f"{entry.at:%Y-%m-%d %H:%M:%S} UTC",
                say("audit.who"): entry.who,
                say("audit.what"): _did(entry.what, say),
                say("audit.slide"): slides.get(entry.slide_id, "") if entry.slide_id else "",
                say("audit.detail"): _detail(entry, seen, say),
            }
            for entry in shown[:MOST_ROWS]
        ]
    )
    st.dataframe(table, hide_index=True, height=560)


def _did(what: str, say: Words) -> str:
    """What was done; as it stands on record where a later or earlier version wrote it."""
    return say(f"did.{what}") if f"did.{what}" in say else what


def _detail(entry: AuditEntry, seen: set[int], say: Words) -> str:
    hidden = set() if entry.slide_id in seen else _OPINION
    return " · ".join(
        f"{say(f'noted.{name}') if f'noted.{name}' in say else name} {_noted(name, str(value), say)}"
        for name, value in entry.detail.items()
        if name not in hidden
    )


def _noted(name: str, value: str, say: Words) -> str:
    groups = {"call": (f"call.{value}",), "role": (f"role.{value}", f"people.{value}")}
    return next((say(message) for message in groups.get(name, ()) if message in say), value)
