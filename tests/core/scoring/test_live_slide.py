"""The fields of a slide scored as they come: counted once, kept, scored again where that does not fit."""

import signal
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray

from core.scoring.ledger import ScoringIdentity
from core.scoring.live_slide import LiveSlide
from core.scoring.live_tally import LiveField, LiveTally
from core.scoring.workers import LocalWorkers
from tests.coloured_cells import BACKGROUND, CELL, DotCard, draw_field, load_models, save
from tests.core.slides.images import picture, write_pyramid

IDENTITY = ScoringIdentity("1", "dots 1", None, "slide")


def opened(folder: Path, identity: ScoringIdentity = IDENTITY) -> LiveSlide:
    (folder / "slide").mkdir(exist_ok=True)
    workers = LocalWorkers(load_models, 1)
    return LiveSlide(folder / "slide", "slide", folder / "kept", identity, DotCard(), workers, None)


def score(slide: LiveSlide, file: str, state: str) -> tuple[LiveField, ...]:
    """The fields of one file; none where it is not whole."""
    return slide.score({file: state}).get(file, ())


@pytest.fixture
def slide(tmp_path: Path) -> Iterator[LiveSlide]:
    live = opened(tmp_path)
    yield live
    live.close()


def shoot(folder: Path, name: str, image: NDArray[np.uint8]) -> str:
    save(folder / "slide" / name, image)
    return name


def smear(width_px: int, seed: int = 1) -> NDArray[np.uint8]:
    """Cells that lie as irregularly as on a film."""
    import cv2

    random = np.random.default_rng(seed)
    image = np.full((300, width_px, 3), BACKGROUND, np.uint8)
    points: list[NDArray[np.int64]] = []
    while len(points) < width_px // 12:
        point = random.integers(20, [width_px - 20, 280])
        if all(np.hypot(*(point - other)) > 32 for other in points):
            points.append(point)
            cv2.circle(image, (int(point[0]), int(point[1])), 12, CELL, cv2.FILLED)
    return np.asarray(np.clip(image + random.integers(-3, 4, image.shape), 0, 255), np.uint8)


def test_a_field_is_counted_once_however_often_it_is_photographed(tmp_path: Path, slide: LiveSlide) -> None:
    (first,) = score(slide, shoot(tmp_path, "f1.png", draw_field(seed=1)), "1")
    (again,) = score(slide, shoot(tmp_path, "f2.png", draw_field(seed=1)), "2")
    assert (first.cells, first.notes) == (30, ())
    assert (again.cells, again.is_counted) == (0, False)
    assert str(again.notes[0]) == "It does not count because it is the same picture as f1.png."
    assert slide.tally == LiveTally(cells=30, fields=1, left_out=1)


def test_cells_in_a_strip_that_two_fields_share_count_once_and_the_strip_is_named(
    tmp_path: Path, slide: LiveSlide
) -> None:
    whole = smear(900)
    (first,) = score(slide, shoot(tmp_path, "f1.png", whole[:, :560]), "1")
    (second,) = score(slide, shoot(tmp_path, "f2.png", whole[:, 340:]), "2")
    (note,) = second.notes
    assert note.code == "watch.overlaps"
    assert note.values["others"] == "f1.png"
    shared = note.values["cells"]
    assert isinstance(shared, int)
    assert shared >= 8
    # No cell is lost or counted twice: together they show 75, some of them cut by a border or beside it.
    assert 65 <= first.cells + second.cells <= 75


def test_of_several_files_at_once_each_is_held_against_those_before_it(
    tmp_path: Path, slide: LiveSlide
) -> None:
    for name, seed in (("f1.png", 1), ("f2.png", 1), ("f3.png", 2), ("f4.png", 3)):
        shoot(tmp_path, name, draw_field(seed=seed))
    (tmp_path / "slide" / "f3.png").write_bytes(b"\x89PNG\r\n\x1a\n half")
    scored = slide.score({f"f{number}.png": "1" for number in (1, 2, 3, 4)})
    assert {file: [field.cells for field in fields] for file, fields in scored.items()} == {
        "f1.png": [30],
        "f2.png": [0],
        "f4.png": [30],
    }


