"""Images that are on the worklist already are found by their bytes, not by their names."""

from datetime import UTC, datetime
from pathlib import Path

from app.jobs.duplicates import held_already
from core.store import ScoringStep, StoredSlide

NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)


def slide_of(folder: Path, number: int = 1, **files: bytes) -> StoredSlide:
    folder.mkdir()
    for name, content in files.items():
        (folder / f"{name}.jpg").write_bytes(content)
    return StoredSlide(number, 1, folder.name, folder, None, NOON, ScoringStep.SCORED, "")


def new(folder: Path, content: bytes, name: str = "new.jpg") -> Path:
    (folder / name).write_bytes(content)
    return folder / name


def test_the_same_bytes_are_found_under_another_name_and_only_they(tmp_path: Path) -> None:
    slide = slide_of(tmp_path / "old", a=b"x" * 20_000, b=b"y" * 20_000)
    images = [new(tmp_path, b"y" * 20_000), new(tmp_path, b"z" * 20_000, "other.jpg")]
    assert [(held.name, held.slide.id) for held in held_already(images, [slide])] == [("new.jpg", 1)]


def test_a_difference_anywhere_makes_another_image(tmp_path: Path) -> None:
    content = bytes(20_000)
    slide = slide_of(tmp_path / "old", a=content)
    for place in (0, 9_999, 19_999):
        image = new(tmp_path, content[:place] + b"\1" + content[place + 1 :])
        assert held_already([image], [slide]) == ()
    assert len(held_already([new(tmp_path, content)], [slide])) == 1


def test_each_slide_is_named_once_and_folders_in_folders_are_looked_into(tmp_path: Path) -> None:
    slides = [slide_of(tmp_path / f"{number}", number, a=b"x", b=b"x") for number in (1, 2)]
    slides.append(slide_of(tmp_path / "3", 3))
    (tmp_path / "3" / "deep").mkdir()
    (tmp_path / "3" / "deep" / "c.jpg").write_bytes(b"x")
    found = held_already([new(tmp_path, b"x")], slides)
    assert [held.slide.id for held in found] == [1, 2, 3]


def test_a_scan_is_a_file_of_its_own_and_what_is_gone_holds_nothing(tmp_path: Path) -> None:
    scan = slide_of(tmp_path / "scans", a=b"scan")
    scan = StoredSlide(1, 1, "scan", scan.folder / "a.jpg", None, NOON, ScoringStep.SCORED, "")
    gone = StoredSlide(2, 1, "gone", tmp_path / "gone", None, NOON, ScoringStep.SCORED, "")
    assert [held.slide.name for held in held_already([new(tmp_path, b"scan")], [gone, scan])] == ["scan"]


def test_an_image_is_not_its_own_double(tmp_path: Path) -> None:
    slide = slide_of(tmp_path / "old", a=b"x")
    assert held_already([slide.folder / "a.jpg"], [slide]) == ()
