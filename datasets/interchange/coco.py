"""COCO: one JSON file of images, annotations and categories (cocodataset.org, "object detection")."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from core.files import replacing
from core.wording import RESEARCH_USE_ONLY
from datasets.fields import AnnotationError
from datasets.interchange.attributes import Attribute, attributes_of, labelled_object, number
from datasets.interchange.json_members import members
from datasets.interchange.labelled import Labelled, LabelledField, LabelledObject

_LISTS = ("images", "annotations", "categories")
_ANSWERED_BY = {"image_id": "images", "category_id": "categories"}
WITHOUT_BOX = "annotations without a box"
OUTLINES = "outlines, of which the box is kept"


def write_coco(path: Path, fields: Iterable[LabelledField]) -> None:
    """Write a file; annotations first, so that no more than one field is held."""
    images: list[dict[str, object]] = []
    numbers: dict[str, int] = {}
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8") as file:
        file.write(f'{{"info": {json.dumps({"description": RESEARCH_USE_ONLY})},\n"annotations": [')
        file.writelines(_annotations(fields, images, numbers))
        categories = [{"id": number, "name": name} for name, number in numbers.items()]
        file.write(f'\n],\n"images": {json.dumps(images)},\n"categories": {json.dumps(categories)}}}\n')


def _annotations(
    fields: Iterable[LabelledField], images: list[dict[str, object]], numbers: dict[str, int]
) -> Iterator[str]:
    """Each annotation as text, with what separates it from the one before; notes images and categories."""
    written = 0
    for field in fields:
        images.append(
            {
                "id": len(images) + 1,
                "file_name": field.name,
                "width": field.width_px,
                "height": field.height_px,
                "slide": field.slide,
                "all_marked": field.all_marked,
            }
        )
        for one in field.objects:
            annotation = {
                "id": written + 1,
                "image_id": len(images),
                "category_id": numbers.setdefault(one.label, len(numbers) + 1),
                "bbox": [one.x, one.y, one.width, one.height],
                "area": one.width * one.height,
                "iscrowd": 0,
                "segmentation": [],
                "attributes": attributes_of(one),
            }
            yield f"{',' if written else ''}\n{json.dumps(annotation)}"
            written += 1


def read_coco(path: Path) -> Labelled:
    """Read a file; raises `AnnotationError` with the number of items that are wrong in one way."""
    found: dict[str, list[Any]] = {name: [] for name in _LISTS}
    not_taken_over: Counter[str] = Counter()
    lost: Counter[str] = Counter()
    for name, value in members(path):
        if name == "annotations":
            if (row := _row(path, value, not_taken_over)) is not None:
                found[name].append(row)
            else:
                lost[str(value.get("image_id"))] += 1
        elif name in found:
            found[name].append(value)
    if not found["annotations"] and not_taken_over:
        raise AnnotationError(
            f"{path}: none of its {not_taken_over.total()} annotations has a box; export boxes"
        )
    if not found["images"]:
        raise AnnotationError(f"{path}: no images: this is no COCO file; name its format")
    images = _by_id(path, found["images"], "images", "file_name")
    labels = _by_id(path, found["categories"], "categories", "name")
    objects = _objects(path, found["annotations"], images, labels)
    fields = tuple(
        _field(path, image, objects.get(number, ()), lost[str(number)]) for number, image in images.items()
    )
    return Labelled(fields, not_taken_over)


_Row = tuple[object, object, tuple[float, float, float, float], Mapping[str, Attribute]]
"""Image and category by their numbers, the box, and the attributes."""


def _row(path: Path, annotation: object, not_taken_over: Counter[str]) -> _Row | None:
    if not isinstance(annotation, dict):
        raise AnnotationError(f"{path}: {annotation!r} is no annotation; export it anew")
    if not annotation.get("bbox"):
        not_taken_over[WITHOUT_BOX] += 1
        return None
    if annotation.get("segmentation"):
        not_taken_over[OUTLINES] += 1
    try:
        x, y, width, height = map(number, annotation["bbox"])
    except (TypeError, ValueError) as error:
        raise AnnotationError(
            f"{path}: annotation {annotation.get('id')}: bbox {annotation['bbox']!r}: {error}; "
            "x, y, width and height would be right"
        ) from error
    attributes = annotation.get("attributes") or {}
    if not isinstance(attributes, dict):
        attributes = {"attributes": attributes}
    if "score" in annotation:  # where COCO has it for the boxes of a machine
        attributes = {"score": annotation["score"], **attributes}
    return annotation.get("image_id"), annotation.get("category_id"), (x, y, width, height), attributes


def _by_id(path: Path, entries: Sequence[Any], what: str, key: str) -> dict[object, dict[str, Any]]:
    """Images or categories by their number, neither two of one number nor two of one name."""
    try:
        numbers, names = [entry["id"] for entry in entries], [str(entry[key]) for entry in entries]
        found = dict(zip(numbers, entries, strict=True))
    except (KeyError, TypeError) as error:
        raise AnnotationError(f"{path}: {what}: no {error}; export it anew") from error
    for values, called in ((numbers, "have the number"), (names, "have the name")):
        for value, count in Counter(values).items():
            if count > 1:
                raise AnnotationError(f"{path}: {count} {what} {called} {value!r}; one each would be right")
    return found


def _objects(
    path: Path, rows: Sequence[_Row], images: Mapping[object, object], labels: Mapping[object, Any]
) -> dict[object, list[LabelledObject]]:
    for place, (key, answered_by) in enumerate(_ANSWERED_BY.items()):
        known = images if answered_by == "images" else labels
        if lost := [row[place] for row in rows if not _is_in(row[place], known)]:
            named = ", ".join(map(repr, dict.fromkeys(map(str, lost[:3]))))
            raise AnnotationError(
                f"{path}: {len(lost)} annotations are of {answered_by} that the file does not list "
                f"({key} {named}); export it anew with them"
            )
    found: dict[object, list[LabelledObject]] = defaultdict(list)
    for image, category, box, attributes in rows:
        found[image].append(labelled_object(box, str(labels[category]["name"]), attributes))
    return found


def _is_in(value: object, known: Mapping[object, object]) -> bool:
    return isinstance(value, int | str) and value in known


def _field(
    path: Path, image: Mapping[str, Any], objects: Sequence[LabelledObject], shapes_lost: int
) -> LabelledField:
    try:
        width, height = (int(number(image.get(side, 0))) for side in ("width", "height"))
    except ValueError as error:
        raise AnnotationError(f"{path}: {image['file_name']}: size: {error}; export it anew") from error
    return LabelledField(
        str(image["file_name"]).replace("\\", "/"),
        width,
        height,
        tuple(objects),
        slide=str(image.get("slide") or ""),
        all_marked=bool(image.get("all_marked", True)) and not shapes_lost,
        shapes_lost=shapes_lost,
    )
