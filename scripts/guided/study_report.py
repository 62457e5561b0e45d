"""The tables and the page of a study, from what its runs left."""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from core.errors import SmearscopeError
from core.files import replacing_folder, write_bytes
from core.saliency.objectives import OBJECTIVES
from core.study.changes import KINDS
from core.study.comparison import RunKey
from core.study.markdown import arms_markdown
from core.study.page import study_page
from core.study.report import Answers, Link, RunReport, StudyReport
from core.study.run_tables import write_all_classes, write_all_confusions, write_all_curves, write_targets
from core.study.table import COLUMNS, ArmRow, StudyRun, arm_rows, write_rows, write_runs
from core.study.targets import arm_outcomes
from core.training.checkpoints import read_progress
from core.training.figures import ClassMeasures
from scripts.guided.evaluate_guided import without_nan
from scripts.guided.study_runs import StudyFolder
from scripts.settings.guided_settings import GuidedSettings
from scripts.settings.sources import name_of
from scripts.settings.study_settings import ArmSettings, PlannedRun, StudySettings

UNSEEN = "unseen_by_imagenet_weights"


class StudyError(SmearscopeError):
    """A study whose files are damaged or missing."""


def write_report(study: StudyFolder) -> None:
    """Write arms.csv, runs.csv, study.json, tables/ and index.html of a study whose runs are all measured.

    tables/ has the figures alone, of all runs together: no image, nothing of one image, no place of this
    machine.

    Raises
    ------
    StudyError, core.errors.SmearscopeError
        Naming a file of a run that is damaged; where the folder cannot be written.
    """
    planned = list(study.settings.runs())
    runs = [_study_run(study, run) for run in planned]
    whole = {"all": "figures"}
    if all(run.unseen is not None for run in runs):
        whole[UNSEEN] = "unseen"
    figures = {images: _by_arm(study, runs, which) for images, which in whole.items()}
    names, control = [arm.name for arm in study.settings.arms], study.settings.compared_with
    shuffled = shuffled_controls(study.settings)
    rows = {images: arm_rows(names, control, by_arm) for images, by_arm in figures.items()}
    targets = {images: arm_outcomes(names, control, shuffled, by_arm) for images, by_arm in figures.items()}
    content = {
        "study": study.settings.study,
        "measured_on": study.settings.measured_on,
        "judged_epoch": study.settings.judged_epoch,
        "compared_with": control,
        "settings": _settings(study.settings),
        "arms": {images: [asdict(row) for row in arms] for images, arms in rows.items()},
        "targets": {images: [asdict(arm) for arm in arms] for images, arms in targets.items()},
        "runs": [asdict(run) for run in runs],
    }
    text = json.dumps(without_nan(content), indent=1, allow_nan=False)
    report = StudyReport(
        title=study.settings.study,
        facts=_facts(study, planned[0]),
        arms={arm.name: _does(study, arm) for arm in study.settings.arms},
        compared_with=control,
        tables={_heading(study, images): arms for images, arms in rows.items()},
        targets={_heading(study, images): arms for images, arms in targets.items()},
        runs=[_run_report(study, run) for run in planned],
    )
    with replacing_folder(study.out / "tables") as folder:
        write_all_curves(folder / "curves.csv", report.runs)
        write_all_confusions(folder / "confusion.csv", report.runs)
        write_all_classes(folder / "classes.csv", report.runs)
        write_targets(folder / "targets.csv", targets)
        write_bytes(folder / "arms.md", arms_markdown(report).encode())
        _write_figures(folder, rows, runs, text)
    _write_figures(study.out, rows, runs, text)
    write_bytes(study.out / "index.html", study_page(report).encode())


def shuffled_controls(settings: StudySettings) -> dict[str, str]:
    """Arms whose regions are those of other images of the class, by the arms that are else the same."""
    runs = [
        run for run in settings.runs() if run.key == RunKey(settings.seeds[0], 1 if settings.folds else 0)
    ]
    controls = [run for run in runs if run.arm.regions == "shuffled"]
    return {
        run.arm.name: control.arm.name
        for run in runs
        for control in controls
        if run.arm.regions != "shuffled" and _but_regions(run) == _but_regions(control)
    }


def _but_regions(run: PlannedRun) -> GuidedSettings:
    """Settings of a run without the regions that guide it, all weights of its objective written out."""
    settings = run.settings
    weights = {**OBJECTIVES[settings.objective.name].weights, **settings.objective.weights}
    return settings.model_copy(
        update={
            "images": settings.images.model_copy(update={"guiding_regions": "own"}),
            "objective": settings.objective.model_copy(update={"weights": weights}),
        }
    )


def _settings(settings: StudySettings) -> dict[str, Any]:
    """For study.json: of folders outside that of the data the last name alone, the rest is this machine's."""
    content = settings.model_dump(mode="json")
    for part, key in (("images", "dataset"), ("backbone", "weights")):
        path = Path(content["base"][part][key])
        content["base"][part][key] = path.name if path.is_absolute() else str(path)
    return content


def _write_figures(
    folder: Path, rows: Mapping[str, tuple[ArmRow, ...]], runs: list[StudyRun], study_json: str
) -> None:
    write_rows(folder / "arms.csv", rows)
    write_runs(folder / "runs.csv", runs)
    write_bytes(folder / "study.json", (study_json + "\n").encode())


def _by_arm(
    study: StudyFolder, runs: list[StudyRun], which: str
) -> dict[str, dict[RunKey, Mapping[str, float]]]:
    figures: dict[str, dict[RunKey, Mapping[str, float]]] = {arm.name: {} for arm in study.settings.arms}
    for run in runs:
        figures[run.arm][run.key] = getattr(run, which)
    return figures


