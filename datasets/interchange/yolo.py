"""YOLO: a folder with a text file an image, one line an object in shares of the image, and `data.yaml`.

The format holds a class and a box and nothing else. The rest stands in two tables beside it, which programs
that know nothing of them pass over: `fields.csv` and `attributes.csv`.
"""

import csv
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from core.files import harmless, read_csv, replacing_folder
from core.slides.formats import is_image_name
from core.wording import RESEARCH_USE_ONLY
from datasets.fields import AnnotationError, reading
from datasets.interchange.annotation_files import files_below
from datasets.interchange.attributes import attributes_of, labelled_object, number, rounded
from datasets.interchange.field_images import size_px
from datasets.interchange.labelled import NO_MORE, Labelled, LabelledField, LabelledObject

SETTINGS, FIELDS, ATTRIBUTES = "data.yaml", "fields.csv", "attributes.csv"
LABELS, IMAGES = "labels", "images"
UNMARKED = "images without a label file"
CHANGED = "attributes of objects that were moved or removed since"
_FIELD_COLUMNS = ("name", "width", "height", "slide", "all_marked")
_ATTRIBUTE_COLUMNS = ("name", "object", "line", "attribute", "value")


def write_yolo(path: Path, fields: Iterable[LabelledField]) -> None:
    """Write a folder, image by image; the images are to be put into its folder `images`."""
    numbers: dict[str, int] = {}
    with (
        replacing_folder(path) as temporary,
        (temporary / FIELDS).open("w", encoding="utf-8", newline="") as field_file,
        (temporary / ATTRIBUTES).open("w", encoding="utf-8", newline="") as attribute_file,
    ):
        field_table, attribute_table = (
            csv.writer(file, lineterminator="\n") for file in (field_file, attribute_file)
        )
        field_table.writerow(_FIELD_COLUMNS)
        attribute_table.writerow(_ATTRIBUTE_COLUMNS)
        for field in fields:
            file = temporary / LABELS / PurePosixPath(field.name).with_suffix(".txt")
            if file.exists():
                raise AnnotationError(
                    f"{field.name}: another image has this name but for its ending, and YOLO has one file "
                    "for both; choose another format"
                )
            lines = [_line(field, one, numbers) for one in field.objects]
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
            name, slide = harmless(field.name), harmless(field.slide)
            field_table.writerow(
                [name, field.width_px, field.height_px, slide, str(field.all_marked).lower()]
            )
            for place, (line, one) in enumerate(zip(lines, field.objects, strict=True), start=1):
                attribute_table.writerows(
                    [name, place, line, harmless(key), harmless(str(value))]
                    for key, value in attributes_of(one).items()
                )
        settings = {"path": ".", "train": IMAGES, "val": IMAGES, "names": list(numbers)}
        text = yaml.safe_dump(settings, allow_unicode=True, sort_keys=False)
        (temporary / SETTINGS).write_text(f"# {RESEARCH_USE_ONLY}\n{text}", encoding="utf-8")


def _line(field: LabelledField, one: LabelledObject, numbers: dict[str, int]) -> str:
    shares = (
        (one.x + one.width / 2) / field.width_px,
        (one.y + one.height / 2) / field.height_px,
        one.width / field.width_px,
        one.height / field.height_px,
    )
    # Twelve decimals: a ten-thousandth of a pixel on the widest scan.
    return " ".join(
        (str(numbers.setdefault(one.label, len(numbers))), *(f"{share:.12f}" for share in shares))
    )


def read_yolo(path: Path) -> Labelled:
    """Read a folder, or that of a `data.yaml`; raises `AnnotationError` with the number of lines or files."""
    root = path if path.is_dir() else path.parent
    names = _names(path if path.is_file() else root / SETTINGS)
    files = {
        file.relative_to(root).with_suffix("").as_posix(): file
        for file in files_below(root, ".txt")
        if LABELS in file.relative_to(root).parts[:-1]
    }
    if not files:
        raise AnnotationError(f"{path}: no {LABELS}/*.txt here; give the folder that holds {LABELS}")
    fields, attributes = _fields(root, files), _attributes(root)
    others: Counter[str] = Counter()
    strange: Counter[str] = Counter()
    found = []
    for stem, field in fields.items():
        lines = files[stem].read_text(encoding="utf-8-sig").splitlines() if stem in files else []
        rows = [line for line in lines if line.strip()]
        # Nobody may have looked at an image without a file; an empty file says that nothing is there.
        others[UNMARKED] += stem not in files
        known = attributes.get(field.name, {})
        objects = []
        for place, line in enumerate(rows, start=1):
            said = known.pop(place, None)
            if said and said[0] != line:
                others[CHANGED] += 1
                said = None
            one = _object(field, line, names, said[1] if said else NO_MORE, strange)
            objects += [one] if one else []
        others[CHANGED] += len(known)
        found.append(replace(field, objects=tuple(objects), all_marked=field.all_marked and stem in files))
    if strange:
        named = ", ".join(f"{count} with {fault}" for fault, count in sorted(strange.items()))
        raise AnnotationError(
            f"{path}: {strange.total()} lines are no boxes of its classes ({named}); class, middle, width "
            "and height in shares of the image would be right"
        )
    return Labelled(tuple(found), +others)


