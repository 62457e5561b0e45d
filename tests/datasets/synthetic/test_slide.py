"""A drawn slide on disk: images alone, its truth beside it, the same bytes for the same seed."""

from pathlib import Path

import cv2
import pandas as pd
import pytest

from core.files import OutputError
from datasets.synthetic import ImpossibleSmearError, render_slide, truth_path


def test_a_slide_is_a_folder_of_only_images_with_its_truth_beside_it(tmp_path: Path) -> None:
    folder = tmp_path / "slide of a é"
    drawn = []
    slide = render_slide(
        folder,
        fields=3,
        seed=1,
        width_px=320,
        height_px=240,
        cell_diameter_px=24,
        cells_per_field=30,
        parasitaemia=0.3,
        after_field=lambda: drawn.append(1),
    )
    names = ["field_0001.jpg", "field_0002.jpg", "field_0003.jpg"]
    assert sorted(path.name for path in folder.iterdir()) == names
    assert len(drawn) == 3
    assert slide.truth == truth_path(folder) == tmp_path / "slide of a é.truth.parquet"
    table = pd.read_parquet(slide.truth)
    red = table[table["kind"] == "red_cell"]
    assert red.groupby("field").size().to_dict() == dict.fromkeys(names, 30)
    assert slide.red_cells == 90
    assert slide.infected_cells == int(table["infected"].sum()) > 0
    assert set(table.loc[~table["infected"], "stage"]) == {""}
    first = cv2.imread(str(folder / names[0]))
    assert first is not None
    assert first.shape == (240, 320, 3)


def test_a_slide_rendered_twice_is_the_same_byte_for_byte(tmp_path: Path) -> None:
    for name in ("first", "second"):
        render_slide(tmp_path / name, fields=2, seed=7, width_px=320, height_px=240, cell_diameter_px=30)
    for image in (tmp_path / "first").iterdir():
        assert image.read_bytes() == (tmp_path / "second" / image.name).read_bytes()
    assert truth_path(tmp_path / "first").read_bytes() == truth_path(tmp_path / "second").read_bytes()


def test_a_longer_slide_begins_with_the_shorter_one(tmp_path: Path) -> None:
    for name, fields in (("short", 1), ("long", 2)):
        render_slide(tmp_path / name, fields=fields, seed=7, width_px=320, height_px=240, cell_diameter_px=30)
    first = "field_0001.jpg"
    assert (tmp_path / "short" / first).read_bytes() == (tmp_path / "long" / first).read_bytes()


def test_a_slide_is_not_mixed_into_a_folder_that_holds_something(tmp_path: Path) -> None:
    (tmp_path / "field_0001.jpg").write_bytes(b"precious")
    with pytest.raises(ImpossibleSmearError, match="is not empty: give a new folder"):
        render_slide(tmp_path, fields=1, seed=0)
    assert (tmp_path / "field_0001.jpg").read_bytes() == b"precious"


def test_a_slide_of_no_fields_or_into_a_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImpossibleSmearError, match="fields is 0: give 1 to 9999"):
        render_slide(tmp_path / "new", fields=0, seed=0)
    (tmp_path / "file").touch()
    with pytest.raises(ImpossibleSmearError, match="is a file: give a folder"):
        render_slide(tmp_path / "file", fields=1, seed=0)


def test_the_truth_of_a_slide_drawn_into_the_present_folder_lies_beside_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "slide").mkdir()
    monkeypatch.chdir(tmp_path / "slide")
    slide = render_slide(Path(), fields=1, seed=7, width_px=320, height_px=240, cell_diameter_px=30)
    assert slide.truth == tmp_path / "slide.truth.parquet"
    assert slide.truth.is_file()
    assert [path.name for path in (tmp_path / "slide").iterdir()] == ["field_0001.jpg"]


@pytest.mark.parametrize("folder", ["/proc/slide", "{}/file/slide"])
def test_what_cannot_be_written_is_said_before_anything_is_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.delattr("datasets.synthetic.slide.render_field")
    with pytest.raises(OutputError, match="cannot write"):
        render_slide(Path(folder.format(tmp_path)), fields=1, seed=0)
