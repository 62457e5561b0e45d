"""Photographs that overlap, found among real fields: how many, how many wrongly, and how fast.

    python -m benchmarks.overlaps --data DATA [--sets iml_malaria md2019] [--cache out/overlaps]

Five parts: fields cut in two that share 0 to 60 % of their width, the second one turned by up to 5 degrees,
in other light, both as JPEG of quality 70 to 95; fields beside copies of themselves; all fields of all sets
as one slide, with the pairs found there; drawn photographs of one place, on which cells that touch are one
clump now and then; 2,000 drawn patterns, for the time and memory it takes. What is located is kept in the
cache.
"""

import argparse
import time
import tracemalloc
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.overlap_fields import (
    COPIES,
    OVERLAPS,
    LocatedPhotograph,
    copied,
    cut_field,
    jpeg_quality,
    located,
    reference_of,
)
from core.cells.located import NEAR_BORDER, WhyNot
from core.cells.quality import FieldQuality
from core.overlap import SAME_PICTURE, Overlap, Pattern, correlation, overlaps
from core.overlap.constellations import guesses
from core.results.tables import NUMBER_OF_REASON, CellRows
from core.scoring.overlapping import DoubtfulOverlap, each_place_once
from core.scoring.survey import Survey, SurveyedField
from datasets.fields import read_rgb
from models.loading import Models, load_models

EVERY = {"iml_malaria": 6, "md2019": 3, "healthy_tiles": 3, "ph_thin": 12, "chula_rbc12": 10, "txl_pbc": 20}
"""Of each set one field in so many is cut and copied."""
WHOLE_QUALITY = 95
STREWN = 2000
CLUMPED = (0.1, 0.3)
"""How often two cells that touch are located as one clump."""
DRAWN_PX = 60
"""Width of a drawn cell."""


@dataclass(frozen=True, eq=False)
class Cut:
    """Two photographs of one field, and how many of its cells lie whole on either."""

    photographs: tuple[LocatedPhotograph, LocatedPhotograph]
    cells: int


def fields_of(folder: Path) -> list[Path]:
    """The image files of a set."""
    images = folder / "images" if (folder / "images").is_dir() else folder
    return sorted(path for path in images.iterdir() if path.suffix.lower() in {".jpg", ".jpeg", ".png"})


def survey_of(photographs: Sequence[LocatedPhotograph], names: Sequence[str]) -> Survey:
    """The photographs as a scored slide; nothing on it is infected."""
    fields = tuple(
        SurveyedField(
            name=name,
            width=one.image.shape[1],
            height=one.image.shape[0],
            content_hash=str(number),
            quality=FieldQuality(one.edge_blur, 240.0, 0.1, 0.2, 0.1),
            unreadable="",
            why_excluded="",
            why_not=WhyNot.EVALUABLE,
        )
        for number, (one, name) in enumerate(zip(photographs, names, strict=True))
    )
    counts = [len(one.boxes) for one in photographs]
    reasons = [NUMBER_OF_REASON[reason] for one in photographs for reason in one.why_not.tolist()]
    score = np.full(sum(counts), 0.1, np.float32)
    cells = CellRows(
        field=np.repeat(np.arange(len(fields), dtype=np.int32), counts),
        boxes=np.concatenate([one.boxes for one in photographs]),
        detection_score=score,
        infected_score=score,
        second_score=np.full(sum(counts), np.nan, np.float32),
        why_not=np.array(reasons, np.uint8),
    )
    return Survey(fields, cells, np.empty((0, 0), np.float16))


def searched(photographs: Sequence[LocatedPhotograph], names: Sequence[str]) -> Survey:
    """The slide after the search, pictures compared where the program would."""
    pictures = dict(zip(names, photographs, strict=True))

    def same(doubtful: Sequence[DoubtfulOverlap]) -> list[bool]:
        return [
            correlation(
                pictures[one.first.name].image,
                pictures[one.second.name].image,
                one.alignment.turn,
                one.alignment.shift,
                one.widths_px,
            )
            >= SAME_PICTURE
            for one in doubtful
        ]

    return each_place_once(survey_of(photographs, names), dict.fromkeys(names, 1), same)


