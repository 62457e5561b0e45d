"""A laboratory's own annotated fields, small, written as another program would: none of our writers."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np

Box = tuple[str, float, float, float, float]
"""Name of the class; x, y, width, height."""

CLASSES = {"ring": "infected", "rbc": "healthy", "wbc": "white_cell", "?": "unsure", "dirt": "not_a_red_cell"}
WIDTH_PX, HEIGHT_PX = 120, 90
BOXES: dict[str, Sequence[Box]] = {
    "patient 1/a.png": (
        ("rbc", -4.5, 5, 20, 22),
        ("ring", 30, 8, 18, 19),
        ("?", 60, 8, 19, 19),
        ("dirt", 60, 40, 9, 8),
    ),
    "patient 1/b.png": (("wbc", 10, 10, 40, 38),),
    "patient 2/a.png": (("rbc", 20, 20, 20, 20), ("ring", 50, 50, 20, 20)),
}


def save_picture(path: Path, seed: int = 0) -> None:
    """A picture that is like no other of another seed."""
    coarse = np.random.default_rng(seed).integers(0, 255, (9, 12, 3), np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    image = cv2.resize(coarse, (WIDTH_PX, HEIGHT_PX), interpolation=cv2.INTER_CUBIC)
    assert cv2.imwrite(str(path), image)


def save_pictures(folder: Path, names: Sequence[str]) -> None:
    for seed, name in enumerate(names):
        save_picture(folder / name, seed)


def coco_of(boxes: Mapping[str, Sequence[Box]] = BOXES) -> dict[str, list[dict[str, object]]]:
    names = sorted({box[0] for each in boxes.values() for box in each})
    images: list[dict[str, object]] = []
    annotations: list[dict[str, object]] = []
    for image_id, (name, marked) in enumerate(boxes.items(), start=1):
        images.append({"id": image_id, "file_name": name, "width": WIDTH_PX, "height": HEIGHT_PX})
        for label, *box in marked:
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": image_id,
                    "category_id": names.index(label) + 1,
                    "bbox": box,
                }
            )
    categories = [{"id": number, "name": name} for number, name in enumerate(names, start=1)]
    return {"images": images, "annotations": annotations, "categories": categories}


def save_coco(folder: Path, boxes: Mapping[str, Sequence[Box]] = BOXES) -> Path:
    """As CVAT leaves it: ``annotations/instances_default.json``, and the images in ``images``."""
    save_pictures(folder / "images", list(boxes))
    file = folder / "annotations" / "instances_default.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(coco_of(boxes)), encoding="utf-8")
    return folder


def save_voc(folder: Path) -> Path:
    """As labelImg leaves it: a file an image in ``Annotations``, the images in ``JPEGImages``."""
    save_pictures(folder / "JPEGImages", list(BOXES))
    for name, marked in BOXES.items():
        objects = "".join(
            f"<object><name>{label}</name><bndbox><xmin>{x}</xmin><ymin>{y}</ymin><xmax>{x + width}</xmax>"
            f"<ymax>{y + height}</ymax></bndbox></object>"
            for label, x, y, width, height in marked
        )
        file = folder / "Annotations" / Path(name).with_suffix(".xml")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(
            f"<annotation><filename>{Path(name).name}</filename><size><width>{WIDTH_PX}</width>"
            f"<height>{HEIGHT_PX}</height></size>{objects}</annotation>",
            encoding="utf-8",
        )
    return folder


def save_geojson(folder: Path) -> Path:
    """As a script in QuPath leaves it: a file beside each image, which does not say how large that is."""
    save_pictures(folder, list(BOXES))
    for name, marked in BOXES.items():
        features = [
            {
                "type": "Feature",
                "geometry": {
                    "type": "Polygon",
                    "coordinates": [
                        [[x, y], [x + width, y], [x + width, y + height], [x, y + height], [x, y]]
                    ],
                },
                "properties": {"objectType": "annotation", "classification": {"name": label}},
            }
            for label, x, y, width, height in marked
        ]
        (folder / name).with_suffix(".geojson").write_text(
            json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8"
        )
    return folder


def save_cvat(folder: Path) -> Path:
    """As CVAT leaves a task: ``annotations.xml`` beside ``images``."""
    save_pictures(folder / "images", list(BOXES))
    images = "".join(
        f'<image id="{number}" name="{name}" width="{WIDTH_PX}" height="{HEIGHT_PX}">'
        + "".join(
            f'<box label="{label}" xtl="{x}" ytl="{y}" xbr="{x + width}" ybr="{y + height}"/>'
            for label, x, y, width, height in marked
        )
        + "</image>"
        for number, (name, marked) in enumerate(BOXES.items())
    )
    (folder / "annotations.xml").write_text(f"<annotations>{images}</annotations>", encoding="utf-8")
    return folder


def save_label_studio(folder: Path) -> Path:
    """As Label Studio leaves images that it served from a folder."""
    save_pictures(folder / "images", list(BOXES))
    tasks = []
    for name, marked in BOXES.items():
        regions = [
            {
                "id": str(number),
                "type": "rectanglelabels",
                "original_width": WIDTH_PX,
                "original_height": HEIGHT_PX,
                "value": {
                    "x": 100 * x / WIDTH_PX,
                    "y": 100 * y / HEIGHT_PX,
                    "width": 100 * width / WIDTH_PX,
                    "height": 100 * height / HEIGHT_PX,
                    "rectanglelabels": [label],
                },
            }
            for number, (label, x, y, width, height) in enumerate(marked)
        ]
        address = f"/data/local-files/?d=server/images/{name}"
        tasks.append({"data": {"image": address}, "annotations": [{"result": regions}]})
    (folder / "project.json").write_text(json.dumps(tasks), encoding="utf-8")
    return folder


def save_yolo(folder: Path) -> Path:
    """As trainers of YOLO take it: ``data.yaml``, and ``labels`` beside ``images``."""
    save_pictures(folder / "images", list(BOXES))
    names = list(CLASSES)
    (folder / "data.yaml").write_text(json.dumps({"names": names}), encoding="utf-8")
    for name, marked in BOXES.items():
        lines = [
            f"{names.index(label)} {(x + width / 2) / WIDTH_PX} {(y + height / 2) / HEIGHT_PX} "
            f"{width / WIDTH_PX} {height / HEIGHT_PX}"
            for label, x, y, width, height in marked
        ]
        file = (folder / "labels" / name).with_suffix(".txt")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("\n".join(lines), encoding="utf-8")
    return folder
