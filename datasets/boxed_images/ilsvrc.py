"""ILSVRC's images, with boxes from its annotation files or from the tables `LOC_*_solution.csv`.

Images are in class folders, `train/WNID/*.JPEG` and `val/WNID/*.JPEG` or just `WNID/*.JPEG`; those of `val`
may lie beside each other. All this is in the folder itself or in its `ILSVRC/Data/CLS-LOC`, the annotations
in `Annotations` or `ILSVRC/Annotations/CLS-LOC`. `LOC_synset_mapping.txt`, where it is there, names classes.

The numbers are taken as positions from 0 to the image's width and height, both allowed. A box here is right
to a pixel.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

from datasets.boxed_images.box_rows import IMAGE_SUFFIXES, BoxRow, Classes, images_of, table_rows, text_lines
from datasets.boxed_images.boxed_image import BoxedImageError, Entry, Problem
from datasets.boxed_images.voc_annotation import voc_annotation

PARTS = ("train", "val")
IMAGE_FOLDERS = ("ILSVRC/Data/CLS-LOC", "Data/CLS-LOC", ".")
ANNOTATION_FOLDERS = (
    "ILSVRC/Annotations/CLS-LOC",
    "Annotations/CLS-LOC",
    "Annotations",
    "Annotation",
)
SOLUTION_PATTERN = "LOC_*_solution.csv"


def annotation_folder(root: Path) -> Path | None:
    """Where a set has its annotation files; None where it has none."""
    return next((root / name for name in ANNOTATION_FOLDERS if (root / name).is_dir()), None)


def annotated_ilsvrc_entries(root: Path) -> Iterator[Entry]:
    """Images with an annotation file each, and all that is wrong with the set.

    An image without one is a fault. Less than half of ILSVRC's training images have one: put
    `LOC_train_solution.csv`, which lists these, beside them (`listed_ilsvrc_entries`).
    """
    annotations = annotation_folder(root)
    if annotations is None:
        fault = f"no folder {', '.join(ANNOTATION_FOLDERS)}"
        raise BoxedImageError(Problem(root, None, fault, "give the folder that holds the set"))
    images = _image_folder(root)
    yield from _empty_folders(images, annotations)
    yield from images_of(_annotated(images, annotations), _names(root))


def listed_ilsvrc_entries(root: Path) -> Iterator[Entry]:
    """The images that the tables `LOC_*_solution.csv` list, and all that is wrong with these."""
    yield from _empty_folders(_image_folder(root), annotation_folder(root))
    yield from images_of(_listed(root, _image_folder(root)), _names(root))


def _annotated(images: Path, annotations: Path) -> Iterator[BoxRow | Problem]:
    used: set[Path] = set()
    for image in _images(images):
        annotation = _annotation_of(image.relative_to(images), annotations)
        if annotation is None:
            remedy = f"add its file to {annotations}, remove it, or add LOC_{PARTS[0]}_solution.csv"
            yield Problem(image, None, "no box is given for it", remedy)
            continue
        used.add(annotation)
        yield from _objects(annotation, image, images)
    for annotation in sorted(annotations.rglob("*.xml")):
        beside = images / annotation.parent.relative_to(annotations)
        # Annotations of classes that are not here at all are no fault: a set may hold some classes only.
        if annotation not in used and any(path.suffix.lower() in IMAGE_SUFFIXES for path in _in(beside)):
            fault = f"its image {beside / annotation.stem} is missing"
            yield Problem(annotation, None, fault, "put the image there or remove the annotation")


def _objects(annotation: Path, image: Path, images: Path) -> Iterator[BoxRow | Problem]:
    try:
        read = voc_annotation(annotation)
    except BoxedImageError as error:
        yield error.problem
        return
    if not read.objects:
        yield Problem(annotation, None, "no object in it", "mark the object, or remove the image and this")
    folder = image.parent.name
    in_class_folder = image.parent not in {images, *(images / part for part in PARTS)}
    for item in read.objects:
        if not item.name:
            yield Problem(annotation, item.line, "an object without a name", "give its class")
        elif in_class_folder and item.name != folder:
            fault = f"an object {item.name!r} on an image of the folder {folder}"
            yield Problem(annotation, item.line, fault, "correct the name or move the image")
        else:
            yield BoxRow(
                annotation, item.line, image, item.name, item.values, read.size_px, ends_are_pixels=False
            )


def _annotation_of(image: Path, annotations: Path) -> Path | None:
    """Where it may be, of an image `train/WNID/x.JPEG`: so, or without the class, the part, or both."""
    folders = (image.parent, image.parent.parent, Path(*image.parent.parts[1:]), Path())
    files = (annotations / folder / f"{image.stem}.xml" for folder in folders)
    return next((file for file in files if file.is_file()), None)


def _listed(root: Path, images: Path) -> Iterator[BoxRow | Problem]:
    for table in sorted(root.glob(SOLUTION_PATTERN)):
        part = table.name.removeprefix("LOC_").removesuffix("_solution.csv")
        try:
            for line, row in table_rows(table, ("ImageId", "PredictionString")):
                yield from _line(table, line, row["ImageId"], row["PredictionString"].split(), images, part)
        except BoxedImageError as error:
            yield error.problem


def _line(
    table: Path, line: int, image_id: str, words: list[str], images: Path, part: str
) -> Iterator[BoxRow | Problem]:
    """The boxes of one image: a class and four numbers each, all in one line."""
    if not words:
        yield Problem(table, line, f"{image_id} has no box", "give its class and box, or remove the line")
    elif len(words) % 5:
        fault = f"{image_id}: {len(words)} values ({' '.join(words)})"
        yield Problem(table, line, fault, "give a class and four numbers for each box")
    else:
        image = _image(images, part, words[0], image_id)
        for start in range(0, len(words), 5):
            wnid, x0, y0, x1, y1 = words[start : start + 5]
            yield BoxRow(table, line, image, wnid, (x0, y0, x1, y1), None, ends_are_pixels=False)


def _image(images: Path, part: str, wnid: str, image_id: str) -> Path:
    """The image's file; where there is none, the one that there should be."""
    folders = (images / part / wnid, images / part, images / wnid)
    files = [folder / f"{image_id}{suffix}" for folder in folders for suffix in (".JPEG", ".jpg", ".png")]
    return next((file for file in files if file.is_file()), files[0])


