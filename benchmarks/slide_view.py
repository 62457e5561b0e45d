"""A slide of 20 480 x 20 480 pixels and 202 500 cells in the browser: time to first view, frames of a pan.

    python -m benchmarks.slide_view

The slide is drawn without a network, as a tiled TIFF with reduced copies (with --single-level, without them).
The application is started as a person starts it, and Chromium looks at it: all of it at once, then nearer.
"""

import argparse
import json
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import psutil
from numpy.typing import NDArray
from tifffile import TiffWriter

from app.workplace import open_workplace
from core.results.fields import read_fields, write_fields
from core.results.folder import LIST, read_tables
from core.results.tables import first_ranked, read_candidates_list, write_candidates_list, write_cells
from core.slides import content_hash, open_overview, open_slide
from tests.app.chromium import come_in, running_chromium
from tests.app.running_server import RunningServer
from tests.scored_slides import take_in, write_score

if TYPE_CHECKING:
    from playwright.sync_api import Page

PATCH_PX, PATCHES, CELLS_ACROSS, TILE_PX = 2048, 10, 45, 256
SIDE_PX = PATCH_PX * PATCHES
CELL_PX = 34.0
LISTED = 300
PAN_STEPS = 120
VIEWS = {"whole": None, "1:4": 0.25, "1:1": 1.0}


def drawn_patch() -> NDArray[np.uint8]:
    """A square of cells that lies everywhere on the slide."""
    patch = np.full((PATCH_PX, PATCH_PX, 3), (236, 226, 224), np.uint8)
    random = np.random.default_rng(7)
    for x, y in centres(PATCH_PX, CELLS_ACROSS):
        stain = random.integers(-12, 12, 3)
        colour = tuple(int(level) for level in np.array([204, 150, 156]) + stain)
        cv2.circle(patch, (round(x), round(y)), round(CELL_PX / 2), colour, cv2.FILLED, cv2.LINE_AA)
        cv2.circle(patch, (round(x), round(y)), 6, (222, 186, 188), cv2.FILLED, cv2.LINE_AA)
    return patch


def centres(side_px: int, across: int) -> NDArray[np.float64]:
    """(N, 2) middles of cells in rows."""
    steps = (np.arange(across) + 0.5) * side_px / across
    return np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2)


