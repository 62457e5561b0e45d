"""Label Studio: a JSON list of tasks, one an image, whose regions give shares of it in per cent.

What nobody has read is a prediction, which Label Studio shows to begin from; else it is an annotation.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from core.files import replacing
from core.wording import RESEARCH_USE_ONLY
from datasets.fields import AnnotationError
from datasets.interchange.attributes import as_text, attributes_of, labelled_object, number, rounded
from datasets.interchange.json_members import members
from datasets.interchange.labelled import Labelled, LabelledField, LabelledObject

EARLIER = "annotations of images that were annotated several times: the last is kept"
UNREAD = "tasks nobody annotated"
OF_IMAGE = "answers about a whole image"
TURNED = "turned boxes"
RELATIONS = "relations"
_OURS = "smearscope"
_SIDES = ("x", "y", "width", "height")
_LABELS = ("rectanglelabels", "labels")
_ANSWERS = ("choices", "text", "number", "rating")


def write_label_studio(path: Path, fields: Iterable[LabelledField]) -> None:
    """Write a file, task by task."""
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8") as file:
        file.write("[")
        for place, field in enumerate(fields):
            file.write(f"{',' if place else ''}\n{json.dumps(_task(place + 1, field))}")
        file.write("\n]\n")


def _task(number: int, field: LabelledField) -> dict[str, object]:
    results = [result for place, one in enumerate(field.objects, 1) for result in _results(field, place, one)]
    data = {
        "image": field.name,
        "width": field.width_px,
        "height": field.height_px,
        "slide": field.slide,
        "all_marked": field.all_marked,
        "notice": RESEARCH_USE_ONLY,
    }
    if any(one.said for one in field.objects):
        return {"id": number, "data": data, "annotations": [{"result": results}]}
    return {"id": number, "data": data, "predictions": [{"model_version": _OURS, "result": results}]}


def _results(field: LabelledField, place: int, one: LabelledObject) -> list[dict[str, object]]:
    """The region of an object, and its stage as a choice that can be changed."""
    shares = {
        "x": 100 * one.x / field.width_px,
        "y": 100 * one.y / field.height_px,
        "width": 100 * one.width / field.width_px,
        "height": 100 * one.height / field.height_px,
        "rotation": 0,
    }
    of_region = {
        "id": str(place),
        "to_name": "image",
        "original_width": field.width_px,
        "original_height": field.height_px,
        "image_rotation": 0,
    }
    region = {
        **of_region,
        "type": "rectanglelabels",
        "from_name": "label",
        "value": {**shares, "rectanglelabels": [one.label]},
        "meta": attributes_of(one),
    }
    if not one.stage:
        return [region]
    choice = {**shares, "choices": [one.stage]}
    return [region, {**of_region, "type": "choices", "from_name": "stage", "value": choice}]


def read_label_studio(path: Path) -> Labelled:
    """Read a file; raises `AnnotationError` with the number of tasks or regions that are wrong."""
    others: Counter[str] = Counter()
    fields: list[LabelledField] = []
    strangers = unread = 0
    for _, task in members(path):
        if not _is_task(task):
            strangers += 1
        elif (kept := _kept(task, others)) is None:
            unread += 1
        else:
            fields.append(_field(path, task, kept, others))
    if strangers:
        entries = strangers + unread + len(fields)
        raise AnnotationError(
            f"{path}: {strangers} of {entries} entries are no tasks with annotations or "
            "predictions; export JSON (not JSON-MIN), or name the format"
        )
    if unread and not fields:
        raise AnnotationError(f"{path}: nobody annotated any of its {unread} tasks; annotate them first")
    shapes = others.total() - others[EARLIER]
    if shapes and not any(field.objects for field in fields):
        named = ", ".join(f"{count} {kind}" for kind, count in sorted(others.items()))
        raise AnnotationError(f"{path}: none of its {shapes} regions is a box ({named}); draw boxes")
    return Labelled(tuple(fields), +(others + Counter({UNREAD: unread})))


def _is_task(task: object) -> bool:
    return (
        isinstance(task, dict)
        and isinstance(task.get("data"), dict)
        and any(isinstance(task.get(key), list) for key in ("annotations", "predictions"))
    )


def _field(
    path: Path, task: Mapping[str, Any], kept: Mapping[str, Any], others: Counter[str]
) -> LabelledField:
    data = task["data"]
    name = _image(path, data)
    regions: dict[str, dict[str, Any]] = {}
    for result in kept.get("result") or []:
        if not isinstance(result, dict) or result.get("type") == "relation":
            others[RELATIONS] += 1
        elif "id" not in result or not isinstance(value := result.get("value"), dict):
            others[OF_IMAGE] += 1
        else:
            _take(regions.setdefault(str(result["id"]), {}), result, value)
    by = kept.get("completed_by")
    by = by.get("email", by.get("id")) if isinstance(by, dict) else by
    shapes_lost = 0
    objects, size = [], (data.get("width", 0), data.get("height", 0))
    try:
        for region in regions.values():
            if "shares" not in region:
                others[region.get("kind", OF_IMAGE)] += 1
                shapes_lost += "kind" in region
            elif region["shares"].get("rotation"):
                others[TURNED] += 1
                shapes_lost += 1
            else:
                size = region["size"]
                objects.append(_object(region, by))
        width, height = (int(number(side)) for side in size)
    except (KeyError, TypeError, ValueError) as error:
        raise AnnotationError(f"{path}: {name}: a region is wrong ({error}); export it anew") from error
    return LabelledField(
        name,
        width,
        height,
        tuple(objects),
        slide=str(data.get("slide") or ""),
        all_marked=bool(data.get("all_marked", True)) and not shapes_lost,
        shapes_lost=shapes_lost,
    )


def _image(path: Path, data: Mapping[str, Any]) -> str:
    """Which image a task is of: a path, or an address from which Label Studio serves one."""
    address = data.get("image") or next(
        (value for value in data.values() if isinstance(value, str) and PurePosixPath(value).suffix), None
    )
    if not isinstance(address, str):
        raise AnnotationError(f"{path}: a task names no image (its data: {', '.join(data)}); export it anew")
    if local := parse_qs(urlsplit(address).query).get("d"):
        return local[0].replace("\\", "/")
    if "://" in address or address.startswith("/data/upload/"):
        return PurePosixPath(unquote(urlsplit(address).path)).name
    return address.replace("\\", "/")


def _kept(task: Mapping[str, Any], others: Counter[str]) -> Mapping[str, Any] | None:
    """The last annotation of a task that was not skipped; of one that nobody opened, our own prediction.

    None where there is neither: such an image is not read, and what another network predicts is no truth.
    """
    annotations, predictions = (
        [one for one in task.get(key) or [] if isinstance(one, dict)]
        for key in ("annotations", "predictions")
    )
    if not annotations:
        return next((one for one in reversed(predictions) if one.get("model_version") == _OURS), None)
    done = [one for one in annotations if not one.get("was_cancelled")]
    others[EARLIER] += max(len(done) - 1, 0)
    return max(done, key=lambda one: str(one.get("updated_at", "")), default=None)


def _take(region: dict[str, Any], result: Mapping[str, Any], value: Mapping[str, Any]) -> None:
    """Add one result, which is the box, the label or an answer of a region, to what is known of it."""
    kind = str(result.get("type", ""))
    attributes = region.setdefault("attributes", {})
    for key in _LABELS:
        if value.get(key):
            region["label"] = ": ".join(map(str, value[key]))
    for key in _ANSWERS:
        if key in value:
            attributes[str(result.get("from_name", key))] = _one_line(value[key])
    if kind.startswith("rectangle") or (kind == "labels" and "width" in value):
        region["shares"] = value
        region["size"] = (result.get("original_width"), result.get("original_height"))
    elif kind not in _LABELS and not any(key in value for key in _ANSWERS):
        region["kind"] = kind
    meta = result.get("meta")
    for name, said in (meta if isinstance(meta, dict) else {}).items():
        attributes.setdefault(str(name), _one_line(said))


def _one_line(said: object) -> object:
    return "; ".join(map(as_text, said)) if isinstance(said, Sequence) and not isinstance(said, str) else said


def _object(region: Mapping[str, Any], by: object) -> LabelledObject:
    width_px, height_px = map(number, region["size"])
    x, y, width, height = (number(region["shares"][side]) / 100 for side in _SIDES)
    box = rounded(x * width_px, y * height_px, width * width_px, height * height_px)
    return labelled_object(box, region.get("label", ""), {**region["attributes"], "completed_by": by})