def _names(root: Path) -> Classes:
    path = root / "LOC_synset_mapping.txt"
    split = (line.split(" ", maxsplit=1) for _, line in (text_lines(path) if path.is_file() else ()))
    return Classes(path, {words[0]: words[-1].strip() for words in split}, all_have_images=False)


def _image_folder(root: Path) -> Path:
    return next(root / name for name in IMAGE_FOLDERS if (root / name).is_dir())


def _class_folders(images: Path) -> Iterator[Path]:
    """Every folder that should hold images of one class."""
    parts = [images / part for part in PARTS if (images / part).is_dir()]
    for parent in parts or [images]:
        yield from (path for path in _in(parent) if path.is_dir())


def _images(images: Path) -> Iterator[Path]:
    parts = [images / part for part in PARTS if (images / part).is_dir()]
    for folder in [*(parts or [images]), *_class_folders(images)]:
        yield from (path for path in _in(folder) if path.suffix.lower() in IMAGE_SUFFIXES)


def _empty_folders(images: Path, annotations: Path | None) -> Iterator[Problem]:
    """Classes without images."""
    for folder in _class_folders(images):
        if folder == annotations or (annotations is not None and folder in annotations.parents):
            continue
        if not any(path.suffix.lower() in IMAGE_SUFFIXES for path in _in(folder)):
            fault = f"class {folder.name} has no image"
            yield Problem(folder, None, fault, "put its images there or remove the folder")


def _in(folder: Path) -> Iterable[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else ()
