"""GeoJSON as QuPath writes and reads it: a folder with one file an image, each object a feature in pixels.

The name of a file is that of its image with ``.geojson`` behind it.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from statistics import median
from typing import Any

from core.files import replacing_folder
from core.wording import RESEARCH_USE_ONLY
from datasets.fields import AnnotationError
from datasets.interchange.annotation_files import files_below
from datasets.interchange.attributes import attributes_of, labelled_object, number, rounded
from datasets.interchange.json_members import members
from datasets.interchange.labelled import CellClass, Labelled, LabelledField, LabelledObject

ENDING = ".geojson"
COLOURS = {
    CellClass.INFECTED: (200, 20, 60),
    CellClass.HEALTHY: (60, 140, 90),
    CellClass.UNSURE: (230, 150, 0),
}
"""Red, green, blue of the classes in QuPath; the others are grey."""
OUTLINES = "outlines, of which the box is kept"
NO_AREA = "points and lines"
PIXELS = {"px", "pixel", "pixels"}
_MEASURED = ("score", "rank")
_GREY = (120, 120, 120)


def write_geojson(path: Path, fields: Iterable[LabelledField]) -> None:
    """Write a folder, image by image and object by object."""
    with replacing_folder(path) as temporary:
        for field in fields:
            file_path = temporary / f"{field.name}{ENDING}"
            file_path.parent.mkdir(parents=True, exist_ok=True)
            about = {
                "notice": RESEARCH_USE_ONLY,
                "image": field.name,
                "width": field.width_px,
                "height": field.height_px,
                "slide": field.slide,
                "all_marked": field.all_marked,
            }
            with file_path.open("w", encoding="utf-8") as file:
                file.write(
                    f'{{"type": "FeatureCollection", "smearscope": {json.dumps(about)},\n"features": ['
                )
                for place, one in enumerate(field.objects):
                    file.write(f"{',' if place else ''}\n{json.dumps(_feature(one))}")
                file.write("\n]}\n")


def _feature(one: LabelledObject) -> dict[str, object]:
    left, top, right, bottom = one.x, one.y, one.x + one.width, one.y + one.height
    ring = [[left, top], [right, top], [right, bottom], [left, bottom], [left, top]]
    attributes = attributes_of(one)
    measured = {name: attributes.pop(name) for name in _MEASURED if getattr(one, name) is not None}
    colour = next((rgb for name, rgb in COLOURS.items() if name == one.label), _GREY)
    return {
        "type": "Feature",
        "geometry": {"type": "Polygon", "coordinates": [ring]},
        "properties": {
            # QuPath shows detections by the hundred thousand, and lets annotations be changed.
            "objectType": "annotation" if one.said else "detection",
            "classification": {"name": one.label, "color": colour},
            "measurements": measured,
            "metadata": attributes,
        },
    }


def read_geojson(path: Path) -> Labelled:
    """Read a folder, or one file; raises `AnnotationError` naming the file and how much of it is wrong."""
    files = files_below(path, ENDING) if path.is_dir() else [path]
    if not files:
        raise AnnotationError(f"{path}: no *{ENDING} here; give the folder of what was exported from QuPath")
    root = path if path.is_dir() else path.parent
    not_taken_over: Counter[str] = Counter()
    fields = []
    for file in files:
        name = file.relative_to(root)
        name = name.with_suffix("") if name.suffix.casefold() == ENDING else name
        fields.append(_read_file(file, name.as_posix(), not_taken_over))
    return Labelled(tuple(fields), +not_taken_over)


def _read_file(path: Path, name: str, not_taken_over: Counter[str]) -> LabelledField:
    objects: list[LabelledObject] = []
    about: Mapping[str, Any] = {}
    features, other_units, is_collection = 0, False, False
    without_area_before = not_taken_over[NO_AREA]
    for key, value in _parts(path):
        other_units = other_units or _is_other_unit(key, value)
        match key, value:
            case "feature", dict():
                is_collection = True
                features += 1
                other_units = other_units or any(
                    _is_other_unit(*one) for one in (value.get("properties") or {}).items()
                )
                objects += _objects(path, value, not_taken_over)
            case "feature", _:
                raise AnnotationError(f"{path}: {str(value)[:60]!r} is no feature; export it anew")
            case "type", _:
                is_collection = value == "FeatureCollection"
            case "smearscope", dict():
                about = value
            case "crs", _:
                raise AnnotationError(f"{path}: its places are on the earth (crs); pixels would be right")
    if not is_collection:
        raise AnnotationError(f"{path}: this is no FeatureCollection; export one, or name its format")
    if other_units:
        raise AnnotationError(
            f"{path}: its {features} objects are in other units than pixels; export them in pixels"
        )
    if features and not objects:
        raise AnnotationError(f"{path}: its {features} objects are points or lines; export boxes or areas")
    if objects and (side := median(max(one.width, one.height) for one in objects)) < 1:
        raise AnnotationError(
            f"{path}: its {len(objects)} objects are {side:g} wide in the middle: these are no pixels; "
            "export them in pixels"
        )
    try:
        width, height = (int(number(about.get(side, 0))) for side in ("width", "height"))
    except ValueError as error:
        raise AnnotationError(f"{path}: size: {error}; export it anew") from error
    shapes_lost = not_taken_over[NO_AREA] - without_area_before
    return LabelledField(
        str(about.get("image", name)),
        width,
        height,
        tuple(objects),
        slide=str(about.get("slide") or ""),
        all_marked=bool(about.get("all_marked", True)) and not shapes_lost,
        shapes_lost=shapes_lost,
    )


def _parts(path: Path) -> Iterator[tuple[str, Any]]:
    """What a file holds by name, the features one by one: of a collection, or of a list (QuPath 0.2)."""
    for key, value in members(path):
        match key, value:
            case "", {"type": "FeatureCollection", "features": [*features]}:
                yield from (("feature", feature) for feature in features)
            case (("features" | ""), _):
                yield "feature", value
            case _:
                yield key, value


def _is_other_unit(key: str, value: object) -> bool:
    return key.lower() in ("unit", "units") and str(value).lower() not in PIXELS


def _objects(path: Path, feature: Mapping[str, Any], not_taken_over: Counter[str]) -> list[LabelledObject]:
    """The object of a feature; none for one that has no area, which is counted."""
    try:
        match feature.get("geometry"):
            case {"type": "Polygon", "coordinates": rings}:
                corners = [corner for ring in rings for corner in ring]
            case {"type": "MultiPolygon", "coordinates": polygons}:
                corners = [corner for rings in polygons for ring in rings for corner in ring]
            case {"type": "Point" | "MultiPoint" | "LineString" | "MultiLineString"}:
                not_taken_over[NO_AREA] += 1
                return []
            case _:
                raise ValueError(f"{str(feature)[:60]!r} has no place")  # noqa: TRY301 - as any other fault
        across, down = ([number(corner[axis]) for corner in corners] for axis in (0, 1))
        left, top, right, bottom = min(across), min(down), max(across), max(down)
    except (ValueError, TypeError, IndexError, KeyError) as error:
        raise AnnotationError(f"{path}: {error}; export it anew from QuPath") from error
    if set(zip(across, down, strict=True)) != {(left, top), (right, top), (right, bottom), (left, bottom)}:
        not_taken_over[OUTLINES] += 1
    label, attributes = _said_of(feature.get("properties") or {})
    return [labelled_object(rounded(left, top, right - left, bottom - top), label, attributes)]


def _said_of(properties: Mapping[str, Any]) -> tuple[str, dict[str, object]]:
    """Class and attributes, of QuPath from 0.2 on: it wrote measurements as a list before 0.4."""
    match properties.get("classification"):
        case {"name": str(label)}:
            pass
        case {"names": [*names]}:
            label = ": ".join(map(str, names))
        case str(label):
            pass
        case _:
            label = ""
    attributes: dict[str, object] = dict(properties.get("metadata") or {})
    match properties.get("measurements"):
        case dict() as measurements:
            attributes |= measurements
        case [*entries]:
            attributes |= {str(entry.get("name")): entry.get("value") for entry in entries}
    if name := properties.get("name"):
        attributes["name"] = name
    return label, attributes
