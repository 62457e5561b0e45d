"""Maps as files: what is written for each image, what the list says, and what a later run leaves behind."""

import csv
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from core.files import OutputError
from core.reports.map_files import ROWS_A_SHEET, ExplainedImage, MapFiles, MethodMap
from core.reports.overlays import MapTile


def method_map(values: list[list[float]], window: tuple[float, float, float, float]) -> MethodMap:
    """A layer that is as fine as the network's input."""
    array = np.array(values, np.float32)
    return MethodMap("cam", "features", array, array, window)


def explained(name: str = "cell 1", *values: list[list[float]]) -> ExplainedImage:
    image = np.full((40, 60, 3), 150, np.uint8)
    maps = [method_map(each, (0, 0, 60, 40)) for each in values or ([[0.0, 2.5]],)]
    named = tuple(
        MethodMap(method, each.layer, each.values, each.placed, each.window)
        for method, each in zip(("cam", "score-cam"), maps, strict=False)
    )
    return ExplainedImage(name, f"folder/{name}.png", image, "infected", 0.25, named)


def listed(folder: Path) -> list[dict[str, str]]:
    with (folder / "maps.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def write(folder: Path, *images: ExplainedImage) -> None:
    files = MapFiles(folder, "network", [each.method for each in images[0].maps])
    for image in images:
        files.add(image)
    files.close()


def test_an_image_gets_a_picture_an_array_a_method_and_a_line_for_each(tmp_path: Path) -> None:
    write(tmp_path, explained("cell 1", [[0.0, 2.5]], [[0.0, 0.0]]))
    first, second = listed(tmp_path)
    assert first == {
        "image": "folder/cell 1.png",
        "method": "cam",
        "class": "infected",
        "probability": "0.250000",
        "layer": "features",
        "empty_map": "no",
        "x": "0.00",
        "y": "0.00",
        "width": "60.00",
        "height": "40.00",
        "array": "images/cell 1_cam.npy",
        "picture": "images/cell 1.png",
        "remark": "",
    }
    assert (second["method"], second["empty_map"]) == ("score-cam", "yes")
    array = np.load(tmp_path / first["array"], allow_pickle=False)
    assert array.dtype == np.float32
    assert array.tolist() == [[0.0, 2.5]]  # as the method gave it
    assert cv2.imread(str(tmp_path / first["picture"])) is not None


@pytest.mark.parametrize("name", ["two\nlines", "komma, “quotes”", "é 名", "sheet", "maps"])
def test_any_name_comes_back_from_the_list(tmp_path: Path, name: str) -> None:
    write(tmp_path, explained(name))
    (row,) = listed(tmp_path)
    assert row["image"] == f"folder/{name}.png"
    assert (tmp_path / row["array"]).is_file()
    assert (tmp_path / row["picture"]).is_file()
    assert (tmp_path / "sheet.png").is_file()


def test_many_images_take_several_sheets(tmp_path: Path) -> None:
    write(tmp_path, *(explained(f"cell {number}") for number in range(2 * ROWS_A_SHEET + 1)))
    sheets = [cv2.imread(str(tmp_path / name)) for name in ("sheet.png", "sheet_2.png", "sheet_3.png")]
    heights = [sheet.shape[0] for sheet in sheets if sheet is not None]
    assert len(heights) == 3
    assert heights[0] == heights[1] > heights[2]
    assert len(listed(tmp_path)) == 2 * ROWS_A_SHEET + 1


def test_a_smaller_run_takes_the_sheets_of_a_larger_one_away(tmp_path: Path) -> None:
    write(tmp_path, *(explained(f"cell {number}") for number in range(2 * ROWS_A_SHEET + 1)))
    write(tmp_path, explained())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["images", "maps.csv", "sheet.png"]
    assert len(listed(tmp_path)) == 1


def test_a_run_takes_the_pictures_and_arrays_of_an_earlier_one_away(tmp_path: Path) -> None:
    write(tmp_path, *(explained(name, [[1.0]], [[2.0]]) for name in ("cell 1", "two\nlines")))
    (tmp_path / "images" / "of another.png").write_bytes(b"kept")
    write(tmp_path, explained("cell 1"))
    left = {path.name for path in (tmp_path / "images").iterdir()}
    assert left == {"cell 1.png", "cell 1_cam.npy", "of another.png"}


@pytest.mark.parametrize(
    "content",
    [
        "array,picture\n../kept.png,images/../../kept.png\n",
        "array\nimages/a/kept.png\n",
        "a,b\n1\n",
        "\0\n",
        "",
    ],
)
def test_a_list_of_something_else_takes_nothing_away(tmp_path: Path, content: str) -> None:
    out = tmp_path / "out"
    kept = [tmp_path / "kept.png", out / "images" / "a" / "kept.png"]
    for path in kept:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"kept")
    (out / "maps.csv").write_text(content)
    write(out, explained())
    assert all(path.is_file() for path in kept)
    assert len(listed(out)) == 1


