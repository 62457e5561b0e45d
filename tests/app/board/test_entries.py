"""The entries of a board's log: each is written once, however often it is sent."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.board.entries import Written, write_entries
from app.cell_numbers import CellNumbers
from app.wording import Words
from app.workplace import Workplace
from core.review import cells_for, sign, standing
from core.store import Call, Opinion, Reason, Role, ScoringStep, SlideRecord, Species, Stage
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
    reader: str = "Anna",
    role: Role = Role.FIRST,
) -> Written:
    return write_entries(
        workplace.store,
        slide_id,
        list(entries),
        before.number if before else 0,
        reader=reader,
        role=role,
        numbers=CellNumbers.of(
            workplace.secret, workplace.store.record(slide_id), reader, blind=role == Role.SECOND
        ),
    )


def called_by(workplace: Workplace, record: SlideRecord, reader: str) -> list[int]:
    return [
        one.candidate_id for one in workplace.store.record(record.slide.id).readings if one.reader == reader
    ]


def number_shown(workplace: Workplace, record: SlideRecord, reader: str) -> int:
    """The number under which a second reader is shown the first of their cells."""
    now = workplace.store.record(record.slide.id)
    first, *_ = cells_for(now, Role.SECOND, reader)
    return CellNumbers.of(workplace.secret, now, reader, blind=True).shown(first.id)


def calls(workplace: Workplace, slide_id: int) -> dict[int, str]:
    readings = standing(workplace.store.record(slide_id).readings)
    return {candidate: of_roles[Role.FIRST].opinion.call for candidate, of_roles in readings.items()}


def test_each_decision_is_written_with_all_that_goes_with_it(
    workplace: Workplace, record: SlideRecord
) -> None:
    first, second, third, fourth = (candidate.id for candidate in record.candidates)
    written = write(
        workplace,
        record.slide.id,
        [
            entry(1, first, "parasite", stage="ring", species="vivax"),
            entry(2, second, reason="platelet", species="vivax"),
            entry(3, third, "unsure"),
            entry(4, fourth, reason="white cell"),
        ],
    )
    assert (written.number, written.problems) == (4, ())
    opinions = [reading.opinion for reading in workplace.store.record(record.slide.id).readings]
    assert [(one.call, one.stage, one.reason, one.species) for one in opinions] == [
        (Call.PARASITE, Stage.RING, None, Species.VIVAX),
        (Call.NOT_PARASITE, None, Reason.PLATELET, None),
        (Call.UNSURE, None, None, None),
        (Call.NOT_PARASITE, None, Reason.WHITE_CELL, None),
    ]


def staging(number: int, cell: int, stage: str = "ring") -> dict[str, Any]:
    return {"number": number, "act": "stage", "cell": str(cell), "stage": stage}


def test_a_stage_is_added_to_the_call_that_stands_with_its_species(
    workplace: Workplace, record: SlideRecord
) -> None:
    slide, first = record.slide.id, record.candidates[0].id
    before = write(workplace, slide, [entry(1, first, "parasite", species="falciparum")])
    written = write(workplace, slide, [staging(2, first)], before)
    assert (written.number, written.problems) == (2, ())
    write(workplace, slide, [staging(2, first)])  # sent again, to a server started anew
    opinions = [reading.opinion for reading in workplace.store.record(slide).readings]
    falciparum = Opinion(Call.PARASITE, species=Species.FALCIPARUM)
    assert opinions == [falciparum, replace(falciparum, stage=Stage.RING)]
    write(workplace, slide, [entry(3, first, None, act="undo")], written)
    (left,) = standing(workplace.store.record(slide).readings).values()
    assert left[Role.FIRST].opinion == falciparum


@pytest.mark.parametrize(
    "called",
    [
        [],
        [entry(1, 1, "unsure")],
        [entry(1, 1, "not a parasite", reason="stain")],
        [entry(1, 1, "parasite"), entry(2, 1, None, act="undo")],
        [entry(1, 1, "parasite"), entry(2, 1, "parasite", stage="schizont")],
    ],
    ids=["nothing", "unsure", "not a parasite", "taken back", "another stage"],
)
def test_a_stage_makes_no_call_and_changes_no_stage(
    workplace: Workplace, record: SlideRecord, called: list[dict[str, Any]]
) -> None:
    slide, first = record.slide.id, record.candidates[0].id
    before = write(workplace, slide, [{**one, "cell": str(first)} for one in called])
    readings = workplace.store.record(slide).readings
    written = write(workplace, slide, [staging(3, first)], before)
    assert written.number == 3
    assert "if it is a parasite, name its stage with the keys 1 to 4" in str(written.problems[0])
    assert workplace.store.record(slide).readings == readings


def test_a_stage_is_added_to_no_call_of_another_reader_or_role(
    workplace: Workplace, record: SlideRecord
) -> None:
    slide, first = record.slide.id, record.candidates[0].id
    write(workplace, slide, [entry(1, first, "parasite")])
    assert len(write(workplace, slide, [staging(1, first)], reader="Ben").problems) == 1
    shown = number_shown(workplace, record, "Ben")
    assert len(write(workplace, slide, [staging(1, shown)], reader="Ben", role=Role.SECOND).problems) == 1
    assert [one.opinion.stage for one in workplace.store.record(slide).readings] == [None]


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
    written = write(workplace, slide, [entry(1, first, "parasite"), entry(2, second)], reader="Ben")
    assert written.number == 2
    assert [problem for problem in written.problems if "Anna has already read this cell" in str(problem)]
    assert calls(workplace, slide) == {first: "not a parasite", second: "not a parasite"}


def test_a_number_that_a_second_reader_was_not_shown_is_told_and_does_not_hold_up_the_rest(
    workplace: Workplace, record: SlideRecord
) -> None:
    read_all(workplace.store, record, "----", reader="Anna", role=Role.FIRST)
    number = number_shown(workplace, record, "Ben")
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
    (cell,) = called_by(workplace, record, "Ben")
    assert number_shown(workplace, record, "Ben") == number
    assert cell == cells_for(workplace.store.record(record.slide.id), Role.SECOND, "Ben")[0].id


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


def test_what_a_second_reader_decides_goes_to_the_cell_that_was_shown(
    workplace: Workplace, record: SlideRecord
) -> None:
    read_all(workplace.store, record, "----", reader="Anna", role=Role.FIRST)
    number = number_shown(workplace, record, "Ben")
    before = write(
        workplace,
        record.slide.id,
        [entry(1, number, "parasite"), entry(2, number, None, act="flag", flagged=True)],
        reader="Ben",
        role=Role.SECOND,
    )
    first, *_ = cells_for(workplace.store.record(record.slide.id), Role.SECOND, "Ben")
    assert [flag.field for flag in workplace.store.record(record.slide.id).flags] == [first.field]
    assert called_by(workplace, record, "Ben") == [first.id]
    undo = entry(3, None, None, act="undo")
    written = write(workplace, record.slide.id, [undo], before, reader="Ben", role=Role.SECOND)
    assert (written.undone, written.problems) == (str(number), ())


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


def noting(number: int, cell: int, about: str, text: str) -> dict[str, Any]:
    return {"number": number, "act": "note", "cell": str(cell), "about": about, "text": text, "on": "unused"}


def test_a_note_is_written_on_the_cell_or_on_its_field_and_once(
    workplace: Workplace, record: SlideRecord
) -> None:
    first, *_ = record.candidates
    entries = [noting(1, first.id, "cell", "dust?"), noting(2, first.id, "field", "thick here")]
    assert write(workplace, record.slide.id, entries) == Written(2)
    assert write(workplace, record.slide.id, entries) == Written(2)  # to a server that started anew
    notes = workplace.store.record(record.slide.id).notes
    assert [(note.candidate_id, note.field, note.text) for note in notes] == [
        (first.id, first.field, "dust?"),
        (None, first.field, "thick here"),
    ]


def test_a_second_reader_notes_cells_by_the_numbers_that_their_board_shows(
    workplace: Workplace, record: SlideRecord
) -> None:
    read_all(workplace.store, record, "+---", reader="Anna", role=Role.FIRST)
    shown = number_shown(workplace, record, "Ben")
    written = write(workplace, 1, [noting(1, shown, "cell", "a ring?")], reader="Ben", role=Role.SECOND)
    assert written.problems == ()
    (note,) = workplace.store.record(1).notes
    assert note.candidate_id == cells_for(workplace.store.record(1), Role.SECOND, "Ben")[0].id


def test_a_note_that_is_refused_is_told_and_holds_nothing_up(
    workplace: Workplace, record: SlideRecord
) -> None:
    first, *_ = (one.id for one in record.candidates)
    entries = [noting(1, first, "cell", "x" * 501), noting(2, 99, "field", "no such cell"), entry(3, first)]
    written = write(workplace, 1, entries)
    assert written.number == 3
    assert [Words("en").error(problem) for problem in written.problems] == [
        "a note has at most 500 letters, and this one has 501: shorten it",
        Words("en")("board.cell_gone"),
    ]
    assert workplace.store.record(1).notes == ()
    assert calls(workplace, 1) == {first: "not a parasite"}
