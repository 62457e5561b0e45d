"""Imagenette with its table of boxes: drawn, and the real one."""

from pathlib import Path

import numpy as np
import pytest

from datasets.boxed_images import IMAGENETTE, imagenette_boxed
from tests.drawn_box_sets import imagenette_rows, save_imagenette


def test_an_image_of_imagenette_has_all_its_boxes_in_whole_pixels(tmp_path: Path) -> None:
    images = imagenette_boxed(save_imagenette(tmp_path, imagenette_rows()))
    assert [image.wnid for image in images] == list(IMAGENETTE)
    first = images[0]
    assert (first.name, first.path) == ("tench", tmp_path / "train/n01440764/n01440764_1.JPEG")
    assert first.boxes.tolist() == [[10, 20, 100, 200], [200, 0, 223, 5]]
    assert (first.height_px, first.width_px) == (224, 224)
    assert first.image()[0, 0].tolist() == pytest.approx([200, 20, 10], abs=3), "red first"


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
