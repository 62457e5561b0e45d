"""Rows of a table of boxes: one fault each, named by file, line and value."""

from collections.abc import Callable
from pathlib import Path

import pytest

from datasets.boxed_images import BoxedImage, BoxedImageError, imagenette_boxed, tiny_imagenet
from tests.drawn_box_sets import (
    Row,
    imagenette_rows,
    save_image,
    save_imagenette,
    save_tiny,
    tiny_rows,
    write_table,
)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"x0": "60", "x1": "53"}, "line 3: box 60, 3, 53, 4 is empty or inverted"),
        ({"y0": "5"}, "line 3: box 63, 5, 63, 4 is empty or inverted"),
        ({"x1": "nan"}, "line 3: box 63, 3, nan, 4 is empty or inverted"),
        ({"x1": ""}, "line 3: box 63, 3, , 4: no x1"),
        ({"x0": "", "y0": "", "x1": "", "y1": ""}, "line 3: box , , , : no x0, y0, x1, y1"),
        ({"x1": "far"}, "line 3: box 63, 3, far, 4: could not convert string to float: 'far'"),
        ({"x1": "64"}, "line 3: box 63, 3, 64, 4 is not inside the image of 64 x 64 px"),
        ({"y0": "-1"}, "line 3: box 63, -1, 63, 4 is not inside the image"),
        ({"wnid": "n3"}, "line 3: class 'n3' is not in the set"),
        ({"path": "n1/a.JPEG"}, "line 3: a.JPEG is n2 here and n1 in boxes.csv line 2"),
    ],
)
def test_a_fault_in_a_row_is_named_by_file_line_and_value(tmp_path: Path, change: Row, said: str) -> None:
    rows = tiny_rows()
    rows[1].update(change)
    root = save_tiny(tmp_path, rows)
    with pytest.raises(BoxedImageError) as error:
        tiny_imagenet(root)
    assert f"{root / 'boxes.csv'}: {said}" in str(error.value)


def test_a_class_without_images_is_named(tmp_path: Path) -> None:
    root = save_tiny(tmp_path / "tiny", tiny_rows()[:1])
    with pytest.raises(BoxedImageError, match=r"classes.csv: line 3: class n2 \(reel\) has no image"):
        tiny_imagenet(root)
    root = save_imagenette(tmp_path / "imagenette", imagenette_rows()[:-1])
    with pytest.raises(BoxedImageError, match=r"boxes.csv: class n03888257 \(parachute\) has no image"):
        imagenette_boxed(root)


@pytest.mark.parametrize("reader", [imagenette_boxed, tiny_imagenet])
def test_a_folder_without_its_table_is_named(
    tmp_path: Path, reader: Callable[[Path], list[BoxedImage]]
) -> None:
    with pytest.raises(BoxedImageError, match=rf"{tmp_path}/\w+.csv: missing; give the folder"):
        reader(tmp_path)


def test_a_missing_image_is_named_with_the_line_that_lists_it(tmp_path: Path) -> None:
    root = save_tiny(tmp_path, tiny_rows())
    (root / "n2/b.JPEG").unlink()
    with pytest.raises(BoxedImageError, match=f"line 3: {root / 'n2/b.JPEG'} is missing"):
        tiny_imagenet(root)


def test_a_table_with_other_columns_is_refused(tmp_path: Path) -> None:
    root = save_imagenette(tmp_path, imagenette_rows())
    write_table(root / "classes.csv", [{"wnid": "n1", "name": "cat"}])
    with pytest.raises(BoxedImageError, match=r"boxes.csv: line 1: no column path, x0, y0, x1, y1"):
        tiny_imagenet(root)


def test_a_row_that_breaks_off_is_named(tmp_path: Path) -> None:
    root = save_tiny(tmp_path, tiny_rows())
    table = root / "boxes.csv"
    table.write_text(table.read_text().rstrip().rsplit(",", 2)[0])
    with pytest.raises(BoxedImageError, match="line 3: box 63, 3, , : no x1, y1"):
        tiny_imagenet(root)


def test_an_image_that_no_row_lists_is_named(tmp_path: Path) -> None:
    root = save_tiny(tmp_path, tiny_rows())
    save_image(root / "n2/c.JPEG", 64, 64)
    with pytest.raises(BoxedImageError, match=r"n2/c.JPEG: no box is given for it"):
        tiny_imagenet(root)
