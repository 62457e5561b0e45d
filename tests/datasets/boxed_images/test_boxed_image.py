"""One image with its boxes: its region, and what makes it unusable."""

import io
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from datasets.boxed_images import (
    BoxedImage,
    BoxedImageError,
    Problem,
    imagenette_boxed,
    of_classes,
    tiny_imagenet,
)
from datasets.fields import AnnotationError
from tests.drawn_box_sets import imagenette_rows, save_image, save_imagenette, save_tiny, tiny_rows


def boxed(boxes: list[list[int]]) -> BoxedImage:
    return BoxedImage(Path("a.JPEG"), "n1", "cat", np.array(boxes), 4, 6)


def test_a_region_has_the_first_and_the_last_row_and_column_of_a_box() -> None:
    region = boxed([[1, 0, 2, 3]]).region()
    assert region.astype(int).tolist() == [[0, 1, 1, 0, 0, 0]] * 4


def test_a_region_is_all_boxes_and_counts_a_shared_pixel_once() -> None:
    region = boxed([[0, 0, 1, 1], [1, 1, 2, 2], [5, 3, 5, 3]]).region()
    assert region.sum() == 4 + 4 - 1 + 1
    assert region[3, 5]


@pytest.mark.parametrize(
    ("name", "unseen"),
    [
        ("ILSVRC2012_val_00000293.JPEG", True),
        ("n01440764_10048.JPEG", False),
        ("ILSVRC2012_train_1.JPEG", False),
    ],
)
def test_images_of_the_validation_set_are_unseen_by_published_weights(name: str, unseen: bool) -> None:
    image = BoxedImage(Path("ILSVRC2012_val_x") / name, "n1", "cat", np.zeros((1, 4), np.int64), 4, 6)
    assert image.unseen_by_imagenet_weights is unseen


def test_a_file_that_is_cut_short_is_named_and_not_filled_with_grey(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    whole = cv2.imencode(".jpg", noise)[1].tobytes()
    path = tmp_path / "a.JPEG"
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BoxedImageError, match=r"a.JPEG: cannot be decoded \(.*truncated"):
        BoxedImage(path, "n1", "cat", np.zeros((1, 4), np.int64), 64, 64).image()


def test_boxes_are_for_the_stored_pixels_whichever_way_up_the_camera_was(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    save_image(path, 40, 30)
    turned = Image.open(path)
    exif = turned.getexif()
    exif[0x0112] = 6
    buffer = io.BytesIO()
    turned.save(buffer, "JPEG", exif=exif)
    path.write_bytes(buffer.getvalue())
    assert BoxedImage(path, "n1", "cat", np.zeros((1, 4), np.int64), 30, 40).image().shape == (30, 40, 3)


def test_a_problem_says_where_what_and_what_to_do() -> None:
    file = Path("set/boxes.csv")
    assert str(Problem(file, 3, "box 2, 1 is odd", "give 1, 2")) == (
        "set/boxes.csv: line 3: box 2, 1 is odd; give 1, 2"
    )
    assert str(Problem(file, None, "missing", "add it")) == "set/boxes.csv: missing; add it"


def test_an_unreadable_image_and_one_of_another_size_are_named_when_decoded(tmp_path: Path) -> None:
    root = save_tiny(tmp_path, tiny_rows())
    (root / "n1/a.JPEG").write_bytes(b"text")
    save_image(root / "n2/b.JPEG", 32, 32)
    first, second = tiny_imagenet(root)
    with pytest.raises(BoxedImageError, match=r"a.JPEG: cannot be decoded \(cannot identify image file\)"):
        first.image()
    with pytest.raises(BoxedImageError, match=r"b.JPEG: 32 x 32 px, its boxes are for 64 x 64"):
        second.image()


def test_any_list_of_classes_can_be_chosen_of_a_set(tmp_path: Path) -> None:
    images = imagenette_boxed(save_imagenette(tmp_path, imagenette_rows()))
    assert [image.name for image in of_classes(images, ["n03888257", "n01440764"])] == ["tench", "parachute"]
    with pytest.raises(AnnotationError, match="class n1: no image of it"):
        of_classes(images, ["n01440764", "n1"])
    with pytest.raises(AnnotationError, match="n1, n1: one is given twice"):
        of_classes(images, ["n1", "n1"])