def test_a_picture_that_is_not_whole_gives_nothing_and_is_taken_once_it_is(
    tmp_path: Path, slide: LiveSlide
) -> None:
    name = shoot(tmp_path, "f1.png", draw_field())
    path = tmp_path / "slide" / name
    content = path.read_bytes()
    path.write_bytes(content[:-100])
    assert score(slide, name, "1") == ()
    assert slide.tally == LiveTally(0, 0, 0)
    path.write_bytes(content)
    assert score(slide, name, "2")[0].cells == 30


def test_a_field_taken_anew_under_its_name_replaces_the_earlier_one(tmp_path: Path, slide: LiveSlide) -> None:
    score(slide, shoot(tmp_path, "f1.png", draw_field(rows=5)), "1")
    score(slide, shoot(tmp_path, "f1.png", draw_field(rows=4, seed=2)), "2")
    assert slide.tally == LiveTally(24, 1, 0)
    assert slide.taken == {"f1.png": "2"}


def test_each_page_of_a_file_is_a_field(tmp_path: Path, slide: LiveSlide) -> None:
    for image in (draw_field(), smear(400)):
        tifffile.imwrite(tmp_path / "slide" / "f.tif", image, append=True, photometric="rgb")
    assert [field.name for field in score(slide, "f.tif", "1")] == ["f.tif#page=1", "f.tif#page=2"]
    assert slide.tally.fields == 2


def test_a_field_without_cells_before_the_first_with_some_is_named_and_harms_nothing(
    tmp_path: Path, slide: LiveSlide
) -> None:
    (bare,) = score(slide, shoot(tmp_path, "f1.png", draw_field(cell=BACKGROUND)), "1")
    assert [note.code for note in bare.notes] == ["watch.no_cells"]
    assert score(slide, shoot(tmp_path, "f2.png", draw_field()), "2")[0].cells == 30


def test_a_large_image_is_a_slide_of_its_own(tmp_path: Path, slide: LiveSlide) -> None:
    write_pyramid(tmp_path / "slide" / "scan.tif", picture(1024, 1024))
    (field,) = score(slide, "scan.tif", "1")
    assert [note.code for note in field.notes] == ["watch.large_image"]
    assert slide.taken == {"scan.tif": "1"}


def test_what_was_kept_is_there_again_and_a_later_field_is_held_against_it(tmp_path: Path) -> None:
    before = opened(tmp_path)
    score(before, shoot(tmp_path, "f1.png", draw_field(seed=1)), "1")
    before.close()
    again = opened(tmp_path)
    assert again.tally == LiveTally(30, 1, 0)
    assert again.taken == {"f1.png": "1"}
    (copy,) = score(again, shoot(tmp_path, "f2.png", draw_field(seed=1)), "2")
    assert copy.notes[0].code == "watch.duplicate"
    again.close()


@pytest.mark.parametrize("damage", ["fields.json", "manifest.json", "another model"])
def test_what_was_kept_and_does_not_fit_any_more_is_scored_again(tmp_path: Path, damage: str) -> None:
    before = opened(tmp_path)
    score(before, shoot(tmp_path, "f1.png", draw_field()), "1")
    score(before, shoot(tmp_path, "f2.png", draw_field()), "1")  # the same picture: it does not count
    before.close()
    identity = IDENTITY
    if damage == "another model":
        identity = ScoringIdentity("1", "dots 2", None, "slide")
    else:
        (tmp_path / "kept" / damage).write_bytes(b"[1")
    again = opened(tmp_path, identity)
    assert (again.taken, again.tally) == ({}, LiveTally(0, 0, 0))
    assert score(again, "f1.png", "1")[0].cells == 30
    again.close()


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is no such signal here")
def test_a_field_that_kills_the_process_which_looks_at_it_is_named_and_ends_nothing(tmp_path: Path) -> None:
    (tmp_path / "slide").mkdir()
    deadly = np.zeros((200, 240, 3), np.uint8)
    with LocalWorkers(partial(load_models, 0.01), 2) as workers:
        live = LiveSlide(tmp_path / "slide", "slide", tmp_path / "kept", IDENTITY, DotCard(), workers, None)
        for number, image in enumerate((deadly, draw_field(seed=1), deadly, draw_field(seed=2)), start=1):
            (field,) = score(live, shoot(tmp_path, f"f{number}.png", image), "1")
            assert (field.cells == 0) == (image is deadly)
            assert any("memory ran out" in str(note) for note in field.notes) == (image is deadly)
        assert live.tally == LiveTally(60, 2, 2)
        live.close()
