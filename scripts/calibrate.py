"""`smearscope calibrate`: what a model's lists are worth in one laboratory, measured on its own slides."""

import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core.errors import SmearscopeError
from datasets.interchange.labelled import AnnotationFormat

if TYPE_CHECKING:
    from core.results.folder import ResultFolder
    from core.tally import LaboratoryFigures, RankCurve
    from models.cards import ClassifierCard, ModelCards, SecondLookCard

SLIDES_FOR_95 = 59
"""Of so many the lowest is a lower limit for 95 % of all slides, with 95 % confidence (Wilks 1941)."""


def calibrate(
    negatives: Annotated[
        list[Path],
        typer.Argument(
            metavar="RESULT...",
            help="Results of smearscope score, of slides that are known to hold no parasite.",
        ),
    ],
    *,
    laboratory: Annotated[str, typer.Option(metavar="NAME", help="The laboratory, as verdicts name it.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="New folder for the model; give it to --model.")],
    positive: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="RESULT",
            help="Result of a slide whose parasites are marked; once for each such slide.",
        ),
    ] = None,
    marked: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="The marked cells of such a slide; as often, in the same order."),
    ] = None,
    format: Annotated[
        AnnotationFormat, typer.Option(help="Format of what is marked.")
    ] = AnnotationFormat.COCO,
    called: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=CLASS", help="What a class of the marked files is, such as 'malaria=infected'."
        ),
    ] = None,
    model: Annotated[
        str, typer.Option(metavar="NAME", help="The released models, or a folder that holds others.")
    ] = "released",
) -> None:
    """Measure what a model is worth on your own slides, and write it into a copy of the model.

    On slides without parasites it counts how many healthy cells score as high as parasites do, and how slides
    differ; on slides whose parasites are marked, how far up the list they stand.

    The weights stay as they are. Slides that are scored with the new model carry the laboratory's figures in
    every verdict. For research use only. Not for diagnosis.
    """
    from core.files import replacing_folder
    from core.results.folder import read_result_folder
    from core.tally import curve_of_laboratory, figures_of_laboratory
    from datasets.interchange.formats import read_labelled
    from datasets.interchange.renaming import renamed
    from datasets.known_parasites import negative_slide, positive_slide
    from models.cards import FILES, load_card, model_folder, write_card

    card = load_card(model)
    if out.exists():
        raise CalibrationError(f"{out} exists already: give another --out")
    if len(positive or ()) != len(marked or ()):
        raise CalibrationError(
            f"{len(positive or ())} --positive and {len(marked or ())} --marked: give one --marked for each "
            "--positive, in the same order"
        )
    with_parasites = [read_result_folder(folder) for folder in positive or ()]
    without = [read_result_folder(folder) for folder in negatives]
    folders = [*negatives, *(positive or ())]
    if twice := [folder for folder, count in Counter(folders).items() if count > 1]:
        raise CalibrationError(f"{twice[0]} is given twice: give each slide once")
    check_slides(card, dict(zip(folders, [*without, *with_parasites], strict=True)))
    free = [
        negative_slide(str(folder), result.tables.cells)
        for folder, result in zip(negatives, without, strict=True)
    ]
    known = [
        positive_slide(
            str(folder), result.tables, renamed(read_labelled(file, format).fields, classes_of(called or ()))
        )
        for folder, result, file in zip(positive or (), with_parasites, marked or (), strict=True)
    ]
    figures, curve = figures_of_laboratory(laboratory, free, known), curve_of_laboratory(free, known)
    second_look, classifier = calibrated(card, figures, curve, [*without, *with_parasites])
    with replacing_folder(out) as temporary:
        for file in FILES:
            shutil.copyfile(model_folder(model) / file, temporary / file)
        write_card(second_look, temporary / "second_look.json")
        write_card(classifier, temporary / "classifier.json")
    typer.echo("\n".join(said(figures, curve)))
    typer.echo(f"Model: {out}")


class CalibrationError(SmearscopeError):
    """Slides or names by which a model cannot be calibrated; nothing was written."""


def classes_of(called: Sequence[str]) -> dict[str, str]:
    """What classes are, from texts such as ``malaria=infected``."""
    pairs = [text.rpartition("=") for text in called]
    for name, equals, _ in pairs:
        if not (name and equals):
            raise CalibrationError(f"--called {name or _}: write NAME=CLASS, such as malaria=infected")
    return {name: label for name, _, label in pairs}


