"""A laboratory's own annotated fields, from the files of another program to the one sample type."""

import logging
import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from core.files import shown_path
from datasets.fields import AnnotatedField, AnnotationError
from datasets.interchange.annotated import annotated_fields
from datasets.interchange.annotation_files import files_below
from datasets.interchange.field_images import PARTS, images_of, sized, turned_pictures
from datasets.interchange.field_images import slide_of as slide_of
from datasets.interchange.formats import AnnotationFormat, read_labelled
from datasets.interchange.labelled import Labelled, LabelledField
from datasets.interchange.renaming import renamed

IGNORED = "objects of classes to ignore"
_SLIDE = "{slide}"
_ENDINGS = {
    AnnotationFormat.COCO: ".json",
    AnnotationFormat.LABEL_STUDIO: ".json",
    AnnotationFormat.CVAT: ".xml",
}
"""Of the formats that are one file, whatever the number of images."""

_WITHOUT_SIZES = (AnnotationFormat.YOLO, AnnotationFormat.GEOJSON)
"""Formats in which other programs write no size of the image."""


@dataclass(frozen=True)
class ReadFields:
    """Annotated fields as they are, and their images.

    Attributes
    ----------
    fields
        Those of a slide together; their objects are called by a `CellClass`.
    images
        The file of each field's image, by the field's name.
    not_taken_over
        Number of things of the files that were left behind, by what they are.
    """

    fields: tuple[LabelledField, ...]
    images: Mapping[str, Path]
    not_taken_over: Mapping[str, int]

    def lost_shapes(self) -> list[str]:
        """What is wrong where shapes were left behind, in one line; nothing where none was."""
        lost = [field for field in self.fields if field.shapes_lost]
        if not lost:
            return []
        number = sum(field.shapes_lost for field in lost)
        return [
            f"{number} shapes on {len(lost)} fields are no upright boxes and were left behind, the first on "
            f"{lost[0].name}; these fields count as marked in part; draw boxes instead"
        ]


@dataclass(frozen=True)
class OwnFields:
    """Where annotated fields are, and what is to be known to read them.

    Attributes
    ----------
    name
        Of the source.
    path, format
        File or folder of the annotations, the images beside or below it.
    classes
        What the names in the file stand for (`datasets.interchange.renaming.renamed`).
    in_part
        Whether only some cells are marked: an unmarked one is then unknown, not healthy.
    slide_from
        Where the slide or patient stands in the name of an image file, such as ``{slide}_*``. If empty, it is
        the slide that the annotations name, else the folders of the image, less `NO_SLIDES`.
    """

    name: str
    path: Path
    format: AnnotationFormat
    classes: Mapping[str, str] = field(default_factory=dict)
    in_part: bool = False
    slide_from: str = ""

    @property
    def folder(self) -> Path:
        """Where the images are, in it or below."""
        if self.path.is_dir():
            return self.path
        parent = self.path.parent
        return parent.parent if parent.name.casefold() == "annotations" else parent

    def read(self) -> "ReadFields":
        """The fields in our words, those of a slide together.

        Raises
        ------
        AnnotationError
            Naming the file, and the number of what is wrong in it.
        """
        parts = [self._read(file) for file in self._files()]
        try:
            fields = renamed((one for part in parts for one in part.fields), self.classes)
        except AnnotationError as error:
            raise AnnotationError(f"{shown_path(self.path)}: {error}") from error
        images = images_of(fields, self.folder)
        by_slide: dict[str, list[LabelledField]] = defaultdict(list)
        for one in sized(fields, images, self.path):
            slide = self._slide_of(one, images[one.name])
            all_marked = one.all_marked and not self.in_part
            by_slide[slide].append(replace(one, slide=slide, all_marked=all_marked))
        not_taken_over: Counter[str] = Counter()
        for part in parts:
            not_taken_over.update(part.not_taken_over)
        objects_before = sum(len(one.objects) for part in parts for one in part.fields)
        not_taken_over[IGNORED] = objects_before - sum(len(one.objects) for one in fields)
        return ReadFields(tuple(one for slide in by_slide.values() for one in slide), images, +not_taken_over)

    def turned_pictures(self, found: ReadFields) -> list[str]:
        """One line on images whose boxes may be of another orientation; nothing where there are none."""
        return turned_pictures(found.images, sizes_told=self.format not in _WITHOUT_SIZES)

    def annotated(self) -> list[AnnotatedField]:
        """The fields as samples; raises as `read`."""
        found = self.read()
        for problem in found.lost_shapes():
            logging.getLogger(__name__).warning("%s: %s", shown_path(self.path), problem)
        return annotated_fields(found.fields, found.images, self.name)

    def _files(self) -> list[Path]:
        ending = _ENDINGS.get(self.format)
        if ending is None or not self.path.is_dir():
            return [self.path]
        found = files_below(self.path, ending)
        if not found:
            raise AnnotationError(
                f"{shown_path(self.path)}: no *{ending} here or below; give the file that was exported"
            )
        return found

    def _read(self, file: Path) -> Labelled:
        """A file; names of its images begin with its folder where there may be several files."""
        found = read_labelled(file, self.format)
        if file == self.path:
            return found
        parts = file.parent.relative_to(self.path).parts
        folders = [part for part in parts if part.casefold() != "annotations"]
        named = (replace(one, name="/".join((*folders, one.name))) for one in found.fields)
        return replace(found, fields=tuple(named))

    def _slide_of(self, one: LabelledField, image: Path) -> str:
        if not self.slide_from:
            return one.slide or slide_of(image.relative_to(self.folder))
        found = slide_pattern(self.slide_from).fullmatch(image.stem)
        if found is None:
            raise AnnotationError(
                f"{shown_path(image)}: is not named {self.slide_from}; give another slide_from, or none"
            )
        return found["slide"]


def part_of(image: Path) -> str:
    """What an image is for, such as ``train``, by its folders; empty where they do not say."""
    return next((folder for folder in image.parts[:-1] if folder.casefold() in PARTS), "")


def slide_pattern(slide_from: str) -> re.Pattern[str]:
    """What names of images, less their ending, are compared with: ``*`` stands for anything.

    Raises
    ------
    ValueError
        Where it does not hold ``{slide}`` once, or ``*`` follows it or stands before it with nothing between:
        then nothing says where the slide ends.
    """
    if slide_from.count(_SLIDE) != 1:
        raise ValueError(f"{slide_from!r} must hold {_SLIDE} once, as in {_SLIDE}_*")
    if f"{_SLIDE}*" in slide_from or f"*{_SLIDE}" in slide_from:
        raise ValueError(f"{slide_from!r}: what stands between {_SLIDE} and * is missing, as _ in {_SLIDE}_*")
    parts = re.split(r"(\{slide\}|\*)", slide_from)
    meaning = {_SLIDE: "(?P<slide>.+?)", "*": ".*"}
    return re.compile("".join(meaning.get(part, re.escape(part)) for part in parts))
