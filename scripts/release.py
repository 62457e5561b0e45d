"""`smearscope release`: trained weights, and what validation says of them, as a model to score with."""

import shutil
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from models.cards import Card, DetectorCard, SecondLookCard, Training
    from scripts.settings.configuration import ClassifierSettings, DetectorSettings, SecondLookSettings
    from scripts.settings.sources import OwnSource, Sources


def release(
    detector: Annotated[Path, typer.Option(help="Folder with detector.safetensors.")],
    classifier: Annotated[Path, typer.Option(help="Folder with classifier.safetensors.")],
    second_look: Annotated[Path, typer.Option(help="Folder with second_look.safetensors.")],
    detector_name: Annotated[str, typer.Option(metavar="NAME", help="Name of the detector in results.")],
    classifier_name: Annotated[str, typer.Option(metavar="NAME", help="Name of the classifier in results.")],
    second_look_name: Annotated[
        str, typer.Option(metavar="NAME", help="Name of the second look in results.")
    ],
    validation: Annotated[Path, typer.Option(help="Folder that the validate command wrote.")],
    data: Annotated[Path, typer.Option(help="Folder that holds the data sets.")],
    out: Annotated[Path, typer.Option(help="Folder for weights and cards.")],
    configs: Annotated[Path, typer.Option(help="Folder with the configurations of the trainings.")] = Path(
        "models/configs"
    ),
) -> None:
    """Write the weights of the three networks and their cards into OUT, the folder to give to --model."""
    from core.files import check_writable
    from core.wording import RESEARCH_USE_ONLY
    from models.cards import ClassifierCard
    from models.checkpoint import load_classifier, load_detector, load_second_look
    from models.graphs.cell_maps import STRIDE_PX
    from scripts.cell_networks.released_figures import made_file, validity_on
    from scripts.settings.configuration import (
        ClassifierSettings,
        ConfigurationError,
        DetectorSettings,
        SecondLookSettings,
        read_settings,
    )

    detecting, looking, looking_again = (
        read_settings(configs / f"{name}.yaml") for name in ("detector", "classifier", "second_look")
    )
    if not (
        isinstance(detecting, DetectorSettings)
        and isinstance(looking, ClassifierSettings)
        and isinstance(looking_again, SecondLookSettings)
    ):
        raise ConfigurationError(
            f"{configs}: detector.yaml must describe a detector, classifier.yaml a classifier, "
            "second_look.yaml a second look"
        )
    check_writable(out)
    detector_weights = made_file(detector / "detector.safetensors", by="train")
    classifier_weights = made_file(classifier / "classifier.safetensors", by="train")
    second_weights = made_file(second_look / "second_look.safetensors", by="train")
    trained = {
        settings.network: _training(configs / f"{settings.network}.yaml", settings, data)
        for settings in (detecting, looking, looking_again)
    }
    located = _detector_card(detector_name, trained["detector"], detecting, validation)
    ranked = _second_look_card(second_look_name, trained["second_look"], looking_again, validation)
    looked_at = ClassifierCard(
        name=classifier_name,
        notice=RESEARCH_USE_ONLY,
        width=looking.width,
        stride_px=STRIDE_PX,
        training=trained["classifier"],
        figures=_classifier_figures(configs / "classifier.yaml", looking, validation),
        limits=(
            "Measured on single cells of sources that training had not seen, never on patients.",
            "Published labels are not free of error, in both classes.",
            _species(looking.sources),
        ),
        validity=validity_on(
            load_detector(detector_weights),
            load_classifier(classifier_weights, looking.width),
            load_second_look(second_weights),
            detecting.sources,
            data,
        ),
    )
    _write(
        out,
        {
            "detector": (detector_weights, located),
            "classifier": (classifier_weights, looked_at),
            "second_look": (second_weights, ranked),
        },
    )
    typer.echo(f"Model: {out}\nCurve: {ranked.curve_measured_on}")


def _write(out: Path, networks: "dict[str, tuple[Path, Card]]") -> None:
    """Put weights and cards into a folder that may hold other files; raises `core.files.OutputError`.

    All are there before the first takes its place, so that no card comes to lie beside other weights.
    """
    from core.files import replacing
    from models.cards import write_card

    with ExitStack() as files:
        for name, (weights, card) in networks.items():
            shutil.copyfile(weights, files.enter_context(replacing(out / f"{name}.safetensors")))
            write_card(card, files.enter_context(replacing(out / f"{name}.json")))


def _detector_card(
    name: str, training: "Training", settings: "DetectorSettings", validation: Path
) -> "DetectorCard":
    """By unseen blocks of iml_malaria; where training did without it, by the sources left out."""
    from core.wording import RESEARCH_USE_ONLY
    from models.cards import DetectorCard, Found
    from scripts.cell_networks.released_figures import table_of
    from scripts.settings.configuration import ConfigurationError
    from scripts.settings.sources import names_of

    plan = "blocks" if "iml_malaria" in names_of(settings.sources) else "sources"
    table = validation / f"detector_{plan}.json"
    rows = table_of(table)
    of_plan = [row for row in rows if row["source"] == "iml_malaria"] if plan == "blocks" else rows
    native = [row for row in of_plan if row["infected"] and row["scale"] == 1.0]
    if not native:
        of = "block of iml_malaria" if plan == "blocks" else "source with infected cells"
        raise ConfigurationError(f"{table}: no {of}; run the validate command to its end")
    measured_on = (
        f"{len(native)} unseen blocks of iml_malaria"
        if plan == "blocks"
        else f"sources left out of training: {', '.join(row['source'] for row in native)}"
    )
    found, infected = (sum(row[key] for row in native) for key in ("infected_found", "infected"))
    return DetectorCard(
        name=name,
        notice=RESEARCH_USE_ONLY,
        training=training,
        infected_cells=Found(
            found=found,
            missed=infected - found,
            measured_on=measured_on,
        ),
        figures={plan: rows},
        limits=(
            "Cells of one slide must be of about one width; fields are scaled to it.",
            "Annotations at borders and in crowds are incomplete, so precision was not measured on them.",
        ),
    )