def whole_on_either(field: LocatedPhotograph, cut: NDArray[np.float64], size: tuple[int, int]) -> int:
    """How many of a field's cells that count lie whole on a photograph cut from it."""
    boxes = field.boxes[field.why_not == WhyNot.EVALUABLE].astype(np.float64)
    centres = boxes[:, :2] + boxes[:, 2:] / 2
    reach = (0.5 + NEAR_BORDER) * boxes[:, 2:]
    on_any = np.zeros(len(boxes), bool)
    for to_field in cut:
        back = cv2.invertAffineTransform(to_field)
        there = centres @ back[:, :2].T + back[:, 2]
        on_any |= ((there > reach) & (there < np.array(size) - reach)).all(axis=1)
    return int(on_any.sum())


def of_set(
    folder: Path, every: int, models: Models, cache: Path
) -> tuple[dict[float, list[Cut]], dict[str, list[tuple[LocatedPhotograph, LocatedPhotograph]]]]:
    """The fields of a set cut by each overlap, and beside each of their copies."""
    paths = fields_of(folder)
    reference = reference_of([read_rgb(path) for path in paths[:: max(1, len(paths) // 8)]], models)
    cuts: dict[float, list[Cut]] = {overlap: [] for overlap in OVERLAPS}
    copies: dict[str, list[tuple[LocatedPhotograph, LocatedPhotograph]]] = {how: [] for how in COPIES}
    drawn = 0
    for path in paths[::every]:
        image = read_rgb(path)
        whole = located(image, WHOLE_QUALITY, models, reference, cache)
        for overlap in OVERLAPS:
            draw = np.random.default_rng([int(overlap * 100), drawn])
            cut = cut_field(image, overlap, draw)
            first = located(cut.first, jpeg_quality(draw), models, reference, cache)
            second = located(cut.second, jpeg_quality(draw), models, reference, cache)
            height, width = cut.first.shape[:2]
            cells = whole_on_either(whole, cut.to_field, (width, height))
            cuts[overlap].append(Cut((first, second), cells))
            drawn += 1
        draw = np.random.default_rng(drawn)
        drawn += 1 + len(COPIES)
        for how in COPIES:
            copy = located(copied(image, how, draw), jpeg_quality(draw), models, reference, cache)
            copies[how].append((whole, copy))
    return cuts, copies


def strewn(seed: int) -> Pattern:
    """A pattern of 14 x 10.5 cell widths as dense as cells come to lie that are strewn .8 widths apart."""
    draw = np.random.default_rng(seed)
    tried = draw.uniform(0, 14, 900) + 1j * draw.uniform(0, 10.5, 900)
    meets = np.abs(tried[:, None] - tried[None]) < 0.8
    free = np.ones(len(tried), bool)
    for number in range(len(tried)):
        if free[number]:
            free[number + 1 :] &= ~meets[number, number + 1 :]
    return Pattern(tried[free], 14.0, 10.5)


def with_clumps(cells: NDArray[np.complex128], share: float, draw: np.random.Generator) -> LocatedPhotograph:
    """A photograph of all cells of a place, some of those less than a width apart as one clump."""
    boxes, why_not, done = [], [], np.zeros(len(cells), bool)
    for number, cell in enumerate(cells.tolist()):
        if done[number]:
            continue
        near = ~done & (np.abs(cells - cell) < 1) & (np.arange(len(cells)) > number)
        clump = bool(near.any() and draw.random() < share)
        together = [number, int(near.argmax())] if clump else [number]
        done[together] = True
        middle = complex(cells[together].mean()) + complex(*draw.normal(0, 0.02, 2))
        span = cells[together[-1]] - cell
        width, height = 1 + abs(span.real), 1 + abs(span.imag)
        boxes.append([middle.real - width / 2, middle.imag - height / 2, width, height])
        why_not.append(str(WhyNot.CLUMP if clump else WhyNot.EVALUABLE))
    in_px = np.array(boxes, np.float32) * DRAWN_PX
    size_px = round(14 * DRAWN_PX)
    blank = np.zeros((size_px, size_px, 3), np.uint8)
    return LocatedPhotograph(blank, in_px, np.array(why_not), float(draw.uniform(0.04, 0.06)))


def of_one_place(photographs: int, share: float, seeds: Sequence[int]) -> tuple[int, int]:
    """Cells that are whole on any of so many photographs of their place, and those that count."""
    whole = counted = 0
    for seed in seeds:
        draw = np.random.default_rng(seed)
        cells = strewn(seed).points
        shown = [with_clumps(cells, share, draw) for _ in range(photographs)]
        seen = np.zeros(len(cells), bool)
        for one in shown:
            boxes = one.boxes[one.why_not == WhyNot.EVALUABLE] / DRAWN_PX
            middles = (boxes[:, 0] + boxes[:, 2] / 2) + 1j * (boxes[:, 1] + boxes[:, 3] / 2)
            seen[np.abs(middles[:, None] - cells[None]).argmin(axis=1)] = True
        whole += int(seen.sum())
        counted += int(
            searched(shown, [str(number) for number in range(photographs)]).located.evaluable.sum()
        )
    return whole, counted


def pairs_found(survey: Survey) -> tuple[int, int]:
    """Of photographs named after their fields: pairs of one field, and of two."""
    same = sum(one.first.split("/")[0] == one.second.split("/")[0] for one in survey.overlaps)
    return same, len(survey.overlaps) - same


def row(label: str, pairs: Sequence[tuple[LocatedPhotograph, LocatedPhotograph]], cells: int) -> None:
    """Search one slide of pairs and print what came of it."""
    photographs = [one for pair in pairs for one in pair]
    names = [f"{number}/{side}" for number in range(len(pairs)) for side in "ab"]
    before = int(survey_of(photographs, names).located.evaluable.sum())
    survey = searched(photographs, names)
    found, wrong = pairs_found(survey)
    after = int(survey.located.evaluable.sum())
    print(
        f"{label:<28}{found:4d} of {len(pairs):3d}{wrong:6d}{before / cells:9.3f}{after / cells:9.3f}",
        flush=True,
    )


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sets", nargs="+", choices=EVERY, default=list(EVERY))
    parser.add_argument("--cache", type=Path, default=Path("out/overlaps"))
    given = parser.parse_args()
    cv2.setNumThreads(1)
    models = load_models()
    print("n over the cells of the uncut field: before the search, after it")
    for name in given.sets:
        cuts, copies = of_set(given.data / name, EVERY[name], models, given.cache)
        for overlap, cut in cuts.items():
            row(f"{name} {overlap:.0%}", [one.photographs for one in cut], sum(one.cells for one in cut))
        for how, pairs in copies.items():
            cells = sum(int((whole.why_not == WhyNot.EVALUABLE).sum()) for whole, _ in pairs)
            row(f"{name} {how}", pairs, cells)
    photographs, names = [], []
    for name in given.sets:
        paths = fields_of(given.data / name)
        reference = reference_of([read_rgb(path) for path in paths[:: max(1, len(paths) // 8)]], models)
        for path in paths:
            photographs.append(located(read_rgb(path), WHOLE_QUALITY, models, reference, given.cache))
            names.append(f"{name}/{path.name}")
    started = time.process_time()
    survey = searched(photographs, names)
    seconds = time.process_time() - started
    possible = len(names) * (len(names) - 1) // 2
    print(f"{len(names)} fields as one slide, {possible} pairs, searched in {seconds:.1f} s of one core")
    print(f"{len(survey.overlaps)} overlap:")
    for one in survey.overlaps:
        print(f"{one.objects:5d} objects  {one.first}  {one.second}")
    for share in CLUMPED:
        for times in (2, 3, 5, 7):
            whole, counted = of_one_place(times, share, range(4))
            print(f"{times} of one place, {share:.0%} in clumps: {counted} count of {whole} whole on any")
    drawn = [strewn(number) for number in range(STREWN)]
    each = sum(len(pattern.points) for pattern in drawn) / len(drawn)
    asked: list[Overlap] = []

    def note(doubtful: Sequence[Overlap]) -> list[bool]:
        asked.extend(doubtful)
        return [False] * len(doubtful)

    started = time.process_time()
    found = overlaps(drawn, note)
    seconds = time.process_time() - started
    print(f"{STREWN} drawn patterns of {each:.0f} cells, none of one place: {seconds:.1f} s of one core,")
    print(f"{len(found)} pairs found, and the pictures of {len(asked)} would have been compared")
    tracemalloc.start()
    guesses(drawn)
    print(f"finding what may be alike takes {tracemalloc.get_traced_memory()[1] / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