def one_in(rate: float) -> str:
    """A small rate as people say it: ``1 in 300``, rounded towards more; ``none`` of 0."""
    return f"1 in {int(1 / rate):,}" if rate else "none"


def check_slides(card: "ModelCards", results: "dict[Path, ResultFolder]") -> None:
    """Refuse results of another model, and a field that is in two of them."""
    seen: dict[str, Path] = {}
    for folder, result in results.items():
        if result.result.model.identity != card.identity:
            raise CalibrationError(
                f"{folder} was scored with {result.result.model.identity}, not with {card.identity}: score "
                "the slide again with this --model"
            )
        for row in result.tables.fields:
            if row.was_read and seen.setdefault(row.content_hash, folder) != folder:
                raise CalibrationError(
                    f"{row.name} of {folder} is also in {seen[row.content_hash]}: give each slide once"
                )


def calibrated(
    card: "ModelCards",
    figures: "LaboratoryFigures",
    curve: "RankCurve | None",
    results: "Sequence[ResultFolder]",
) -> "tuple[SecondLookCard, ClassifierCard]":
    """The cards with a laboratory's figures.

    Its own curve and its own range of stain and focus come together or not at all: the model's curve was not
    measured on such slides, and the laboratory's on no others.
    """
    from scripts.cell_networks.released_figures import ranges_over

    name = f"{card.second_look.name}, calibrated at {figures.laboratory}"
    second_look = card.second_look.model_copy(update={"name": name, "laboratory": figures})
    if curve is None:
        return second_look, card.classifier
    measured_on = (
        f"{figures.laboratory}: {figures.parasites} marked parasites of {figures.positives} slides, each put "
        f"into the lists of {figures.negatives} slides without parasites; parasites that were not located "
        "count as missed"
    )
    qualities = [
        row.quality for result in results for row in result.tables.fields if row.quality and row.cells
    ]
    validity = card.classifier.validity.model_copy(update=ranges_over(qualities))
    return (
        second_look.model_copy(update={"curve": curve, "curve_measured_on": measured_on}),
        card.classifier.model_copy(update={"validity": validity}),
    )


def said(figures: "LaboratoryFigures", curve: "RankCurve | None") -> Iterator[str]:
    """The figures as lines for a person."""
    from core.tally import (
        FIRST,
        TARGET_CELLS,
        Recall,
        calibration,
        grouped,
        percent,
        sensitivity_lower_limit,
    )

    yield (
        f"{figures.laboratory}: {figures.negatives} slides without parasites, {figures.objects:,} cells; "
        f"{figures.positives} slides with {figures.parasites} marked parasites"
    )
    for calls in figures.false_calls:
        yield (
            f"  {calls.count:,} of {calls.objects:,} healthy cells score as high as the best "
            f"{percent(calls.share_found)} of the parasites ({one_in(calls.upper_limit)} at most, with 95 % "
            f"confidence; on the worst slide {one_in(calls.most_on_a_slide)})"
        )
    if (shown := figures.in_first) is not None:
        yield (
            f"  the first {FIRST} of a list show {percent(shown.middle)} of the parasites; "
            f"{percent(shown.lowest)} to {percent(shown.highest)} between slides; "
            f"{percent(shown.of_worst_positive)} for the worst of the slides with parasites"
        )
        yield (
            f"  the lowest holds for {percent(figures.slides_held)} of such slides, with 95 % confidence"
            + ("" if figures.negatives >= SLIDES_FOR_95 else f"; {SLIDES_FOR_95} slides would say 95 %")
        )
    if curve is not None:
        recall = Recall(*curve.at(FIRST / TARGET_CELLS))
        yield (
            f"  In verdicts: the first {FIRST} of {grouped(TARGET_CELLS)} cells hold "
            f"{percent(recall.value)} of the parasites (at least "
            f"{percent(sensitivity_lower_limit(recall))}, with 95 % confidence)"
        )
        if not recall.found:
            needed = grouped(TARGET_CELLS // FIRST)
            yield f"  Slides without parasites of {needed} cells and more each would say more"
    else:
        yield (
            "  Verdicts keep the figures of the model. A curve of your own needs "
            f"{calibration.FEWEST_NEGATIVES} slides without parasites, and {calibration.FEWEST_POSITIVES} "
            f"with {calibration.FEWEST_PARASITES} marked parasites together"
        )