def _classifier_figures(config: Path, settings: "ClassifierSettings", validation: Path) -> dict[str, Any]:
    from scripts.cell_networks.released_figures import curve_of, shares_found, summary_over_seeds, table_of
    from scripts.settings.configuration import ConfigurationError
    from scripts.settings.sources import name_of, names_of, provenance_of

    known = {name_of(source): provenance_of(source) for source in (*settings.sources, *settings.malaria_free)}
    rows = [
        row
        for row in table_of(validation / "classifier_sources.json")
        if row["left_out"] not in known or known[row["left_out"]].measures
    ]
    measured = tuple(name for name in names_of(settings.sources) if known[name].measures)
    if not measured:
        raise ConfigurationError(
            f"{config}: sources: nothing is measured on {', '.join(names_of(settings.sources))}; "
            "train with a published set too"
        )
    return {
        "left_out": rows,
        "summary": summary_over_seeds(rows),
        "by_rank": {source: shares_found(curve_of(source, validation / "scores")) for source in measured},
    }


def _second_look_card(
    name: str, training: "Training", settings: "SecondLookSettings", validation: Path
) -> "SecondLookCard":
    from core.wording import RESEARCH_USE_ONLY
    from models.cards import SecondLookCard
    from scripts.cell_networks.released_figures import (
        list_curves,
        shares_found,
        summary_over_seeds,
        table_of,
        worst_of,
    )
    from scripts.settings.configuration import ConfigurationError
    from scripts.settings.sources import has_fields, name_of, provenance_of

    table = validation / "second_look_sources.json"
    rows = table_of(table)
    curves = list_curves(rows)
    of_fields = [source for source in settings.sources if has_fields(source)]
    absent = [name_of(source) for source in of_fields if name_of(source) not in curves]
    if absent or not curves:
        named = ", ".join(absent) or "whole fields"
        raise ConfigurationError(f"{table}: no lists of {named}; run the validate command to its end")
    # Of cells marked in part most of a list is unknown: how far down a reader comes is not told by them.
    in_part = {name_of(source) for source in of_fields if not provenance_of(source).measures}
    told = {name: curve for name, curve in curves.items() if name not in in_part}
    if not told:
        raise ConfigurationError(
            f"{table}: all its sources are marked in part; add one on which every parasite is marked"
        )
    worst = worst_of(told)
    figures = [{key: row[key] for key in row if key not in ("rates", "found")} for row in rows]
    return SecondLookCard(
        name=name,
        notice=RESEARCH_USE_ONLY,
        training=training,
        curve=told[worst],
        curve_measured_on=f"{worst}, left out of the training of all three networks: its whole fields, each "
        "slide's objects in one list; parasites that were not located count as missed",
        figures={
            "left_out": figures,
            "summary": summary_over_seeds([row for row in figures if row["left_out"] == row["tested_on"]]),
            "by_rank": {source: shares_found(curve) for source, curve in curves.items()},
        },
        limits=(
            "Measured on fields of sources that training had not seen, never on patients.",
            "What lies beside a marked parasite was counted neither as infected nor as healthy, nor were "
            "unmarked objects of iml_malaria that look infected.",
            f"Training began with weights of MobileNetV2 learned on ImageNet-1k ({settings.backbone}).",
            _species(settings.sources),
        ),
    )


def _training(
    config: Path, settings: "DetectorSettings | ClassifierSettings | SecondLookSettings", data: Path
) -> "Training":
    from models.cards import Source, Training
    from scripts.settings.sources import name_of, provenance_of

    sources = [*settings.sources, *getattr(settings, "malaria_free", ())]
    return Training(
        command=f"smearscope train {config.as_posix()} --data DATA --out runs/{settings.network}",
        settings=_without_folders(settings),
        seed=settings.seed,
        sources=tuple(
            Source(
                name=name_of(source),
                citation=provenance_of(source).citation,
                licence=provenance_of(source).licence,
                items=_images(source, data),
            )
            for source in sources
        ),
    )


def _images(source: "str | OwnSource", data: Path) -> int:
    from core.slides.formats import is_image_name
    from scripts.settings.configuration import ConfigurationError

    if not isinstance(source, str):
        return len(source.own.read().fields)
    folder = data / source
    count = sum(is_image_name(path) for path in folder.rglob("*"))
    if count == 0:
        raise ConfigurationError(f"{folder}: no image here; give the --data that was trained on")
    return count


def _without_folders(
    settings: "DetectorSettings | ClassifierSettings | SecondLookSettings",
) -> dict[str, Any]:
    """The settings as a card has them: a laboratory's own fields by the last part of their path alone."""
    written = settings.model_dump(mode="json")
    for key in ("sources", "malaria_free"):
        for source in written.get(key, ()):
            if isinstance(source, dict):
                source["path"] = Path(source["path"]).name
    return written


def _species(sources: "Sources") -> str:
    from scripts.settings.sources import provenance_of

    *others, last = dict.fromkeys(species for source in sources for species in provenance_of(source).species)
    named = f"{', '.join(others)} and {last}" if others else last
    return f"{named} only; other species and mixed infections were not seen."
