"""What leads the lists of sets without malaria: sheets to be looked at, by the first look alone and by both.

    python -m benchmarks.false_leaders --data DATA

Writes `out/leaders/SET_first.png` and `SET_both.png`: the first 100 objects of each set of fields in which
no parasite is, under the released networks, best first, row by row. Beside each sheet lies a table of where
they are.
"""

import argparse
import csv
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage.util import montage

from core.cells.crops import raw_crops
from core.cells.second_look import rank_values
from datasets.located_objects import LocatedField, located_fields
from models.loading import load_models
from scripts.settings.configuration import SecondLookSettings, read_settings
from scripts.settings.sources import fields_of, name_of

CONFIG = Path("models/configs/second_look.yaml")
SHEETS = Path("out/leaders")
TILE_PX, CELL_PX = 120, 66
FIRST = 100


def leaders(values: list[NDArray[np.float64]]) -> list[tuple[int, int]]:
    """Field and object of the `FIRST` with the highest values, best first."""
    field = np.concatenate([np.full(len(value), number) for number, value in enumerate(values)])
    place = np.concatenate([np.arange(len(value)) for value in values])
    best = np.argsort(-np.nan_to_num(np.concatenate(values), nan=-1), kind="stable")[:FIRST]
    return list(zip(field[best].tolist(), place[best].tolist(), strict=True))


def write_sheet(name: str, fields: list[LocatedField], values: list[NDArray[np.float64]]) -> None:
    """Cut and tile the leaders of a list, and note where they are."""
    chosen = leaders(values)
    tiles = np.empty((FIRST, TILE_PX, TILE_PX, 3), np.uint8)
    tiles[:] = 255
    for number in {field for field, _ in chosen}:
        image = fields[number].annotated.image()
        ranks = [rank for rank, (field, _) in enumerate(chosen) if field == number]
        boxes = fields[number].scored.boxes[[chosen[rank][1] for rank in ranks]]
        tiles[ranks] = raw_crops(image, boxes, TILE_PX, CELL_PX)
    sheet = montage(tiles, grid_shape=(10, 10), channel_axis=-1)
    cv2.imwrite(str(SHEETS / f"{name}.png"), cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR))
    with (SHEETS / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["rank", "image", "x", "y", "width", "height", "why_not", "value"])
        for rank, (field, place) in enumerate(chosen, start=1):
            scored = fields[field].scored
            where = [fields[field].annotated.path.name, *scored.boxes[place].round(1).tolist()]
            table.writerow([rank, *where, scored.why_not[place], round(float(values[field][place]), 5)])


def main() -> None:
    """Score each set and write its two sheets."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    given = parser.parse_args()
    settings, models = read_settings(CONFIG), load_models()
    if not isinstance(settings, SecondLookSettings):
        raise SystemExit(f"{CONFIG} does not describe a second look")
    SHEETS.mkdir(parents=True, exist_ok=True)
    for source in settings.malaria_free:
        name, fields = name_of(source), list(located_fields(fields_of(source, given.data), models))
        first = [field.scored.infected_score.astype(np.float64) for field in fields]
        both = [rank_values(field.scored.infected_score, field.scored.second_score) for field in fields]
        write_sheet(f"{name}_first", fields, first)
        write_sheet(f"{name}_both", fields, both)
        print(name, sum(map(len, first)), "objects", flush=True)


if __name__ == "__main__":
    main()
