"""Fields that are added while somebody signs: a signed slide's folder holds what was signed, and no more."""

import io
from pathlib import Path

import pytest

from app.jobs.growing import add_fields
from app.jobs.intake import IntakeError
from app.workplace import Workplace
from core.review import SlideState, sign, slide_state
from core.store import Role, ScoringStep, SlideRecord, StoreError
from core.store.signatures import Signatures
from tests.scored_slides import read_all


def unasked(_: Path) -> None:
    """Nobody is asked whether an image is there already."""


class Upload(io.BytesIO):
    """An image as a browser hands it in; `meanwhile` happens while it is read."""

    def __init__(self, name: str, meanwhile: object = None) -> None:
        super().__init__(b"not read here")
        self.name = name
        self._meanwhile = meanwhile

    def read(self, size: int | None = -1, /) -> bytes:
        if callable(self._meanwhile):
            meanwhile, self._meanwhile = self._meanwhile, None
            meanwhile()
        return super().read(size)


@pytest.fixture
def read(workplace: Workplace, record: SlideRecord) -> SlideRecord:
    """A slide that could be signed."""
    return read_all(workplace.store, record, "----", reader="Anna", role=Role.FIRST)


def in_folder(record: SlideRecord) -> list[str]:
    return sorted(path.name for path in record.slide.folder.iterdir())


def test_fields_are_added_and_the_slide_is_queued(workplace: Workplace, read: SlideRecord) -> None:
    taken = add_fields(workplace, read.slide, [Upload("more.png")], by="Ben", check=unasked)
    assert taken.images == ("more.png",)
    assert in_folder(read) == ["field1.png", "field2.png", "more.png"]
    assert slide_state(workplace.store.record(read.slide.id)) == SlideState.QUEUED
    said = [entry.what for entry in workplace.store.audit(read.slide.id) if entry.who == "Ben"]
    assert said == ["fields added", "scoring: queued"]


def test_what_is_signed_while_the_files_arrive_gets_none_of_them(
    workplace: Workplace, read: SlideRecord
) -> None:
    upload = Upload("more.png", lambda: sign(workplace.store, read.slide.id, by="Dora"))
    with pytest.raises(StoreError, match="signed by Dora"):
        add_fields(workplace, read.slide, [upload], by="Ben", check=unasked)
    after = workplace.store.record(read.slide.id)
    assert after.locked
    assert in_folder(read) == ["field1.png", "field2.png"]
    assert slide_state(after) == SlideState.DONE
    assert sorted(path.name for path in read.slide.folder.parent.iterdir()) == ["images", "result"]


def test_nobody_can_sign_from_the_moment_at_which_files_are_moved_in(
    workplace: Workplace, read: SlideRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    link, tried = Path.hardlink_to, []

    def sign_meanwhile(self: Path, target: Path) -> None:
        if self.name == "more.png":
            with pytest.raises(StoreError, match="not scored") as refused:
                sign(workplace.store, read.slide.id, by="Dora")
            tried.append(refused)
        link(self, target)

    monkeypatch.setattr(Path, "hardlink_to", sign_meanwhile)
    add_fields(workplace, read.slide, [Upload("more.png")], by="Ben", check=unasked)
    assert len(tried) == 1
    assert not workplace.store.record(read.slide.id).signatures


def test_who_is_signing_as_fields_are_added_is_refused(
    workplace: Workplace, read: SlideRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_signature = Signatures.add

    def add_fields_first(*arguments: object, **others: object) -> object:
        add_fields(workplace, read.slide, [Upload("more.png")], by="Ben", check=unasked)
        return add_signature(*arguments, **others)  # type: ignore[arg-type] # as they were given

    monkeypatch.setattr(Signatures, "add", add_fields_first)
    with pytest.raises(StoreError, match="has changed while it was being signed"):
        sign(workplace.store, read.slide.id, by="Dora")
    assert not workplace.store.record(read.slide.id).signatures


def test_a_kill_amid_the_move_leaves_the_slide_stopped_and_not_to_be_signed(
    workplace: Workplace, read: SlideRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = Path.hardlink_to

    def killed(self: Path, target: Path) -> None:
        if self.name == "second.png":
            raise KeyboardInterrupt
        link(self, target)

    monkeypatch.setattr(Path, "hardlink_to", killed)
    with pytest.raises(KeyboardInterrupt):
        add_fields(
            workplace, read.slide, [Upload("first.png"), Upload("second.png")], by="Ben", check=unasked
        )
    assert slide_state(workplace.store.record(read.slide.id)) == SlideState.STOPPED
    with pytest.raises(StoreError, match="not scored"):
        sign(workplace.store, read.slide.id, by="Dora")
    workplace.store.note_scoring(read.slide.id, ScoringStep.QUEUED, by="Ben")


def test_a_name_that_is_there_already_changes_nothing_at_all(workplace: Workplace, read: SlideRecord) -> None:
    with pytest.raises(IntakeError, match="already has fields called"):
        add_fields(workplace, read.slide, [Upload("FIELD1.png")], by="Ben", check=unasked)
    assert workplace.store.record(read.slide.id).last_entry == read.last_entry
