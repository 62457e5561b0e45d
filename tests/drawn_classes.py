"""A set of images with boxes, drawn here: squares of three colours on grey, in a table of boxes."""

from pathlib import Path

import cv2
import numpy as np

from datasets.boxed_images import BoxedImage, write_box_table

STUDY_BASE = """\
base:
  images: {dataset: squares, classes: all, split_seed: 0, size_px: 32}
  backbone: {name: small, weights: random, normalisation: null}
  maps: {method: grad-cam, layer: null}
  training:
    reference: {epochs: 1, learning_rate: 0.003, weight_decay: 0.0001, warm_up: 0.1, trains: network}
    guided: {epochs: 1, learning_rate: 0.003, weight_decay: 0.0001, warm_up: 0.1}
    batch_size: 10
    images_a_pass: 10
    freeze_batch_norm: false
    patience_epochs: null
    reading_processes: 0
    seed: 0
  precision: 32-true
"""
"""The training that the arms of a study of the drawn images share, as a configuration has it."""
COLOURS = {"n1": (220, 40, 40), "n2": (40, 220, 40), "n3": (40, 40, 220)}
NAMES = ("red", "green", "blue")
IMAGES_A_CLASS = 14
SIDE_PX = 40


def save_coloured_squares(root: Path) -> None:
    """Write the images and `boxes.csv`."""
    draw = np.random.default_rng(8)
    images = []
    for (wnid, colour), name in zip(COLOURS.items(), NAMES, strict=True):
        for number in range(IMAGES_A_CLASS):
            pixels = draw.integers(90, 130, (SIDE_PX, SIDE_PX, 3), np.uint8)
            x, y = draw.integers(0, SIDE_PX - 18, 2).tolist()
            pixels[y : y + 18, x : x + 18] = colour
            path = root / wnid / f"{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(path), pixels[..., ::-1])
            box = np.array([[x, y, x + 17, y + 17]])
            images.append(BoxedImage(path, wnid, name, box, SIDE_PX, SIDE_PX))
    write_box_table(root / "boxes.csv", images)
