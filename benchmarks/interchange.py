"""Time and memory of 200,000 cells to every format and back, or round trips over annotated sets.

python -m benchmarks.interchange [--data DIR]
"""

import argparse
import multiprocessing
import multiprocessing.connection
import resource
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from datasets.field_sets import MEASURED_ONLY, READERS
from datasets.interchange.annotated import annotated_fields, labelled_field
from datasets.interchange.formats import AnnotationFormat, read_labelled, write_labelled
from datasets.interchange.labelled import LabelledField, LabelledObject, Said

CELLS = 200_000
SIDE_PX = 1280


def drawn_fields(images: int) -> Iterator[LabelledField]:
    """So many cells on so many images, one in a hundred read by two; drawn as they are asked for."""
    random = np.random.default_rng(0)
    each = CELLS // images
    said = (Said("Anna", "parasite", "first", stage="ring"), Said("Ben", "parasite", "second"))
    side_px = SIDE_PX if images > 1 else 40 * SIDE_PX
    for number in range(images):
        boxes = np.round(random.uniform((0, 0, 5, 5), (side_px - 40, side_px - 40, 35, 35), (each, 4)), 2)
        objects = (
            LabelledObject(
                *(x, y, width, height),
                label="infected" if place % 100 == 0 else "red_cell",
                stage="ring" if place % 100 == 0 else "",
                score=round(1 - place / each, 6),
                rank=number * each + place + 1,
                said=said if place % 100 == 0 else (),
            )
            for place, (x, y, width, height) in enumerate(boxes.tolist())
        )
        yield LabelledField(f"field{number}.png", side_px, side_px, tuple(objects), slide="7")


def measured(task: str, images: int, format: AnnotationFormat, path: Path) -> tuple[float, float, int]:
    """Processor seconds, peak memory in MB beyond that of the imports, and objects; in its own process."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_run, args=(task, images, format, path, theirs))
    process.start()
    found: tuple[float, float, int] = ours.recv()
    process.join()
    return found


def _run(
    task: str,
    images: int,
    format: AnnotationFormat,
    path: Path,
    pipe: multiprocessing.connection.Connection,
) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.process_time()
    if task == "out":
        objects = write_labelled(path, format, drawn_fields(images)).objects
    else:
        objects = sum(len(field.objects) for field in read_labelled(path, format).fields)
    seconds = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    pipe.send((seconds, (peak - before) / 1024, objects))


def time_and_memory() -> None:
    """The table of docs/INTERCHANGE.md."""
    for images in (1000, 1):
        for format in AnnotationFormat:
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / "out"
                for task in ("out", "in"):
                    seconds, megabytes, objects = measured(task, images, format, path)
                    assert objects == CELLS
                    print(
                        f"{images} images  {format:12}  {task:3}  {seconds:5.1f} s  {megabytes:5.0f} MB",
                        flush=True,
                    )


def round_trips(data: Path) -> None:
    """Each set to every format and back, as annotated fields."""
    for name, read in {**READERS, **MEASURED_ONLY}.items():
        if not (data / name).is_dir():
            continue
        fields, images, without = [], {}, 0
        given = []
        for number, field in enumerate(read(data / name)):
            if np.isnan(field.boxes[:, 2:]).any():
                without += 1
                continue
            with Image.open(field.path) as image:
                width_px, height_px = image.size
            of_set = f"{number}/{field.path.name}"
            images[of_set] = field.path
            given.append(field)
            fields.append(labelled_field(field, of_set, width_px, height_px))
        if not fields:
            print(f"{name}: {without} fields have centres and no boxes")
            continue
        for format in AnnotationFormat:
            with tempfile.TemporaryDirectory() as folder:
                write_labelled(Path(folder) / "out", format, fields)
                found = read_labelled(Path(folder) / "out", format).fields
            same = sorted(found, key=lambda one: one.name) == sorted(fields, key=lambda one: one.name)
            back = annotated_fields(sorted(found, key=lambda one: int(one.name.split("/")[0])), images, name)
            moved = max(
                float(np.abs(one.boxes - other.boxes).max(initial=0))
                if len(one.boxes) == len(other.boxes)
                else 9e9
                for one, other in zip(back, given, strict=True)
            )
            alike = all(
                (one.infected == other.infected).all()
                and one.stage == other.stage
                and one.slide == other.slide
                for one, other in zip(back, given, strict=True)
            )
            objects = sum(len(one.objects) for one in fields)
            print(f"{name}  {format:12}  {len(fields)} fields  {objects} objects", end="  ")
            print(f"same {same and alike}  {moved:.1e} px", flush=True)


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--data", type=Path, help="folder of annotated sets, for their round trips")
    given = arguments.parse_args()
    if given.data:
        round_trips(given.data)
    else:
        time_and_memory()
