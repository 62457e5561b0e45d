"""Imagenette and tiny-imagenet with tables of boxes: drawn sets, one fault each, and the real ones."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from datasets.boxed_images import (
    IMAGENETTE,
    BoxedImage,
    BoxedImageError,
    classes_in_14,
    imagenette_boxed,
    of_classes,
    tiny_imagenet,
)
from datasets.fields import AnnotationError
from tests.drawn_box_sets import (
    Row,
    imagenette_rows,
    save_image,
    save_imagenette,
    save_tiny,
    tiny_rows,
    write_table,
)


def test_an_image_of_imagenette_has_all_its_boxes_in_whole_pixels(tmp_path: Path) -> None:
    images = imagenette_boxed(save_imagenette(tmp_path, imagenette_rows()))
    assert [image.wnid for image in images] == list(IMAGENETTE)
    first = images[0]
    assert (first.name, first.path) == ("tench", tmp_path / "train/n01440764/n01440764_1.JPEG")
    assert first.boxes.tolist() == [[10, 20, 100, 200], [200, 0, 223, 5]]
    assert (first.height_px, first.width_px) == (224, 224)
    assert first.image()[0, 0].tolist() == pytest.approx([200, 20, 10], abs=3), "red first"


def test_tiny_imagenet_takes_its_names_from_the_list_of_classes(tmp_path: Path) -> None:
    images = tiny_imagenet(save_tiny(tmp_path, tiny_rows()))
    assert [(image.wnid, image.name) for image in images] == [("n1", "cat, tom"), ("n2", "reel")]
    assert images[0].boxes.tolist() == [[1, 0, 53, 63]]
    assert images[0].image().shape == (64, 64, 3)


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


def test_an_unreadable_image_and_one_of_another_size_are_named_when_decoded(tmp_path: Path) -> None:
    root = save_tiny(tmp_path, tiny_rows())
    (root / "n1/a.JPEG").write_bytes(b"text")
    save_image(root / "n2/b.JPEG", 32, 32)
    first, second = tiny_imagenet(root)
    with pytest.raises(BoxedImageError, match=r"a.JPEG: cannot be decoded \(cannot identify image file\)"):
        first.image()
    with pytest.raises(BoxedImageError, match=r"b.JPEG: 32 x 32 px, its boxes are for 64 x 64"):
        second.image()


def test_an_image_that_no_row_lists_is_named(tmp_path: Path) -> None:
    root = save_tiny(tmp_path, tiny_rows())
    save_image(root / "n2/c.JPEG", 64, 64)
    with pytest.raises(BoxedImageError, match=r"n2/c.JPEG: no box is given for it"):
        tiny_imagenet(root)


def test_the_classes_of_the_report_are_those_marked(tmp_path: Path) -> None:
    assert classes_in_14(save_tiny(tmp_path, tiny_rows())) == ("n1",)


def test_any_list_of_classes_can_be_chosen_of_a_set(tmp_path: Path) -> None:
    images = imagenette_boxed(save_imagenette(tmp_path, imagenette_rows()))
    assert [image.name for image in of_classes(images, ["n03888257", "n01440764"])] == ["tench", "parachute"]
    with pytest.raises(AnnotationError, match="class n1: no image of it"):
        of_classes(images, ["n01440764", "n1"])
    with pytest.raises(AnnotationError, match="n1, n1: one is given twice"):
        of_classes(images, ["n1", "n1"])


@pytest.mark.shared_data
def test_the_real_imagenette_has_500_unseen_images_with_boxes_on_two_fifths_of_the_area(
    shared_data: Path,
) -> None:
    images = imagenette_boxed(shared_data / "imagenette_boxed")
    unseen = [image for image in images if image.unseen_by_imagenet_weights]
    assert (len(images), len(unseen)) == (1113, 500)
    assert {sum(image.wnid == wnid for image in unseen) for wnid in IMAGENETTE} == {50}
    assert sum(len(image.boxes) for image in images) == 1467
    assert np.mean([image.region().mean() for image in images]) == pytest.approx(0.40, abs=0.01)
    assert images[0].image().shape == (224, 224, 3)


@pytest.mark.shared_data
def test_the_real_tiny_imagenet_has_one_box_an_image(shared_data: Path) -> None:
    images = tiny_imagenet(shared_data / "tiny_imagenet")
    assert len(images) == 18160
    assert {len(image.boxes) for image in images} == {1}
    assert len({image.wnid for image in images}) == 200
    assert images[0].image().shape == (64, 64, 3)
    chosen = of_classes(images, classes_in_14(shared_data / "tiny_imagenet"))
    assert len(chosen) == 14 * 500