def test_a_picture_says_the_class_in_its_head_and_what_is_unsure_below(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heads: list[str] = []
    captions: list[str] = []

    def noted(_: str, summary: str, __: object, rows: list[list[MapTile]], **___: int) -> NDArray[np.uint8]:
        heads.append(summary)
        captions.extend(rows[0][0].captions)
        return np.zeros((1, 1, 3), np.uint8)

    monkeypatch.setattr("core.reports.map_files.map_sheet", noted)
    write(tmp_path, replace(explained(), remark="measured on 3 cells only"))
    assert heads[0].startswith("infected; ")
    assert "measured on 3 cells only" in captions
    assert listed(tmp_path)[0]["remark"] == "measured on 3 cells only"


def test_a_run_without_an_image_changes_nothing(tmp_path: Path) -> None:
    write(tmp_path, explained())
    MapFiles(tmp_path, "network", ["cam"]).close()
    assert len(listed(tmp_path)) == 1


def test_the_list_is_there_as_soon_as_a_sheet_is_full(tmp_path: Path) -> None:
    files = MapFiles(tmp_path, "network", ["cam"])
    for number in range(ROWS_A_SHEET):
        files.add(explained(f"cell {number}"))
    assert len(listed(tmp_path)) == ROWS_A_SHEET


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(OutputError, match="out"):
        write(tmp_path / "out", explained())


def test_a_map_is_drawn_where_its_window_is_and_nowhere_else() -> None:
    drawn = method_map([[4.0, 4.0], [4.0, 4.0]], (20, 10, 20, 10)).drawn(40, 60, 1.0)
    expected = np.zeros((40, 60), np.float32)
    expected[10:20, 20:40] = 1
    assert np.array_equal(drawn, expected)


def test_a_window_over_the_border_is_cut_off() -> None:
    drawn = method_map([[1.0, 0.0]], (-30, 0, 60, 40)).drawn(40, 60, 1.0)
    assert not drawn[:, 30:].any()
    assert drawn[0, 0] == pytest.approx(0.483, abs=0.02)  # half of the way from 1 to 0 lies before the image


def test_the_array_is_of_the_layer_and_the_drawing_of_the_map_where_the_network_looked(
    tmp_path: Path,
) -> None:
    coarse, placed = np.array([[2.0, 0.0]], np.float32), np.array([[0.0, 1.0, 0.0, 0.0]], np.float32)
    each = MethodMap("cam", "l", coarse, placed, (0, 0, 4, 1))
    assert each.drawn(1, 4, 1.0).tolist() == [[0, 1, 0, 0]]
    write(tmp_path, ExplainedImage("n", "n.png", np.zeros((1, 4, 3), np.uint8), "infected", 1.0, (each,)))
    assert np.load(tmp_path / "images" / "n_cam.npy", allow_pickle=False).tolist() == [[2, 0]]


def test_a_map_is_upsampled_as_pytorch_does_it() -> None:
    values = np.random.default_rng(0).random((5, 7), np.float32)
    expected = torch.nn.functional.interpolate(
        torch.from_numpy(values / values.max())[None, None], (40, 60), mode="bilinear", align_corners=False
    )[0, 0].numpy()
    drawn = MethodMap("cam", "l", values, values, (0, 0, 60, 40)).drawn(40, 60, 1.0)
    np.testing.assert_allclose(drawn, expected, atol=0.02)  # OpenCV rounds places to a 32nd of a cell


def test_an_image_drawn_at_half_its_size_has_its_map_at_half_its_size() -> None:
    each = method_map([[1.0, 1.0]], (20, 10, 20, 10))
    expected = np.zeros((20, 30), np.float32)
    expected[5:10, 10:20] = 1
    assert np.array_equal(each.drawn(20, 30, 0.5), expected)


def test_an_empty_map_is_drawn_as_nothing() -> None:
    each = method_map([[0.0, 0.0]], (0, 0, 60, 40))
    assert each.is_empty
    drawn: NDArray[np.float32] = each.drawn(40, 60, 1.0)
    assert not drawn.any()
