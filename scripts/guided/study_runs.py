"""The runs of a study, one after the other: trained, then measured, each once."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
import yaml
from lightning_fabric import Fabric

from core.cam import METHODS
from core.files import replacing_folder
from core.study.comparison import RunKey
from core.study.page import run_name
from core.training.checkpoints import load_epoch, read_progress
from core.training.guided import train_guided
from scripts.guided.evaluate_guided import evaluation, write_evaluation
from scripts.guided.guided_run import GuidedRun, begin_run, open_run
from scripts.guided.image_sources import ImageSource, Part
from scripts.guided.study_sheets import draw_sheets
from scripts.settings.guided_settings import GuidedSettings
from scripts.settings.study_settings import REFERENCE, PlannedReference, PlannedRun, StudySettings


@dataclass(frozen=True, eq=False)
class StudyFolder:
    """A study on disk.

    Attributes
    ----------
    config
        Where its settings are from.
    settings
        What they are.
    data
        Folder of the sets and weights.
    source
        The images.
    out
        The folder.
    """

    config: Path
    settings: StudySettings
    data: Path
    source: ImageSource
    out: Path

    def folder(self, run: PlannedRun | PlannedReference) -> Path:
        """Of a run."""
        return self.out / run.folder

    def evaluated(self, run: PlannedRun | PlannedReference, epoch: int, method: str) -> Path:
        """Folder of the measures of a run; `evaluation.json` in it is written last."""
        name = f"{epoch:03d}_{method}"
        # What `smearscope evaluate` writes is of the test images.
        part = "" if self.settings.measured_on == "test" else "validation_"
        return self.folder(run) / "evaluation" / f"{part}{name}"

    def wanted(self, run: PlannedRun) -> Iterator[tuple[int, str]]:
        """Epochs and methods that a run is measured with: before, after, and under the other method."""
        method, last = self.settings.base.maps.method, self.settings.judged_epoch
        yield 0, method
        yield last, method
        if not self.settings.has_in_loss(run.arm, self.settings.other_method):
            yield last, self.settings.other_method

    def measured(self, run: GuidedRun) -> Part:
        """The images that the study is measured on."""
        return run.test if self.settings.measured_on == "test" else run.validation


def train_runs(study: StudyFolder, fabric: Fabric, say: Callable[[str], None]) -> None:
    """Train what is not trained yet; a run that was broken off goes on.

    The runs of a seed and fold begin at epoch 0 of one reference phase, which is trained once.

    Raises
    ------
    core.errors.SmearscopeError
        As a guided training does; for a folder of a run with other settings.
    """
    planned = list(study.settings.runs())
    for number, run in enumerate(planned, start=1):
        folder = study.folder(run)
        _begin(study, folder, run.settings)
        progress = read_progress(folder)
        if progress is not None and progress.epoch == study.settings.judged_epoch:
            continue
        reference = _trained_reference(study, run.key, fabric, say)
        say(f"run {number} of {len(planned)}: {run_name(run.arm.name, run.key)}")
        opened = open_run(study.data, run.settings, study.source)
        train_guided(opened.guided, opened.images, run.settings.training, fabric, folder, say, reference)


def _begin(study: StudyFolder, folder: Path, settings: GuidedSettings) -> None:
    content = yaml.safe_dump(settings.model_dump(mode="json"), sort_keys=False)
    begin_run(folder, study.config, settings, content.encode())


def _trained_reference(study: StudyFolder, key: RunKey, fabric: Fabric, say: Callable[[str], None]) -> Path:
    """Folder of the reference phase of a seed and fold, trained to its end."""
    planned = study.settings.reference(key)
    folder = study.folder(planned)
    _begin(study, folder, planned.settings)
    progress = read_progress(folder)
    if progress is None or progress.epoch < 0:
        say(run_name(REFERENCE, key))
        opened = open_run(study.data, planned.settings, study.source)
        train_guided(opened.guided, opened.images, planned.settings.training, fabric, folder, say)
    return folder


def measure_runs(study: StudyFolder, device: torch.device, say: Callable[[str], None]) -> None:
    """Measure what is not measured yet and draw its sheets; all runs must be trained.

    Epoch 0 of a seed and fold, which is the same for all arms, is measured once and copied.

    Raises
    ------
    core.errors.SmearscopeError
        Where weights or images cannot be read, or a folder not be written.
    """
    for run in study.settings.runs():
        wanted = [
            (epoch, method)
            for epoch, method in study.wanted(run)
            if not (study.evaluated(run, epoch, method) / "evaluation.json").exists()
        ]
        sheets = study.folder(run) / "sheets" / study.settings.measured_on
        if not wanted and sheets.is_dir():
            continue
        say(f"measuring {run_name(run.arm.name, run.key)}")
        opened = open_run(study.data, run.settings, study.source)
        part = study.measured(opened)
        for epoch, method in wanted:
            if epoch == 0:
                _copy(_measured_reference(study, run.key, method, device), study.evaluated(run, 0, method))
                continue
            load_epoch(study.folder(run), epoch, opened.guided.network, opened.guided.objective)
            found = evaluation(opened, part, METHODS[method], device, run.settings.training.images_a_pass)
            write_evaluation(found, study.evaluated(run, epoch, method), epoch=epoch, method=method)
        method = study.settings.base.maps.method
        before, after = (study.evaluated(run, epoch, method) for epoch in (0, study.settings.judged_epoch))
        draw_sheets(
            opened,
            part,
            study.folder(run),
            sheets,
            (before / "images.csv", after / "images.csv"),
            study.settings.judged_epoch,
            METHODS[method],
        )


def _measured_reference(study: StudyFolder, key: RunKey, method: str, device: torch.device) -> Path:
    """Folder of the measures of the reference phase of a seed and fold."""
    planned = study.settings.reference(key)
    folder = study.evaluated(planned, 0, method)
    if not (folder / "evaluation.json").exists():
        opened = open_run(study.data, planned.settings, study.source)
        load_epoch(study.folder(planned), 0, opened.guided.network, opened.guided.objective)
        part = study.measured(opened)
        found = evaluation(opened, part, METHODS[method], device, planned.settings.training.images_a_pass)
        write_evaluation(found, folder, epoch=0, method=method)
    return folder


def _copy(folder: Path, to: Path) -> None:
    """Copy the files of a folder, all or none; raises `core.files.OutputError`."""
    with replacing_folder(to) as temporary:
        for file in folder.iterdir():
            shutil.copyfile(file, temporary / file.name)
