"""The scale of a slide: as entered, as its file has it, or none for now."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from tifffile import imwrite

from app.pictures.scale import um_per_pixel_of
from app.workplace import Workplace


def test_a_slide_that_is_out_of_reach_for_a_moment_has_its_scale_afterwards(
    workplace: Workplace, tmp_path: Path
) -> None:
    folder = tmp_path / "images"
    folder.mkdir()
    case = workplace.store.add_case("patient", by="Anna")
    slide = workplace.store.add_slide(case.id, "slide", folder, by="Anna")
    assert um_per_pixel_of(slide) is None  # its images are not there yet
    pixels = np.zeros((64, 64, 3), np.uint8)
    imwrite(folder / "field.tif", pixels, resolution=(50_000, 50_000), resolutionunit="CENTIMETER")
    assert um_per_pixel_of(slide) == 0.2
    assert um_per_pixel_of(replace(slide, um_per_pixel=0.1)) == 0.1
