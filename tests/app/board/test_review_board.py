"""The board's log: written once however often it is sent, and what a reader is shown of it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from app.board.review_board import Written, board_data, write_entries
from app.cell_numbers import CellNumbers
from app.pictures.tiles import METHODS
from app.wording import Words
from app.workplace import Workplace
from core.review import cells_for, sign, standing
from core.store import Call, Reason, Role, ScoringStep, SlideRecord, Species, Stage
from core.store.records import DatabaseRefusesError
from core.store.store import Store
from tests.scored_slides import read_all, take_in, write_score


def entry(number: int, cell: int | None, call: str | None = "not a parasite", **more: Any) -> dict[str, Any]:  # noqa: ANN401
    return {
        "number": number,
        "act": "read",
        "cell": None if cell is None else str(cell),
        "call": call,
        "stage": None,
        "reason": None,
        **more,
    }


def write(
    workplace: Workplace,
    slide_id: int,
    entries: Sequence[object],
    before: Written | None = None,
    *,
    log: str = "a log",
    reader: str = "Anna",
    role: Role = Role.FIRST,
    species: Species | None = None,
) -> Written:
    written = write_entries(
        workplace.store,
        slide_id,
        {"log": log, "entries": entries},
        before,
        reader=reader,
        role=role,
        species=species,
        numbers=CellNumbers.of(
            workplace.secret, workplace.store.record(slide_id), reader, blind=role == Role.SECOND
        ),
    )
    assert written is not None
    return written


def calls(workplace: Workplace, slide_id: int) -> dict[int, str]:
    readings = standing(workplace.store.record(slide_id).readings)
    return {candidate: of_roles[Role.FIRST].opinion.call for candidate, of_roles in readings.items()}


def shown(
    workplace: Workplace,
    record: SlideRecord,
    *,
    reader: str = "Anna",
    role: Role = Role.FIRST,
    written: Written | None = None,
) -> dict[str, Any]:
    record = workplace.store.record(record.slide.id)
    assert record.taken_in is not None
    return board_data(
        workplace,
        record,
        record.taken_in,
        Words("en"),
        reader=reader,
        role=role,
        at=None,
        written=written,
        holds=None,
    )[0]


def test_each_decision_is_written_with_all_that_goes_with_it(
    workplace: Workplace, record: SlideRecord
) -> None:
    first, second, third, _ = (candidate.id for candidate in record.candidates)
    written = write(
        workplace,
        record.slide.id,
        [
            entry(1, first, "parasite", stage="ring"),
            entry(2, second, reason="platelet"),
            entry(3, third, "unsure"),
        ],
        species=Species.VIVAX,
    )
    assert (written.number, written.problems) == (3, ())
    opinions = [reading.opinion for reading in workplace.store.record(record.slide.id).readings]
    assert [(one.call, one.stage, one.reason, one.species) for one in opinions] == [
        (Call.PARASITE, Stage.RING, None, Species.VIVAX),
        (Call.NOT_PARASITE, None, Reason.PLATELET, None),
        (Call.UNSURE, None, None, None),
    ]


def test_a_log_that_is_sent_again_is_written_once(workplace: Workplace, record: SlideRecord) -> None:
    slide, (first, second, *_) = record.slide.id, [candidate.id for candidate in record.candidates]
    entries = [entry(1, first, "parasite"), entry(2, second)]
    before = write(workplace, slide, entries)
    # The board hears late that both are written, and sends them with the next.
    write(workplace, slide, [*entries, entry(3, first)], before)
    # A server that started anew knows nothing of the log.
    write(workplace, slide, [*entries[1:], entry(3, first)], None)
    calls_made = [reading.opinion.call for reading in workplace.store.record(slide).readings]
    assert calls_made == [Call.PARASITE, Call.NOT_PARASITE, Call.NOT_PARASITE]


def test_undo_takes_back_the_last_decision_and_says_which_cell_it_was(
    workplace: Workplace, record: SlideRecord
) -> None:
    slide, (first, second, *_) = record.slide.id, [candidate.id for candidate in record.candidates]
    before = write(workplace, slide, [entry(1, first), entry(2, second)])
    written = write(workplace, slide, [entry(3, None, None, act="undo")], before)
    assert written.undone == str(second)
    assert calls(workplace, slide) == {first: "not a parasite"}


def test_an_undo_that_a_killed_server_had_written_takes_back_nothing_more_when_it_is_sent_again(
    workplace: Workplace, record: SlideRecord
) -> None:
    slide, (first, second, *_) = record.slide.id, [candidate.id for candidate in record.candidates]
    entries = [entry(1, first), entry(2, second), entry(3, second, None, act="undo")]
    write(workplace, slide, entries)
    write(workplace, slide, entries[2:], None)
    assert calls(workplace, slide) == {first: "not a parasite"}


def test_with_nothing_to_undo_nothing_happens(workplace: Workplace, record: SlideRecord) -> None:
    written = write(workplace, record.slide.id, [entry(1, None, None, act="undo")])
    assert (written.number, written.undone, written.problems) == (1, None, ())


def test_a_flag_is_put_on_the_field_of_the_cell_and_taken_off_again(
    workplace: Workplace, record: SlideRecord
) -> None:
    slide, cell = record.slide.id, record.candidates[1]
    before = write(workplace, slide, [entry(1, cell.id, None, act="flag", flagged=True)])
    assert [flag.field for flag in workplace.store.record(slide).flags] == [cell.field]
    assert [one["flagged"] for one in shown(workplace, record)["cells"]] == [False, True, False, True]
    write(workplace, slide, [entry(2, cell.id, None, act="flag", flagged=False)], before)
    assert workplace.store.record(slide).flags == ()


@pytest.mark.parametrize("flagged", [True, False])
def test_a_flag_that_is_sent_again_to_a_server_started_anew_changes_nothing(
    workplace: Workplace, record: SlideRecord, flagged: bool
) -> None:
    slide, cell = record.slide.id, record.candidates[1]
    entries = [entry(1, cell.id, None, act="flag", flagged=True)]
    if not flagged:
        entries.append(entry(2, cell.id, None, act="flag", flagged=False))
    write(workplace, slide, entries)
    write(workplace, slide, entries[-1:], None)
    assert bool(workplace.store.record(slide).flags) is flagged
    assert len([one for one in workplace.store.audit(slide) if "flagged" in one.what]) == len(entries)


def test_what_a_rule_forbids_is_told_and_does_not_hold_up_the_rest(
    workplace: Workplace, record: SlideRecord
) -> None:
    slide, (first, second, *_) = record.slide.id, [candidate.id for candidate in record.candidates]
    write(workplace, slide, [entry(1, first)], reader="Anna")
    written = write(workplace, slide, [entry(1, first, "parasite"), entry(2, second)], reader="Ben", log="b")
    assert written.number == 2
    assert [problem for problem in written.problems if "Anna has already read this cell" in str(problem)]
    assert calls(workplace, slide) == {first: "not a parasite", second: "not a parasite"}


def test_a_number_that_a_second_reader_was_not_shown_is_told_and_does_not_hold_up_the_rest(
    workplace: Workplace, record: SlideRecord
) -> None:
    read_all(workplace.store, record, "----", reader="Anna", role=Role.FIRST)
    number = int(shown(workplace, record, reader="Ben", role=Role.SECOND)["cells"][0]["id"])
    written = write(
        workplace,
        record.slide.id,
        [
            entry(1, 99999, "parasite"),
            entry(2, 99999, None, act="flag", flagged=True),
            entry(3, number, "parasite"),
        ],
        reader="Ben",
        role=Role.SECOND,
    )
    unknown = f"slide {record.slide.id} has no candidate 99999"
    assert (written.number, [str(problem) for problem in written.problems]) == (3, [unknown, unknown])
    calls = shown(workplace, record, reader="Ben", role=Role.SECOND)["calls"]
    assert calls == {str(number): ("parasite", None, None)}


def test_a_flag_on_a_cell_that_another_scoring_no_longer_calls_does_not_hold_up_the_rest(
    workplace: Workplace, record: SlideRecord, tmp_path: Path
) -> None:
    slide, (kept, dropped, *_) = record.slide.id, record.candidates
    write_score(tmp_path / "again", {"field1.png": 10, "field2.png": 10}, [("field1.png", 0, 0.9)])
    workplace.store.note_scoring(slide, ScoringStep.QUEUED, by="Anna")
    take_in(workplace.store, slide, tmp_path / "again")
    flagging = entry(1, dropped.id, None, act="flag", flagged=True)
    written = write(workplace, slide, [flagging, entry(2, kept.id)])
    assert written.number == 2
    assert [Words("en").error(problem) for problem in written.problems] == [
        "this cell is no longer among those of the slide, so its field was not flagged: "
        "open another cell of the field and flag it there"
    ]
    assert workplace.store.record(slide).flags == ()
    assert calls(workplace, slide) == {kept.id: "not a parasite"}


@pytest.mark.parametrize(
    "bad",
    [
        {"act": "flag", "flagged": True, "cell": "999"},
        {"act": "flag", "flagged": True, "cell": None},
        {"act": "flag", "flagged": "perhaps"},
        {"act": "flag"},
        {"act": "applaud"},
        {"act": None},
        {"cell": "999"},
        {"cell": None},
        {"cell": "the third"},
        {"cell": "-1"},
        {"cell": str(2**70)},
        {"cell": ["1"]},
        {"act": "undo", "cell": "the third"},
        {"call": "babesia"},
        {"call": None},
        {"call": "parasite", "stage": "merozoite"},
        {"call": "not a parasite", "reason": "hair"},
        {"call": "not a parasite", "stage": "ring"},
        {"call": "unsure", "reason": "platelet"},
    ],
)
def test_an_entry_that_cannot_be_written_is_told_and_does_not_hold_up_the_rest(
    workplace: Workplace, record: SlideRecord, bad: dict[str, Any]
) -> None:
    slide, (first, second, *_) = record.slide.id, [candidate.id for candidate in record.candidates]
    entries = [{**entry(1, first), **bad}, entry(2, second)]
    written = write(workplace, slide, entries)
    assert (written.number, len(written.problems)) == (2, 1)
    assert calls(workplace, slide) == {second: "not a parasite"}
    # It is acknowledged, so that the board does not send it for ever.
    assert write(workplace, slide, entries, written).problems == ()


@pytest.mark.parametrize("bad", [{"act": "read"}, {**entry(1, 1), "number": "one"}, "read", None, []])
def test_what_is_no_numbered_entry_is_told_and_does_not_hold_up_the_rest(
    workplace: Workplace, record: SlideRecord, bad: object
) -> None:
    slide, first = record.slide.id, record.candidates[0].id
    written = write(workplace, slide, [bad, entry(1, first)])
    assert (written.number, len(written.problems)) == (1, 1)
    assert calls(workplace, slide) == {first: "not a parasite"}


def test_a_signed_slide_takes_no_more_decisions(workplace: Workplace, record: SlideRecord) -> None:
    read_all(workplace.store, record, "----", reader="Anna", role=Role.FIRST)
    sign(workplace.store, record.slide.id, by="Anna")
    written = write(workplace, record.slide.id, [entry(1, record.candidates[0].id, "parasite")])
    assert "signed by Anna" in str(written.problems[0])


def test_a_board_that_has_sent_nothing_changes_nothing(workplace: Workplace, record: SlideRecord) -> None:
    assert (
        write_entries(
            workplace.store,
            record.slide.id,
            None,
            None,
            reader="A",
            role=Role.FIRST,
            species=None,
            numbers=CellNumbers(record.slide.id, None),
        )
        is None
    )


def test_the_first_reader_sees_scores_own_calls_and_maps_highest_score_first(
    workplace: Workplace, record: SlideRecord
) -> None:
    first = record.candidates[0]
    write(workplace, record.slide.id, [entry(1, first.id, "parasite", stage="ring")])
    data = shown(workplace, record)
    assert [cell["name"] for cell in data["cells"]] == ["1", "2", "3", "4"]
    assert [cell["score"] for cell in data["cells"]] == ["0.99", "0.98", "0.97", "0.96"]
    assert data["calls"] == {str(first.id): ("parasite", "ring", None)}
    assert [method for method, _ in data["methods"]] == list(METHODS)
    assert not data["blind"]


def test_why_a_cell_is_looked_at_and_not_counted_stands_among_its_facts(
    workplace: Workplace, record: SlideRecord
) -> None:
    workplace.store.offer_more(record.slide.id, 17, by="Anna")  # the last of the list is cut by the edge
    *others, last = shown(workplace, workplace.store.record(record.slide.id))["cells"]
    assert ["", "not counted: edge"] in last["facts"]
    assert not any("not counted" in text for cell in others for _, text in cell["facts"])


def test_the_second_reader_sees_neither_score_nor_rank_nor_map_nor_call_of_the_first(
    workplace: Workplace, record: SlideRecord
) -> None:
    read_all(workplace.store, record, "+-+-", reader="Anna", role=Role.FIRST)
    data = shown(workplace, record, reader="Ben", role=Role.SECOND)
    for cell in data["cells"]:
        assert cell["score"] is None
        assert not any("score" in name for name, _ in cell["facts"])
    assert data["calls"] == {}
    assert data["methods"] == []
    assert data["blind"]
    assert data["pictures"] != shown(workplace, record)["pictures"]
    # Names follow the reader's own order, not the rank; nor do the numbers that stand in addresses.
    order = cells_for(workplace.store.record(record.slide.id), Role.SECOND, "Ben")
    numbers = CellNumbers.of(workplace.secret, record, "Ben", blind=True)
    assert [numbers.own(int(cell["id"])) for cell in data["cells"]] == [one.id for one in order]
    assert not {cell["id"] for cell in data["cells"]} & {str(one.id) for one in order}
    assert [cell["name"] for cell in data["cells"]] == ["1", "2", "3", "4"]


def test_what_a_second_reader_decides_goes_to_the_cell_that_was_shown(
    workplace: Workplace, record: SlideRecord
) -> None:
    read_all(workplace.store, record, "----", reader="Anna", role=Role.FIRST)
    number = int(shown(workplace, record, reader="Ben", role=Role.SECOND)["cells"][0]["id"])
    before = write(
        workplace,
        record.slide.id,
        [entry(1, number, "parasite"), entry(2, number, None, act="flag", flagged=True)],
        reader="Ben",
        role=Role.SECOND,
    )
    first, *_ = cells_for(workplace.store.record(record.slide.id), Role.SECOND, "Ben")
    assert [flag.field for flag in workplace.store.record(record.slide.id).flags] == [first.field]
    assert shown(workplace, record, reader="Ben", role=Role.SECOND)["calls"] == {
        str(number): ("parasite", None, None)
    }
    undo = entry(3, None, None, act="undo")
    written = write(workplace, record.slide.id, [undo], before, reader="Ben", role=Role.SECOND)
    assert (written.undone, written.problems) == (str(number), ())


def test_a_second_reader_sees_nothing_of_another_second_reader(
    workplace: Workplace, record: SlideRecord
) -> None:
    read_all(workplace.store, record, "+-+-", reader="Anna", role=Role.FIRST)
    read_all(workplace.store, record, "+...", reader="Ben", role=Role.SECOND)
    by_ben, by_cleo = (shown(workplace, record, reader=one, role=Role.SECOND) for one in ("BEN", "Cleo"))
    read_by_ben, for_cleo = (
        str(CellNumbers.of(workplace.secret, record, one, blind=True).shown(record.candidates[0].id))
        for one in ("BEN", "Cleo")
    )
    assert by_ben["calls"] == {read_by_ben: ("parasite", None, None)}
    assert by_cleo["calls"] == {}
    # What another has read cannot be called once more, so it is not laid before them.
    assert for_cleo not in [cell["id"] for cell in by_cleo["cells"]]
    assert len(by_cleo["cells"]) == 3


def test_the_adjudicator_sees_what_both_have_called(workplace: Workplace, record: SlideRecord) -> None:
    read_all(workplace.store, record, "+-+-", reader="Anna", role=Role.FIRST)
    read_all(workplace.store, record, "----", reader="Ben", role=Role.SECOND)
    data = shown(workplace, record, reader="Cleo", role=Role.ADJUDICATOR)
    assert len(data["cells"]) == 2
    for cell in data["cells"]:
        assert ["first reader", "parasite"] in cell["facts"]
        assert ["second reader", "not a parasite"] in cell["facts"]


@pytest.mark.parametrize("log", ["a log", None])
def test_the_board_hears_how_far_its_log_is_written(
    workplace: Workplace, record: SlideRecord, log: str | None
) -> None:
    written = None if log is None else Written(log, 7, None, ())
    expected = None if log is None else {"log": log, "number": 7, "undone": None}
    assert shown(workplace, record, written=written)["done"] == expected


def test_what_a_browser_could_not_send_is_kept_for_one_person_slide_and_role(
    workplace: Workplace, record: SlideRecord
) -> None:
    own = shown(workplace, record)["keep"]
    assert shown(workplace, record, reader="anna")["keep"] == own  # whatever the capitals
    others = [
        shown(workplace, record, reader="Ben")["keep"],
        shown(workplace, record, role=Role.SECOND)["keep"],
    ]
    assert len({own, *others}) == 3
    assert "anna" not in own


def test_what_the_database_refuses_stays_with_the_board_and_is_sent_again(
    workplace: Workplace, record: SlideRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    slide, (first, second, *_) = record.slide.id, record.candidates
    with monkeypatch.context() as full:

        def refuse(*_: object, **__: object) -> None:
            raise DatabaseRefusesError("database or disk is full")

        full.setattr(Store, "read", refuse)
        written = write(workplace, slide, [entry(1, first.id), entry(2, second.id)])
    assert (written.number, [str(problem) for problem in written.problems]) == (
        0,
        ["database or disk is full"],
    )
    assert calls(workplace, slide) == {}
    assert write(workplace, slide, [entry(1, first.id), entry(2, second.id)]).number == 2
    assert calls(workplace, slide) == dict.fromkeys((first.id, second.id), "not a parasite")