def _names(settings: Path) -> Mapping[int, str]:
    """Names of the classes by their number."""
    listed = settings.with_name("classes.txt")
    if not settings.is_file() and listed.is_file():
        return dict(enumerate(listed.read_text(encoding="utf-8-sig").split("\n")))
    try:
        content: Any = yaml.safe_load(settings.read_text(encoding="utf-8-sig"))
        names = content["names"]
        found = {
            int(key): str(name)
            for key, name in (names.items() if isinstance(names, dict) else enumerate(names))
        }
    except OSError as error:
        raise AnnotationError(
            f"{settings}: missing; it names the classes ({SETTINGS} or classes.txt)"
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError, KeyError, TypeError, ValueError) as error:
        raise AnnotationError(f"{settings}: names no classes ({error}); write them under names") from error
    for name, count in Counter(found.values()).items():
        if count > 1:
            raise AnnotationError(
                f"{settings}: {count} classes have the name {name!r}; one each would be right"
            )
    return found


def _fields(root: Path, files: Mapping[str, Path]) -> dict[str, LabelledField]:
    """The fields without objects, by the path of their file without its ending."""
    table = root / FIELDS
    if table.is_file():
        with reading(table, "the file"), table.open(encoding="utf-8", newline="") as file:
            fields = [
                LabelledField(
                    row["name"],
                    int(row["width"]),
                    int(row["height"]),
                    (),
                    slide=row["slide"],
                    all_marked=row["all_marked"] != "false",
                )
                for row in read_csv(file)
            ]
        found = {
            str(PurePosixPath(LABELS) / PurePosixPath(field.name).with_suffix("")): field for field in fields
        }
    else:
        images: dict[str, Path] = {}
        alike = []
        for image in sorted(root.rglob("*")):
            name = image.relative_to(root)
            if is_image_name(image) and IMAGES in name.parts[:-1]:
                if (stem := _of_label(name)) in images:
                    alike.append(name)
                images[stem] = image
        if alike:
            raise AnnotationError(
                f"{root}: {len(alike)} images have the name of another but for its ending, the first "
                f"{alike[0]}; one label file would be of both: keep one of each"
            )
        found = {
            stem: LabelledField(file.relative_to(root).as_posix(), *size_px(file), ())
            for stem, file in images.items()
        }
    if lost := [stem for stem in files if stem not in found]:
        raise AnnotationError(
            f"{root}: {len(lost)} files have no image, the first {files[lost[0]].relative_to(root)}; put the "
            f"images into {IMAGES}: the boxes are in shares of their sizes"
        )
    return found


def _of_label(image: Path) -> str:
    """Where the lines of an image stand: under `labels` as it under `images`, wherever these are."""
    parts = image.with_suffix("").parts
    place = len(parts) - 1 - parts[::-1].index(IMAGES)
    return "/".join((*parts[:place], LABELS, *parts[place + 1 :]))


_Said = dict[str, dict[int, tuple[str, dict[str, str]]]]
"""By name of the field and number of the object: its line, and its attributes."""


def _attributes(root: Path) -> _Said:
    found: _Said = defaultdict(dict)
    table = root / ATTRIBUTES
    if not table.is_file():
        return found
    with reading(table, "the file"), table.open(encoding="utf-8", newline="") as file:
        for row in read_csv(file):
            of_field = found[row["name"]]
            _, attributes = of_field.setdefault(int(row["object"]), (row["line"], {}))
            attributes[row["attribute"]] = row["value"]
    return found


def _object(
    field: LabelledField,
    line: str,
    names: Mapping[int, str],
    attributes: Mapping[str, object],
    strange: Counter[str],
) -> LabelledObject | None:
    """The object of a line; None for one that is no box of the classes, which is counted."""
    words: Sequence[str] = line.split()
    if len(words) not in (5, 6):
        strange[f"{len(words)} values"] += 1
        return None
    if not words[0].isdecimal() or int(words[0]) not in names:
        strange[f"class {words[0]}"] += 1
        return None
    try:
        across, down, width, height = map(number, words[1:5])
    except ValueError:
        strange["a value that is no number"] += 1
        return None
    if len(words) == 6:  # as a network that has found it writes its score
        attributes = {"score": words[5], **attributes}
    box = (across - width / 2, down - height / 2, width, height)
    scale = (field.width_px, field.height_px) * 2
    return labelled_object(
        rounded(*(share * side for share, side in zip(box, scale, strict=True))),
        names[int(words[0])],
        attributes,
    )
