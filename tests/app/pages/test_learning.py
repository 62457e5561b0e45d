"""What the page does with a list that learns: it lays cells before the reader, and says what it knows."""

from pathlib import Path

import numpy as np
import pytest

from app.pages.learning import learn, what_a_sample_says, what_was_learned
from app.wording import Words
from core.review import LearnedList, LearnedRanking, WhatIsLeft, not_offered, sign
from core.store import Role, SlideRecord, Store
from tests.scored_slides import NOT_PARASITE, PARASITE, scored_slide

NOTHING = LearnedRanking(np.zeros(0), np.zeros(0, np.int64), np.zeros(0, bool), np.zeros(0))


def learned(
    first_unread: tuple[int, ...] = (), *, anew: bool = True, left: WhatIsLeft | None = None
) -> LearnedList:
    return LearnedList(20, anew, NOTHING, first_unread, left, ())


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.in_folder(tmp_path)


@pytest.fixture
def record(store: Store, tmp_path: Path) -> SlideRecord:
    return scored_slide(store, tmp_path / "slide", listed=12, fields=4)


def says(found: LearnedList, language: str = "en") -> str:
    return what_was_learned(found, Words(language))


def teach(monkeypatch: pytest.MonkeyPatch, found: LearnedList | None) -> None:
    monkeypatch.setattr("app.pages.learning.learned_list", lambda _: found)


def test_cells_to_be_read_next_are_laid_before_the_reader_and_only_once(
    monkeypatch: pytest.MonkeyPatch, store: Store, record: SlideRecord
) -> None:
    teach(monkeypatch, learned((3, 30, 31)))
    after, _ = learn(store, record, "Anna")
    assert [one.rank for one in after.candidates] == [*range(1, 13), 30, 31]
    again, _ = learn(store, after, "Anna")
    assert again.last_entry == after.last_entry


def test_beyond_the_review_budget_nothing_is_added_unasked(
    monkeypatch: pytest.MonkeyPatch, store: Store, record: SlideRecord
) -> None:
    for candidate in record.candidates:
        store.read(1, candidate.id, NOT_PARASITE, reader="Anna", role=Role.FIRST)
    teach(monkeypatch, learned((30, 31)))
    after, found = learn(store, store.record(1), "Anna")
    assert [one.rank for one in after.candidates] == list(range(1, 13))
    assert found is not None
    assert not_offered(after, found) == (30, 31)


def test_where_the_slide_was_signed_meanwhile_the_reader_is_told_and_sees_the_list_as_it_is(
    monkeypatch: pytest.MonkeyPatch, store: Store, record: SlideRecord
) -> None:
    told: list[str] = []
    monkeypatch.setattr("app.pages.learning.st.toast", lambda text, **_: told.append(text))
    monkeypatch.setattr("app.pages.learning.words", lambda: Words("en"))
    for candidate in record.candidates:
        store.read(1, candidate.id, NOT_PARASITE, reader="Anna", role=Role.FIRST)
    sign(store, 1, by="Anna")
    teach(monkeypatch, learned((30, 31)))
    after, found = learn(store, record, "Anna")  # as it was before it was signed
    assert (after, found is None) == (record, False)
    assert ["signed by Anna" in text for text in told] == [True]


def test_where_nothing_is_learned_nothing_is_added_and_nothing_said(
    monkeypatch: pytest.MonkeyPatch, store: Store, record: SlideRecord
) -> None:
    teach(monkeypatch, None)
    assert learn(store, record, "Anna") == (record, None)
    assert not_offered(record, learned((30,), anew=False)) == ()
    assert says(learned(anew=False)) == ""


def test_it_says_that_the_list_was_ranked_anew_and_what_is_left_to_expect() -> None:
    left = WhatIsLeft(since_last=41, ahead=200, expected_ahead=0.4, unread=5000, expected_unread=2.0)
    assert says(learned(left=left)) == (
        "Ranked anew by your first 20 calls. 41 cells read since the last parasite. "
        "Among the next 200 fewer than 1 parasite is expected."
    )
    more = WhatIsLeft(since_last=None, ahead=200, expected_ahead=2.6, unread=5000, expected_unread=4.0)
    assert says(learned(anew=False, left=more)) == ("Among the next 200 about 3 parasites are expected.")
    assert "Liste reclassée" in says(learned(left=left), "fr")


def test_a_sample_says_how_many_of_the_cells_further_down_may_be_parasites(
    store: Store, record: SlideRecord
) -> None:
    assert what_a_sample_says(record, Words("en")) == ""
    drawn = store.draw_sample(1, 20, by="Anna")
    for candidate in drawn:
        store.read(1, candidate.id, NOT_PARASITE, reader="Anna", role=Role.FIRST)
    # 1 - .05 ** (1 / 20) = .1391, rounded up: it says "at most"
    assert what_a_sample_says(store.record(1), Words("en")) == (
        "None of the 20 cells drawn at random is a parasite: with 95 % certainty at most 14 % of the cells "
        "further down are."
    )
    store.read(1, drawn[3].id, PARASITE, reader="Anna", role=Role.FIRST)
    said = what_a_sample_says(store.record(1), Words("en"))
    assert said.startswith("1 of the 20 cells drawn at random is or may be a parasite")