def _study_run(study: StudyFolder, run: PlannedRun) -> StudyRun:
    found = _evaluation(study, run, study.settings.judged_epoch, study.settings.base.maps.method)
    if study.settings.has_in_loss(run.arm, study.settings.other_method):
        other = None
    else:
        other = _evaluation(study, run, study.settings.judged_epoch, study.settings.other_method)
    unseen = None
    if found[UNSEEN] is not None:
        unseen = _figures(found[UNSEEN], other and other[UNSEEN])
    return StudyRun(run.arm.name, run.key, _figures(found, other), unseen)


def _figures(found: Mapping[str, Any], other: Mapping[str, Any] | None) -> dict[str, float]:
    """By `Column.key`, from the sums of an evaluation and of one under the other method."""
    values = {**found, **found["maps"], "epg_other_method": other and other["maps"]["epg"]}
    return {column.key: _or_nan(values[column.key]) for column in COLUMNS}


def _or_nan(value: float | None) -> float:
    return math.nan if value is None else value


def _evaluation(study: StudyFolder, run: PlannedRun, epoch: int, method: str) -> dict[str, Any]:
    path = study.evaluated(run, epoch, method) / "evaluation.json"
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise StudyError(f"{path}: cannot be read ({error}); delete it and start the study again") from error
    return content


def _answers(content: Mapping[str, Any]) -> Answers:
    classes = tuple(
        ClassMeasures(
            one["name"], one["images"], *(_or_nan(one[key]) for key in ("precision", "recall", "f1"))
        )
        for one in content["classes"]
    )
    return Answers(classes, tuple(tuple(row) for row in content["confusion"]))


def _run_report(study: StudyFolder, run: PlannedRun) -> RunReport:
    progress = read_progress(study.folder(run))
    if progress is None:
        raise StudyError(f"{study.folder(run)}: no training there; start the study again")
    method, last = study.settings.base.maps.method, study.settings.judged_epoch
    folder = study.folder(run)
    sheets = folder / "sheets" / study.settings.measured_on
    links = {
        "maps before and after": tuple(
            _link(study, sheets / f"{kind.name}.png", kind.title)
            for kind in KINDS
            if (sheets / f"{kind.name}.png").exists()  # of a kind without an image there is none
        )
    }
    for epoch, by in study.wanted(run):
        links[f"epoch {epoch}, maps by {by}"] = tuple(
            _link(study, study.evaluated(run, epoch, by) / name, name)
            for name in ("evaluation.json", "images.csv", "confusion.csv", "classes.csv")
        )
    for images in ("training", "validation"):
        tables = {_epoch_of(path): path for path in (folder / "images").glob(f"{images}_*.csv")}
        links[f"each {images} image at epoch"] = tuple(
            _link(study, tables[epoch], str(epoch)) for epoch in sorted(tables)
        )
    links["curves"] = (_link(study, folder / "curves.csv", "curves.csv"),)
    return RunReport(
        arm=run.arm.name,
        key=run.key,
        curves=progress.curves,
        before=_answers(_evaluation(study, run, 0, method)),
        after=_answers(_evaluation(study, run, last, method)),
        links=links,
    )


def _epoch_of(table: Path) -> int:
    return int(table.stem.partition("_")[2])


def _link(study: StudyFolder, path: Path, text: str) -> Link:
    return Link(path.relative_to(study.out).as_posix(), text)


def _heading(study: StudyFolder, images: str) -> str:
    of = f"{study.settings.measured_on.capitalize()} images"
    return of if images == "all" else f"{of} that no published ImageNet weights have seen (ILSVRC validation)"


def _does(study: StudyFolder, arm: ArmSettings) -> str:
    """One line of what an arm does otherwise."""
    words = [arm.objective]
    words += [f"{name} {weight:g}" for name, weight in arm.weights.items()]
    if arm.objective != "cross-entropy":
        channels = "" if arm.max_channels is None else f" over {arm.max_channels} channels"
        words.append(f"maps by {arm.method or study.settings.base.maps.method}{channels}")
        words.append("regions: " + {"own": "its own"}.get(arm.regions, arm.regions))
    if arm.learning_rate is not None:
        words.append(f"learning rate {arm.learning_rate:g}")
    return ", ".join(words)


def _facts(study: StudyFolder, first: PlannedRun) -> dict[str, str]:
    settings, base = study.settings, study.settings.base
    found = _evaluation(study, first, 0, base.maps.method)
    plan = base.training
    folds = f", folds: {settings.folds}" if settings.folds else ", one split"
    classes = base.images.classes if isinstance(base.images.classes, str) else len(base.images.classes)
    return {
        "images": f"{name_of(base.images.dataset)}, classes: {classes}, {base.images.size_px} px",
        "network": f"{base.backbone.name}, weights: {base.backbone.weights}",
        "training": f"epochs by cross-entropy: {plan.reference.epochs}, then guided: {plan.guided.epochs}",
        "judged at": f"epoch {settings.judged_epoch}, the last, for every arm",
        "measured on": f"{found['maps']['images']} {settings.measured_on} images a run, regions of "
        f"{100 * found['region_area']:.0f} % of the image on average, maps by {base.maps.method}",
        "other method": settings.other_method,
        "runs": f"arms: {len(settings.arms)}, seeds: {len(settings.seeds)}{folds}",
        "compared with": settings.compared_with,
    }