def draw_slide(path: Path, *, levels: int) -> None:
    """Write the slide, with `levels` copies of it, each half as large as the one before."""
    patch = drawn_patch()
    with TiffWriter(path, bigtiff=True) as tiff:
        for level in range(levels):
            side = SIDE_PX >> level
            tiff.write(
                _tiles(patch, side),
                shape=(side, side, 3),
                dtype=np.uint8,
                tile=(TILE_PX, TILE_PX),
                photometric="rgb",
                compression="zlib",
                subfiletype=1 if level else 0,
                metadata=None,
            )
            half = (len(patch) // 2, len(patch) // 2)
            patch = np.asarray(cv2.resize(patch, half, interpolation=cv2.INTER_AREA), np.uint8)


def _tiles(patch: NDArray[np.uint8], side: int) -> Iterator[NDArray[np.uint8]]:
    repeats = -(-TILE_PX // len(patch)) + 1
    wide = np.tile(patch, (repeats, repeats, 1)) if len(patch) < 2 * TILE_PX else np.tile(patch, (2, 2, 1))
    for top in range(0, side, TILE_PX):
        for left in range(0, side, TILE_PX):
            y, x = top % len(patch), left % len(patch)
            yield np.ascontiguousarray(wide[y : y + TILE_PX, x : x + TILE_PX])


def write_result(folder: Path, slide: Path) -> int:
    """Write what scoring would have written of the slide; give the number of its cells."""
    opened = open_slide(slide)
    places: dict[str, tuple[int, int]] = {}
    for name in opened.field_names():
        left, top = (int(part.partition("=")[2]) for part in name.rpartition("#")[2].split(","))
        places[name] = (left, top)
    side = len(opened.read_field(opened.field_names()[0]).image)
    lefts = sorted({left for left, _ in places.values()})
    borders = np.array([(one + other + side) / 2 for one, other in pairwise(lefts)])
    middles = np.vstack(
        [
            centres(PATCH_PX, CELLS_ACROSS) + np.array((PATCH_PX * column, PATCH_PX * row))
            for row in range(PATCHES)
            for column in range(PATCHES)
        ]
    )
    owners = np.stack([np.searchsorted(borders, middles[:, axis]) for axis in (0, 1)], axis=1)
    by_field: dict[str, list[NDArray[np.float64]]] = {name: [] for name in places}
    names = {place: name for name, place in places.items()}
    for middle, (column, row) in zip(middles, owners, strict=True):
        left, top = lefts[column], lefts[row]
        by_field[names[left, top]].append(middle - (left, top) - CELL_PX / 2)
    counts = {name: len(cells) for name, cells in by_field.items()}
    chosen = list(counts)[:: max(1, len(counts) // LISTED)][:LISTED]
    leading = [(name, 0, round(0.99 - 0.001 * number, 4)) for number, name in enumerate(chosen)]
    write_score(folder, counts, leading)
    # The same cells, each at its own place.
    rows, cells = read_fields(folder), read_tables(folder).cells
    corners = np.vstack([np.concatenate([np.array(cells) for cells in by_field.values()]), [0.0, 0.0]])
    boxes = np.hstack([corners, np.full((len(corners), 2), CELL_PX)]).astype(np.float32)
    sized = [
        replace(row, width=side, height=side, content_hash=content_hash(opened.read_field(row.name).image))
        for row in rows[: len(counts)]
    ]
    write_fields(folder, sized)
    cells = replace(cells, boxes=boxes)
    write_cells(folder / "cells.parquet", sized, cells)
    listed = first_ranked(sized, cells, len(read_candidates_list(folder / LIST)))
    write_candidates_list(folder / LIST, listed)
    return len(corners) - 1


PLAN = "[...document.querySelectorAll('*')].map(e => e.shadowRoot?.querySelector('.plan')).find(Boolean).plan"
FRAMES = (
    f"async ([steps, dx, dy]) => {{ const plan = {PLAN};"
    + """
  const viewport = plan.viewer.viewport, times = [];
  plan.drawMs.length = 0;
  let last = null;
  await new Promise(done => {
    const frame = now => {
      if (last !== null) times.push(now - last);
      last = now;
      if (times.length >= steps) return done();
      viewport.panBy(viewport.deltaPointsFromPixels(
        new OpenSeadragon.Point(times.length % 60 < 30 ? dx : -dx, times.length % 60 < 30 ? dy : -dy)), true);
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  });
  return {frames: times, draws: [...plan.drawMs], drawn: plan.drawn};
}"""
)
ZOOM = (
    f"factor => {{ const plan = {PLAN};"
    + """
  const viewport = plan.viewer.viewport, item = plan.viewer.world.getItemAt(0);
  viewport.goHome(true);
  if (factor) viewport.zoomTo(item.imageToViewportZoom(factor), undefined, true);
}"""
)


def main() -> None:
    """Measure, print a line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--single-level", action="store_true", help="a TIFF without reduced copies")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(measure(Path(folder), levels=1 if chosen.single_level else 6)))


def measure(folder: Path, *, levels: int) -> dict[str, Any]:
    """Draw the slide, start the application, look at it with Chromium."""
    draw_slide(folder / "slide.tiff", levels=levels)
    cells = write_result(folder / "result", folder / "slide.tiff")
    workplace = open_workplace(folder / "data")
    store = workplace.store
    case = store.add_case("patient", by="Anna")
    slide = store.add_slide(case.id, "large", folder / "slide.tiff", by="Anna", um_per_pixel=0.2)
    record = take_in(store, slide.id, folder / "result")
    begun = time.perf_counter()
    images = open_slide(record.slide.folder)
    if open_overview(record.slide.folder) is None:
        for name in images.field_names():
            image = images.read_field(name).image
            workplace.pyramid.keep_copies(slide.id, image, content_hash(image))
    prepared = time.perf_counter() - begun
    store.close()
    server = RunningServer(folder / "data")
    server.start()
    try:
        with running_chromium() as browser:
            page = come_in(browser, server, "Anna")
            page.get_by_role("link", name="Review").wait_for()
            begun = time.perf_counter()
            page.goto(f"{server.address}/slide?slide=1")
            page.locator(".viewer[data-open]").wait_for()
            opened = time.perf_counter() - begun
            page.locator(".viewer[data-loaded='true']").wait_for()
            loaded = time.perf_counter() - begun
            views = {name: _view(page, factor) for name, factor in VIEWS.items()}
            memory = psutil.Process(server.number).memory_info().rss
    finally:
        server.kill()
    return {
        "side_px": SIDE_PX,
        "cells": cells,
        "levels": levels,
        "prepare_s": round(prepared, 1),
        "page_to_view_s": round(opened, 2),
        "page_to_all_tiles_s": round(loaded, 2),
        "views": views,
        "server_mib": round(memory / 2**20),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "system": platform.platform(),
    }


def _view(page: "Page", factor: float | None) -> dict[str, Any]:
    page.evaluate(ZOOM, factor)
    page.wait_for_timeout(1500)
    found = page.evaluate(FRAMES, [PAN_STEPS, 14, 9])
    frames, draws = sorted(found["frames"]), sorted(found["draws"])
    return {
        "cells_drawn": found["drawn"],
        "frame_median_ms": round(statistics.median(frames), 1),
        "frame_p95_ms": round(frames[int(0.95 * len(frames))], 1),
        "draw_median_ms": round(statistics.median(draws), 1) if draws else None,
        "draw_p95_ms": round(draws[int(0.95 * len(draws))], 1) if draws else None,
    }


if __name__ == "__main__":
    main()
