"""Small sets of images with boxes in each layout, drawn into a folder."""

import csv
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from datasets.boxed_images import IMAGENETTE, BoxedImage

Row = dict[str, str]
COLUMNS = ("x0_224", "y0_224", "x1_224", "y1_224")


def write_table(path: Path, rows: list[Row]) -> None:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def save_image(path: Path, width_px: int, height_px: int) -> None:
    """An image of one red, so that a swap of channels shows."""
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.full((height_px, width_px, 3), (10, 20, 200), np.uint8))


def save_text(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def imagenette_rows() -> list[Row]:
    """One image of each class, the first with two boxes."""
    rows = [
        {"file": f"train/{wnid}/{wnid}_1.JPEG", "wnid": wnid, **dict(zip(COLUMNS, box, strict=True))}
        for wnid, box in ((wnid, ("10.2", "20.9", "100.7", "200")) for wnid in IMAGENETTE)
    ]
    second = {**rows[0], **dict(zip(COLUMNS, ("200", "0", "223.99", "5"), strict=True))}
    return [rows[0], second, *rows[1:]]


def save_imagenette(root: Path, rows: list[Row]) -> Path:
    for row in rows:
        save_image(root / row["file"], 224, 224)
    write_table(root / "boxes.csv", rows)
    return root


def tiny_rows() -> list[Row]:
    return [
        {"path": "n1/a.JPEG", "wnid": "n1", "x0": "1", "y0": "0", "x1": "53", "y1": "63"},
        {"path": "n2/b.JPEG", "wnid": "n2", "x0": "63", "y0": "3", "x1": "63", "y1": "4"},
    ]


def save_tiny(root: Path, rows: list[Row]) -> Path:
    for row in rows:
        save_image(root / row["path"], 64, 64)
    write_table(root / "boxes.csv", rows)
    names = [{"wnid": "n1", "name": "cat, tom", "in_14": "1"}, {"wnid": "n2", "name": "reel", "in_14": "0"}]
    write_table(root / "classes.csv", names)
    return root


def save_published_tiny(root: Path) -> Path:
    """Two classes, one image of each for training, and one of the second for validation."""
    save_text(root / "wnids.txt", "n2\nn1\n")
    save_text(root / "words.txt", "n1\tcat, tom\nn2\treel\nn3\tdog\n")
    for wnid, box in (("n1", "0\t0\t63\t9"), ("n2", "5\t6\t7\t8")):
        save_image(root / f"train/{wnid}/images/{wnid}_0.JPEG", 64, 64)
        save_text(root / f"train/{wnid}/{wnid}_boxes.txt", f"{wnid}_0.JPEG\t{box}\n")
    save_image(root / "val/images/val_0.JPEG", 64, 64)
    save_text(root / "val/val_annotations.txt", "val_0.JPEG\tn2\t1\t2\t3\t4\n")
    save_image(root / "test/images/test_0.JPEG", 64, 64)
    return root


def annotation(wnid: str, *boxes: tuple[int, int, int, int], size_px: tuple[int, int] = (40, 30)) -> str:
    """A file as ImageNet publishes them; the first object starts on line 6."""
    objects = "".join(
        f"  <object>\n    <name>{wnid}</name>\n    <bndbox>\n"
        f"      <xmin>{x0}</xmin>\n      <ymin>{y0}</ymin>\n"
        f"      <xmax>{x1}</xmax>\n      <ymax>{y1}</ymax>\n    </bndbox>\n  </object>\n"
        for x0, y0, x1, y1 in boxes
    )
    width, height = size_px
    return (
        "<annotation>\n  <folder>val</folder>\n  <size>\n"
        f"    <width>{width}</width><height>{height}</height><depth>3</depth>\n  </size>\n"
        f"{objects}</annotation>\n"
    )


def save_annotated_ilsvrc(root: Path, images: str = ".", annotations: str = "Annotations") -> Path:
    """Two training images of two classes, 40 x 30 px, and one of the validation set beside no other."""
    for wnid, boxes in (("n1", [(0, 0, 40, 30), (2, 3, 4, 5)]), ("n2", [(10, 11, 12, 13)])):
        save_image(root / images / f"train/{wnid}/{wnid}_7.JPEG", 40, 30)
        save_text(root / annotations / f"train/{wnid}/{wnid}_7.xml", annotation(wnid, *boxes))
    save_image(root / images / "val/ILSVRC2012_val_00000001.JPEG", 40, 30)
    save_text(root / annotations / "val/ILSVRC2012_val_00000001.xml", annotation("n2", (1, 2, 3, 4)))
    save_text(root / "LOC_synset_mapping.txt", "n1 tench, Tinca tinca\nn2 goldfish\nn3 shark\n")
    return root


def save_listed_ilsvrc(root: Path) -> Path:
    """The images of `save_annotated_ilsvrc`, with tables for annotations."""
    for wnid in ("n1", "n2"):
        save_image(root / f"ILSVRC/Data/CLS-LOC/train/{wnid}/{wnid}_7.JPEG", 40, 30)
        save_image(root / f"ILSVRC/Data/CLS-LOC/train/{wnid}/{wnid}_8.JPEG", 40, 30)
    save_image(root / "ILSVRC/Data/CLS-LOC/val/ILSVRC2012_val_00000001.JPEG", 40, 30)
    save_text(
        root / "LOC_train_solution.csv",
        "ImageId,PredictionString\nn1_7,n1 0 0 40 30 n1 2 3 4 5 \nn2_7,n2 10 11 12 13 \n",
    )
    save_text(
        root / "LOC_val_solution.csv", "ImageId,PredictionString\nILSVRC2012_val_00000001,n2 1 2 3 4 \n"
    )
    save_text(root / "LOC_synset_mapping.txt", "n1 tench, Tinca tinca\nn2 goldfish\nn3 shark\n")
    return root


SETS: dict[str, Callable[[Path], Path]] = {
    "imagenette with boxes": lambda root: save_imagenette(root, imagenette_rows()),
    "tiny-imagenet with a table of boxes": lambda root: save_tiny(root, tiny_rows()),
    "tiny-imagenet as published": save_published_tiny,
    "ILSVRC with solution tables": save_listed_ilsvrc,
    "ILSVRC with annotation files": save_annotated_ilsvrc,
}


def said_of(images: list[BoxedImage]) -> list[tuple[object, ...]]:
    return [
        (image.path.resolve(), image.wnid, image.name, image.boxes.tolist(), image.height_px, image.width_px)
        for image in images
    ]
