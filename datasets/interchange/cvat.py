"""CVAT for images 1.1: one XML file of images and boxes, whose attributes the labels of the task declare."""

import shutil
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO
from xml.etree import ElementTree

from core.files import replacing
from core.wording import RESEARCH_USE_ONLY
from datasets.fields import AnnotationError
from datasets.interchange.attributes import attributes_of, labelled_object, number, rounded
from datasets.interchange.labelled import Labelled, LabelledField, LabelledObject
from datasets.interchange.xml_text import content, elements, quoted

FIELD_TAG = "field"
"""A tag of each image, whose attributes say of which slide it is and whether all of it is marked."""
TURNED = "turned boxes"
_CORNERS = ("xtl", "ytl", "xbr", "ybr")
_ABOUT_FIELD = ("slide", "all_marked")
_NEITHER = {"", "0"}


def write_cvat(path: Path, fields: Iterable[LabelledField]) -> None:
    """Write a file; the labels that stand at its head are known when all images are written."""
    declared: dict[str, dict[str, None]] = {FIELD_TAG: dict.fromkeys(_ABOUT_FIELD)}
    images = 0
    with replacing(path) as temporary, TemporaryFile("w+", encoding="utf-8", dir=path.parent) as body:
        for images, field in enumerate(fields, start=1):
            _write_image(body, images - 1, field, declared)
        body.seek(0)
        with temporary.open("w", encoding="utf-8") as file:
            file.write('<?xml version="1.0" encoding="utf-8"?>\n<annotations>\n<version>1.1</version>\n')
            file.write(
                f"<meta><task><name>{content(RESEARCH_USE_ONLY)}</name><size>{images}</size>\n<labels>\n"
            )
            file.writelines(_label(label, names) for label, names in declared.items())
            file.write("</labels></task></meta>\n")
            shutil.copyfileobj(body, file)
            file.write("</annotations>\n")


def _label(label: str, names: Iterable[str]) -> str:
    kind = "tag" if label == FIELD_TAG else "rectangle"
    attributes = "".join(
        f"<attribute><name>{content(name)}</name><mutable>False</mutable><input_type>text</input_type>"
        "<default_value></default_value><values></values></attribute>"
        for name in names
    )
    named = f"<name>{content(label)}</name><type>{kind}</type>"
    return f"<label>{named}<attributes>{attributes}</attributes></label>\n"


def _write_image(
    body: IO[str], place: int, field: LabelledField, declared: dict[str, dict[str, None]]
) -> None:
    size = f'width="{field.width_px}" height="{field.height_px}"'
    body.write(
        f'<image id="{place}" name={quoted(field.name)} {size}>\n'
        f'<tag label="{FIELD_TAG}" source="manual"><attribute name="slide">{content(field.slide)}</attribute>'
        f'<attribute name="all_marked">{str(field.all_marked).lower()}</attribute></tag>\n'
    )
    for one in field.objects:
        corners = (one.x, one.y, one.x + one.width, one.y + one.height)
        sides = " ".join(f'{side}="{value!r}"' for side, value in zip(_CORNERS, corners, strict=True))
        attributes = attributes_of(one)
        declared.setdefault(one.label, {}).update(dict.fromkeys(attributes))
        source = "manual" if one.said else "auto"
        body.write(f'<box label={quoted(one.label)} source="{source}" occluded="0" {sides} z_order="0">')
        for name, value in attributes.items():
            body.write(f"<attribute name={quoted(name)}>{content(value)}</attribute>")
        body.write("</box>\n")
    body.write("</image>\n")


def read_cvat(path: Path) -> Labelled:
    """Read a file; raises `AnnotationError` with the number of items, also for those of another task."""
    fields: list[LabelledField] = []
    others: Counter[str] = Counter()
    tracks = 0
    for outermost, element in elements(path, "image", "track"):
        if outermost.tag != "annotations":
            raise AnnotationError(f"{path}: <{outermost.tag}> is no CVAT file; name its format")
        if element.tag == "track":
            tracks += 1
        else:
            fields.append(_field(path, element, others))
    if tracks:
        raise AnnotationError(
            f"{path}: it has {tracks} tracks of a video; export images as CVAT for images 1.1"
        )
    if others and not any(field.objects for field in fields):
        named = ", ".join(f"{count} {kind}" for kind, count in sorted(others.items()))
        raise AnnotationError(f"{path}: none of its {others.total()} shapes is a box ({named}); draw boxes")
    return Labelled(tuple(fields), others)


def _field(path: Path, image: ElementTree.Element, others: Counter[str]) -> LabelledField:
    name, about, objects = image.get("name", "").replace("\\", "/"), dict[str, str](), []
    shapes_lost = 0
    for shape in image:
        if shape.tag == "tag" and shape.get("label") == FIELD_TAG:
            about = _attributes(shape)
        elif shape.tag != "box":
            others[shape.tag] += 1
            shapes_lost += shape.tag != "tag"
        elif shape.get("rotation", "0").strip("0.-"):
            others[TURNED] += 1
            shapes_lost += 1
        else:
            objects.append(_object(path, name, shape))
    try:
        width, height = (int(number(image.get(side, "0"))) for side in ("width", "height"))
    except ValueError as error:
        raise AnnotationError(f"{path}: image {name!r}: size: {error}; export it anew") from error
    return LabelledField(
        name,
        width,
        height,
        tuple(objects),
        slide=about.get("slide", ""),
        all_marked=about.get("all_marked") != "false" and not shapes_lost,
        shapes_lost=shapes_lost,
    )


def _object(path: Path, image: str, box: ElementTree.Element) -> LabelledObject:
    label = box.get("label", "")
    try:
        left, top, right, bottom = (number(box.get(corner, "nothing")) for corner in _CORNERS)
    except ValueError as error:
        raise AnnotationError(f"{path}: image {image!r}: box {label!r}: {error}; export it anew") from error
    attributes = _attributes(box)
    attributes |= {
        name: said for name in ("occluded", "group_id") if (said := box.get(name, "")) not in _NEITHER
    }
    return labelled_object(rounded(left, top, right - left, bottom - top), label, attributes)


def _attributes(shape: ElementTree.Element) -> dict[str, str]:
    return {one.get("name", ""): one.text or "" for one in shape.iterfind("attribute")}
