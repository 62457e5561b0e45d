"""`smearscope release`: trained weights, and what validation says of them, as a model to score with."""

import shutil
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from models.cards import ClassifierCard, DetectorCard, Training
    from scripts.settings.configuration import ClassifierSettings, DetectorSettings


def release(
    detector: Annotated[Path, typer.Option(help="Folder with detector.safetensors.")],
    classifier: Annotated[Path, typer.Option(help="Folder with classifier.safetensors.")],
    detector_name: Annotated[str, typer.Option(metavar="NAME", help="Name of the detector in results.")],
    classifier_name: Annotated[str, typer.Option(metavar="NAME", help="Name of the classifier in results.")],
    validation: Annotated[Path, typer.Option(help="Folder that the validate command wrote.")],
    data: Annotated[Path, typer.Option(help="Folder that holds the data sets.")],
    out: Annotated[Path, typer.Option(help="Folder for weights and cards.")],
    configs: Annotated[Path, typer.Option(help="Folder with the configurations of the trainings.")] = Path(
        "models/configs"
    ),
) -> None:
    """Write the two weights files and their cards into OUT, the folder to give to --model."""
    from core.files import check_writable
    from core.wording import RESEARCH_USE_ONLY
    from datasets.provenance import PROVENANCE
    from models.cards import ClassifierCard
    from models.checkpoint import load_classifier, load_detector
    from models.classifier import STRIDE_PX
    from scripts.cell_networks.released_figures import (
        RANKS,
        curve_of,
        made_file,
        shares_found,
        summary_over_seeds,
        table_of,
        through_detector,
        validity_on,
    )
    from scripts.settings.configuration import (
        ClassifierSettings,
        ConfigurationError,
        DetectorSettings,
        read_settings,
    )

    detector_config, classifier_config = configs / "detector.yaml", configs / "classifier.yaml"
    detector_settings, classifier_settings = read_settings(detector_config), read_settings(classifier_config)
    if not isinstance(detector_settings, DetectorSettings) or not isinstance(
        classifier_settings, ClassifierSettings
    ):
        raise ConfigurationError(
            f"{configs}: detector.yaml must describe a detector, classifier.yaml a classifier"
        )
    check_writable(out)
    detector_weights = made_file(detector / "detector.safetensors", by="train")
    classifier_weights = made_file(classifier / "classifier.safetensors", by="train")
    located = _detector_card(detector_name, _training(detector_config, detector_settings, data), validation)

    scores = validation / "scores"
    rows = [
        row
        for row in table_of(validation / "classifier_sources.json")
        if PROVENANCE[row["left_out"]].measures
    ]
    measured = tuple(source for source in classifier_settings.sources if PROVENANCE[source].measures)
    if not measured:
        raise ConfigurationError(
            f"{classifier_config}: sources: nothing is measured on {', '.join(classifier_settings.sources)}; "
            "train with a published set too"
        )
    curves = {source: curve_of(source, scores) for source in measured}
    worst = min(curves, key=lambda source: curves[source].at(1 / RANKS[0])[0] / curves[source].parasites)
    species = _species(classifier_settings.sources)
    ranked = ClassifierCard(
        name=classifier_name,
        notice=RESEARCH_USE_ONLY,
        width=classifier_settings.width,
        stride_px=STRIDE_PX,
        training=_training(classifier_config, classifier_settings, data),
        curve=through_detector(curves[worst], located.infected_cells),
        curve_measured_on=_measured_on(worst, located),
        figures={
            "left_out": rows,
            "summary": summary_over_seeds(rows),
            "by_rank": {source: shares_found(curve) for source, curve in curves.items()},
        },
        limits=(
            "Measured on single cells of sources that training had not seen, never on patients.",
            "Its curve is of evaluable cells: objects in clumps, at edges and of odd shape were not ranked "
            "with them.",
            "Published labels are not free of error, in both classes.",
            f"{species} only; other species and mixed infections were not seen.",
        ),
        validity=validity_on(
            load_detector(detector_weights),
            load_classifier(classifier_weights, classifier_settings.width),
            detector_settings.sources,
            data,
        ),
    )
    _write(out, {"detector": (detector_weights, located), "classifier": (classifier_weights, ranked)})
    typer.echo(f"Model: {out}; curve of {worst}")


def _write(out: Path, networks: "dict[str, tuple[Path, DetectorCard | ClassifierCard]]") -> None:
    """Put weights and cards into a folder that may hold other files; raises `core.files.OutputError`.

    All are there before the first takes its place, so that no card comes to lie beside other weights.
    """
    from core.files import replacing
    from models.cards import write_card

    with ExitStack() as files:
        for name, (weights, card) in networks.items():
            shutil.copyfile(weights, files.enter_context(replacing(out / f"{name}.safetensors")))
            write_card(card, files.enter_context(replacing(out / f"{name}.json")))


def _detector_card(name: str, training: "Training", validation: Path) -> "DetectorCard":
    from core.wording import RESEARCH_USE_ONLY
    from models.cards import DetectorCard, Found
    from scripts.cell_networks.released_figures import table_of
    from scripts.settings.configuration import ConfigurationError

    table = validation / "detector_blocks.json"
    blocks = table_of(table)
    native = [row for row in blocks if row["source"] == "iml_malaria" and row["scale"] == 1.0]
    if not native:
        raise ConfigurationError(f"{table}: no block of iml_malaria; run the validate command to its end")
    found, infected = (sum(row[key] for row in native) for key in ("infected_found", "infected"))
    return DetectorCard(
        name=name,
        notice=RESEARCH_USE_ONLY,
        training=training,
        infected_cells=Found(
            found=found,
            missed=infected - found,
            measured_on=f"{len(native)} unseen blocks of iml_malaria",
        ),
        figures={"blocks": blocks},
        limits=(
            "Cells of one slide must be of about one width; fields are scaled to it.",
            "Annotations at borders and in crowds are incomplete, so precision was not measured on them.",
        ),
    )


def _training(config: Path, settings: "DetectorSettings | ClassifierSettings", data: Path) -> "Training":
    from datasets.provenance import PROVENANCE
    from models.cards import Source, Training

    names = [*settings.sources, *getattr(settings, "malaria_free", ())]
    return Training(
        command=f"smearscope train {config.as_posix()} --data DATA --out runs/{settings.network}",
        settings=settings.model_dump(mode="json"),
        seed=settings.seed,
        sources=tuple(
            Source(
                name=name,
                citation=PROVENANCE[name].citation,
                licence=PROVENANCE[name].licence,
                items=_images(data / name),
            )
            for name in names
        ),
    )


def _images(folder: Path) -> int:
    from core.slides.formats import is_image_name
    from scripts.settings.configuration import ConfigurationError

    count = sum(is_image_name(path) for path in folder.rglob("*"))
    if count == 0:
        raise ConfigurationError(f"{folder}: no image here; give the --data that was trained on")
    return count


def _measured_on(source: str, located: "DetectorCard") -> str:
    found, missed = located.infected_cells.found, located.infected_cells.missed
    return (
        f"{source}, left out of training: its evaluable cells, ranked; what is found there is taken {found} "
        f"of {found + missed} times, the share that the detector locates on "
        f"{located.infected_cells.measured_on}"
    )


def _species(sources: tuple[str, ...]) -> str:
    from datasets.provenance import PROVENANCE

    *others, last = dict.fromkeys(species for source in sources for species in PROVENANCE[source].species)
    return f"{', '.join(others)} and {last}" if others else last
