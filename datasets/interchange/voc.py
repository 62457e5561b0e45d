"""Pascal VOC: a folder with one XML file an image, in ``Annotations`` with the folders of the images.

Corners are written as datumaro reads them: the first pixel begins at 0, and parts of pixels are kept.
"""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from xml.etree import ElementTree

from core.files import replacing_folder
from core.wording import RESEARCH_USE_ONLY
from datasets.fields import AnnotationError
from datasets.interchange.annotation_files import files_below
from datasets.interchange.attributes import attributes_of, labelled_object, number, rounded
from datasets.interchange.labelled import Labelled, LabelledField, LabelledObject
from datasets.interchange.xml_text import content, elements

FOLDER = "Annotations"
LIST = "ImageSets/Main/default.txt"
CLASSES = "labelmap.txt"
"""Classes that are not those of the challenge, where CVAT and datumaro look for them."""
_CORNERS = ("xmin", "ymin", "xmax", "ymax")
_OWN = {"name", "bndbox", "attributes", "pose", "truncated", "difficult", "occluded"}
_FLAGS = ("truncated", "difficult", "occluded")
PARTS = "parts and outlines of objects"


def write_voc(path: Path, fields: Iterable[LabelledField]) -> None:
    """Write a folder, image by image, with the lists of images and classes that other programs ask for."""
    with replacing_folder(path) as temporary:
        stems, labels = [], dict[str, None]()
        for field in fields:
            stem = PurePosixPath(field.name).with_suffix("")
            file = temporary / FOLDER / f"{stem}.xml"
            if file.exists():
                raise AnnotationError(
                    f"{field.name}: another image has this name but for its ending, and VOC has one file for "
                    "both; choose another format"
                )
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("".join(_lines(field)), encoding="utf-8")
            stems.append(f"{stem}\n")
            labels |= dict.fromkeys(one.label for one in field.objects)
        listed = temporary / LIST
        listed.parent.mkdir(parents=True)
        listed.write_text("".join(stems), encoding="utf-8")
        lines = [f"{label}:::\n" for label in labels if not set(label) & {":", "\n"}]
        (temporary / CLASSES).write_text("".join(lines), encoding="utf-8")


def _lines(field: LabelledField) -> Iterable[str]:
    yield f"<annotation>\n<filename>{content(field.name)}</filename>\n"
    yield f"<source><annotation>{content(RESEARCH_USE_ONLY)}</annotation></source>\n"
    yield f"<size><width>{field.width_px}</width><height>{field.height_px}</height><depth>3</depth></size>\n"
    yield f"<slide>{content(field.slide)}</slide>\n<all_marked>{int(field.all_marked)}</all_marked>\n"
    yield "<segmented>0</segmented>\n"
    for one in field.objects:
        corners = (one.x, one.y, one.x + one.width, one.y + one.height)
        yield f"<object><name>{content(one.label)}</name><difficult>0</difficult>"
        box = "".join(f"<{tag}>{value!r}</{tag}>" for tag, value in zip(_CORNERS, corners, strict=True))
        yield f"<bndbox>{box}</bndbox><attributes>"
        for name, value in attributes_of(one).items():
            yield f"<attribute><name>{content(name)}</name><value>{content(value)}</value></attribute>"
        yield "</attributes></object>\n"
    yield "</annotation>\n"


def read_voc(path: Path) -> Labelled:
    """Read a folder, or one file; raises `AnnotationError` naming the file and what is wrong in it."""
    files = files_below(path, ".xml") if path.is_dir() else [path]
    if not files:
        raise AnnotationError(f"{path}: no *.xml here; give the folder with Annotations in it")
    root = path if path.is_dir() else path.parent
    not_taken_over: Counter[str] = Counter()
    return Labelled(tuple(_field(file, root, not_taken_over) for file in files), not_taken_over)


def _field(path: Path, root: Path, not_taken_over: Counter[str]) -> LabelledField:
    said: dict[str, str] = {}
    objects = []
    for outermost, element in elements(path, "object", "size", "filename", "slide", "all_marked"):
        if outermost.tag != "annotation":
            raise AnnotationError(f"{path}: <{outermost.tag}> is no VOC file; name its format")
        if element.tag == "object":
            objects.append(_object(path, element, not_taken_over))
        elif element.tag == "size":
            said |= {side: element.findtext(side, "0") for side in ("width", "height")}
        else:
            said[element.tag] = element.text or ""
    if "filename" not in said:
        raise AnnotationError(f"{path}: names no image (filename): this is no VOC file; name its format")
    folder = path.relative_to(root).parent
    parts = [part for part in folder.parts if part.casefold() != FOLDER.casefold()]
    name = said["filename"].replace("\\", "/")
    try:
        width, height = (int(number(said.get(side, "0"))) for side in ("width", "height"))
    except ValueError as error:
        raise AnnotationError(f"{path}: size: {error}; export it anew") from error
    return LabelledField(
        name if "/" in name else "/".join((*parts, name)),
        width,
        height,
        tuple(objects),
        slide=said.get("slide", ""),
        all_marked=said.get("all_marked", "1").strip() != "0",
    )


def _object(path: Path, element: ElementTree.Element, not_taken_over: Counter[str]) -> LabelledObject:
    label, box = element.findtext("name", ""), element.find("bndbox")
    try:
        if box is None:
            raise ValueError("no bndbox")  # noqa: TRY301 - as any other fault of it
        left, top, right, bottom = (number(box.findtext(corner, "nothing")) for corner in _CORNERS)
    except ValueError as error:
        raise AnnotationError(f"{path}: object {label!r}: {error}; export it anew") from error
    attributes = {
        one.findtext("name", ""): one.findtext("value", "")
        for one in element.iterfind("attributes/attribute")
    }
    for child in element:
        if child.tag in _FLAGS:
            if (child.text or "0").strip() not in ("0", ""):
                attributes[child.tag] = (child.text or "").strip()
        elif child.tag == "pose":
            if (pose := (child.text or "").strip()) not in ("", "Unspecified"):
                attributes["pose"] = pose
        elif child.tag not in _OWN:
            if len(child):
                not_taken_over[PARTS] += 1
            else:
                attributes[child.tag] = child.text or ""
    return labelled_object(rounded(left, top, right - left, bottom - top), label, attributes)
