"""Demonstration slides: drawn, scored once, and there at every further start."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass

from app.jobs.start import start
from app.workplace import PROGRAM, Workplace
from datasets.synthetic import render_slide


@dataclass(frozen=True)
class DemoSlide:
    """A slide to draw."""

    patient: str
    name: str
    fields: int
    parasitaemia: float
    seed: int


DEMO_SLIDES = (
    DemoSlide("Demonstration 1", "synthetic-1", 12, 0.01, 7),
    DemoSlide("Demonstration 2", "synthetic-2", 6, 0.04, 8),
    DemoSlide("Demonstration 3", "synthetic-3", 12, 0.0, 9),
)


def prepare_demo(workplace: Workplace, said: Callable[[str], None]) -> None:
    """Draw and score the slides that are not there yet; what an interrupted start has done is kept."""
    for demo in DEMO_SLIDES:
        folder = workplace.slides / demo.name
        if any(slide.folder == folder for slide in workplace.store.slides()):
            continue
        said(f"{demo.name}: drawing {demo.fields} fields")
        if not folder.exists():
            # Under another name until it is whole: a start that was interrupted draws it again.
            unfinished = workplace.slides / f".{demo.name}"
            shutil.rmtree(unfinished, ignore_errors=True)
            render_slide(unfinished, fields=demo.fields, seed=demo.seed, parasitaemia=demo.parasitaemia)
            unfinished.rename(folder)
        case = workplace.store.add_case(demo.patient, by=PROGRAM)
        workplace.store.add_slide(case.id, demo.name, folder, by=PROGRAM)
    process = start(workplace)
    if process is not None:
        said("scoring them")
        process.wait()
