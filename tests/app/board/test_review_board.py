"""What a reader is shown at the board, and what of it is sent again."""

from typing import Any

from app.board.review_board import board_data
from app.cell_numbers import CellNumbers
from app.pictures.tiles import METHODS
from app.web.addresses import writing_of
from app.wording import Words
from app.workplace import Workplace
from core.review import cells_for
from core.store import Call, Opinion, Role, SlideRecord, Species, Stage
from tests.scored_slides import NOT_PARASITE, PARASITE, read_all


def shown(
    workplace: Workplace,
    record: SlideRecord,
    *,
    reader: str = "Anna",
    role: Role = Role.FIRST,
    language: str = "en",
    species: Species | None = None,
    holds: str | None = None,
) -> dict[str, Any]:
    record = workplace.store.record(record.slide.id)
    assert record.taken_in is not None
    return board_data(
        workplace,
        record,
        record.taken_in,
        Words(language),
        reader=reader,
        role=role,
        species=species,
        at=None,
        holds=holds,
        cells=cells_for(record, role, reader),
    )


def test_the_first_reader_sees_scores_own_calls_and_maps_highest_score_first(
    workplace: Workplace, record: SlideRecord
) -> None:
    first = record.candidates[0]
    ring = Opinion(Call.PARASITE, stage=Stage.RING)
    workplace.store.read(record.slide.id, first.id, ring, reader="Anna", role=Role.FIRST)
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


def test_the_first_reader_is_shown_what_was_disputed_once_the_adjudicator_has_settled_it(
    workplace: Workplace, record: SlideRecord
) -> None:
    def disputed() -> list[str]:
        return [cell["name"] for cell in shown(workplace, record)["cells"] if cell["disputed"]]

    read_all(workplace.store, record, "+-+-", reader="Anna", role=Role.FIRST)
    read_all(workplace.store, record, "----", reader="Ben", role=Role.SECOND)
    holds = shown(workplace, record)["version"]
    assert not disputed()
    read_all(workplace.store, record, "+.-.", reader="Cleo", role=Role.ADJUDICATOR)
    assert disputed() == ["1", "3"]
    assert shown(workplace, record, holds=holds)["cells"]  # given anew, since what it says has changed


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


def test_a_board_that_holds_the_list_is_given_its_name_alone(
    workplace: Workplace, record: SlideRecord
) -> None:
    slide, (first, *_) = record.slide.id, record.candidates
    whole = shown(workplace, record)
    assert len(whole["cells"]) == 4
    workplace.store.read(slide, first.id, NOT_PARASITE, reader="Anna", role=Role.FIRST)
    again = shown(workplace, record, holds=whole["version"])
    assert again["version"] == whole["version"]
    assert not {"cells", "calls", "stands", "words", "methods"} & again.keys()


def test_all_is_given_anew_where_cells_flags_or_the_language_are_others(
    workplace: Workplace, record: SlideRecord
) -> None:
    slide, holds = record.slide.id, shown(workplace, record)["version"]
    assert len(shown(workplace, record, holds=holds, language="fr")["cells"]) == 4
    workplace.store.flag_field(slide, "field1.png", by="Anna")
    flagged = shown(workplace, record, holds=holds)
    assert [cell["flagged"] for cell in flagged["cells"]] == [True, False, True, False]
    workplace.store.draw_sample(slide, 1, by="Anna")
    longer = shown(workplace, record, holds=flagged["version"])
    assert [len(data["cells"]) for data in (flagged, longer)] == [4, 5]
    assert len({holds, flagged["version"], longer["version"]}) == 3


def test_calls_are_given_with_where_the_record_then_stood(workplace: Workplace, record: SlideRecord) -> None:
    before = shown(workplace, record)
    workplace.store.read(record.slide.id, record.candidates[0].id, PARASITE, reader="Anna", role=Role.FIRST)
    after = shown(workplace, record)
    assert (len(before["calls"]), len(after["calls"])) == (0, 1)
    assert after["stands"] > before["stands"]


def test_help_shows_a_drawn_picture_of_each_kind_with_its_caption(
    workplace: Workplace, record: SlideRecord
) -> None:
    captions = shown(workplace, record)["drawn"]
    assert len(captions) == 11
    assert captions[2] == "P. falciparum, gametocyte: a crescent"
    assert captions[-1] == "No parasite, a Howell-Jolly body: one round dot, no blue"


def test_notes_are_given_with_the_list(workplace: Workplace, record: SlideRecord) -> None:
    first, *_ = record.candidates
    workplace.store.notes.on_cell(1, first.id, "dust?", by="Anna")
    data = shown(workplace, record)
    assert data["notes"] == {f"cell {first.id}": [("Anna", "dust?", True)]}
    assert "notes" not in shown(workplace, record, holds=data["version"])


def test_the_adjudicator_is_given_anew_what_both_called_beside_each_cell(
    workplace: Workplace, record: SlideRecord
) -> None:
    read_all(workplace.store, record, "+---", reader="Anna", role=Role.FIRST)
    read_all(workplace.store, record, "----", reader="Ben", role=Role.SECOND)
    holds = shown(workplace, record, reader="Cleo", role=Role.ADJUDICATOR)["version"]
    workplace.store.read(
        record.slide.id, record.candidates[0].id, PARASITE, reader="Cleo", role=Role.ADJUDICATOR
    )
    assert "cells" in shown(workplace, record, reader="Cleo", role=Role.ADJUDICATOR, holds=holds)


def test_the_board_may_write_for_its_reader_in_its_role_alone(
    workplace: Workplace, record: SlideRecord
) -> None:
    data = shown(workplace, record, species=Species.VIVAX, language="fr")
    writing = writing_of(workplace.secret, data["readings"].removeprefix("/readings/"))
    assert writing is not None
    assert (writing.slide_id, writing.reader, writing.role, writing.language) == (1, "Anna", Role.FIRST, "fr")
    assert data["species"] == "vivax"
