"""What is written is opened by a second implementation of its format, which counts the same objects."""

from collections import Counter
from pathlib import Path

import cv2
import geojson
import numpy as np
import pytest
import shapely
import supervision
from pycocotools.coco import COCO

from datasets.interchange.formats import AnnotationFormat, write_labelled
from datasets.interchange.labelled import LabelledField, LabelledObject


def cells(count: int, seed: int) -> tuple[LabelledObject, ...]:
    random = np.random.default_rng(seed)
    labels = ("infected", "healthy", "red_cell", "white_cell")
    boxes = np.round(random.uniform((0, 0, 20, 20), (160, 110, 40, 40), (count, 4)), 2).tolist()
    return tuple(
        LabelledObject(x, y, width, height, labels[number % 4], score=0.5)
        for number, (x, y, width, height) in enumerate(boxes)
    )


FIELDS = tuple(
    LabelledField(f"field{number}.png", 200, 150, cells(4 + number, number)) for number in range(5)
)
BOXES = {
    field.name: np.array([(one.x, one.y, one.x + one.width, one.y + one.height) for one in field.objects])
    for field in FIELDS
}
CLASSES = Counter(one.label for field in FIELDS for one in field.objects)


@pytest.fixture
def images(tmp_path: Path) -> Path:
    folder = tmp_path / "images"
    folder.mkdir()
    for field in FIELDS:
        cv2.imwrite(str(folder / field.name), np.zeros((field.height_px, field.width_px, 3), np.uint8))
    return folder


def held_by(dataset: supervision.DetectionDataset) -> Counter[str]:
    """Counts by class, once the boxes were found to be ours."""
    found: Counter[str] = Counter()
    for path, detections in dataset.annotations.items():
        np.testing.assert_allclose(detections.xyxy, BOXES[Path(path).name], atol=1.01)  # VOC begins at 1
        assert detections.class_id is not None
        found.update(dataset.classes[number] for number in detections.class_id)
    return found


def test_pycocotools_counts_the_objects_of_coco(tmp_path: Path) -> None:
    write_labelled(tmp_path / "coco.json", AnnotationFormat.COCO, FIELDS)
    coco = COCO(tmp_path / "coco.json")
    assert len(coco.getImgIds()) == 5
    assert {name: len(coco.getAnnIds(catIds=coco.getCatIds(catNms=[name]))) for name in CLASSES} == CLASSES
    for image in coco.loadImgs(coco.getImgIds()):
        boxes = np.array([one["bbox"] for one in coco.loadAnns(coco.getAnnIds(imgIds=[image["id"]]))])
        boxes[:, 2:] += boxes[:, :2]
        np.testing.assert_allclose(boxes, BOXES[image["file_name"]])


def test_supervision_counts_the_objects_of_coco(images: Path, tmp_path: Path) -> None:
    write_labelled(tmp_path / "coco.json", AnnotationFormat.COCO, FIELDS)
    held = supervision.DetectionDataset.from_coco(str(images), str(tmp_path / "coco.json"))
    assert held_by(held) == CLASSES


def test_supervision_counts_the_objects_of_pascal_voc(images: Path, tmp_path: Path) -> None:
    write_labelled(tmp_path / "out", AnnotationFormat.VOC, FIELDS)
    held = supervision.DetectionDataset.from_pascal_voc(str(images), str(tmp_path / "out" / "Annotations"))
    assert held_by(held) == CLASSES


def test_supervision_counts_the_objects_of_yolo(images: Path, tmp_path: Path) -> None:
    write_labelled(tmp_path / "out", AnnotationFormat.YOLO, FIELDS)
    out = tmp_path / "out"
    held = supervision.DetectionDataset.from_yolo(str(images), str(out / "labels"), str(out / "data.yaml"))
    assert held_by(held) == CLASSES


def test_geojson_finds_valid_features_and_shapely_their_boxes(tmp_path: Path) -> None:
    write_labelled(tmp_path / "out", AnnotationFormat.GEOJSON, FIELDS)
    found: Counter[str] = Counter()
    for field in FIELDS:
        text = (tmp_path / "out" / f"{field.name}.geojson").read_text(encoding="utf-8")
        collection = geojson.loads(text)
        assert collection.is_valid
        bounds = [shapely.geometry.shape(one.geometry).bounds for one in collection.features]
        np.testing.assert_allclose(np.array(bounds), BOXES[field.name])
        found.update(one.properties["classification"]["name"] for one in collection.features)
    assert found == CLASSES
