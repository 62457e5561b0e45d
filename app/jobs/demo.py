"""Demonstration slides: drawn, scored once, and there at every further start."""

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from subprocess import Popen

from app.jobs.progress import SECONDS_BETWEEN, progress_path, read_progress
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
        said("scoring them, about a minute")
        _say_progress(workplace, process, said)


def _say_progress(workplace: Workplace, process: Popen[bytes], said: Callable[[str], None]) -> None:
    """Say field by field how far the scoring has come, until it is over."""
    told: dict[int, int] = {}
    over = False
    while not over:
        over = process.poll() is not None
        for slide in workplace.store.slides():
            going = read_progress(progress_path(workplace.jobs, slide.id))
            if going is not None and told.get(slide.id) != going.fields_done:
                told[slide.id] = going.fields_done
                said(f"{slide.name}: {going.fields_done} of {going.fields} fields scored")
        time.sleep(SECONDS_BETWEEN)
