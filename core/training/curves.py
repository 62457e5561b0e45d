"""What training writes of every epoch: a row of the curves, and a row for each image."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from torch import Tensor

from core.files import RFC_4180, write_csv
from core.training.passes import FIGURES


@dataclass(frozen=True)
class EpochFigures:
    """Means over the images of one set at the end of an epoch.

    Attributes
    ----------
    epoch
        0 is the end of the reference phase, the epochs before it are negative.
    images
        "training" or "validation".
    accuracy, cross_entropy, loss
        Over all images; loss is the objective, in the reference phase too.
    magtr, mangtr, epg
        Over the images where they are defined.
    without_region, region_too_large, empty_map
        Numbers of images that did not guide, by reason.
    """

    epoch: int
    images: str
    accuracy: float
    magtr: float
    cross_entropy: float
    loss: float
    mangtr: float
    epg: float
    without_region: int
    region_too_large: int
    empty_map: int


def epoch_figures(epoch: int, images: str, figures: Tensor, classes: Tensor) -> EpochFigures:
    """Means of the (N, 9) `core.training.passes.FIGURES` of N images with their (N,) true classes."""
    column = dict(zip(FIGURES, figures.unbind(dim=1), strict=True))
    return EpochFigures(
        epoch=epoch,
        images=images,
        accuracy=float((column["prediction"] == classes).double().mean()),
        magtr=float(column["magtr"].nanmean()),
        cross_entropy=float(column["cross_entropy"].mean()),
        loss=float(column["loss"].mean()),
        mangtr=float(column["mangtr"].nanmean()),
        epg=float(column["epg"].nanmean()),
        without_region=int(column["without_region"].sum()),
        region_too_large=int(column["region_too_large"].sum()),
        empty_map=int(column["empty_map"].sum()),
    )


def write_curves(path: Path, rows: Sequence[EpochFigures]) -> None:
    """Write a CSV file with a row for each epoch and set of images; raises `core.files.OutputError`."""
    write_csv(path, [field.name for field in fields(EpochFigures)], map(astuple, rows), RFC_4180)


def write_image_figures(
    path: Path, paths: Sequence[str], class_names: Sequence[str], figures: Tensor, classes: Tensor
) -> None:
    """Write a CSV file with a row for each image: path, truth, prediction and its figures.

    Parameters
    ----------
    path
        Of the file.
    paths
        N names of images.
    class_names
        K names of classes.
    figures, classes
        (N, 9), `core.training.passes.FIGURES`, and (N,) true classes.

    Raises
    ------
    core.files.OutputError
        Where the file cannot be written.
    """
    rows = (
        [name, class_names[truth], class_names[int(predicted)], *(f"{value:.6g}" for value in measured)]
        for name, truth, (predicted, *measured) in zip(paths, classes.tolist(), figures.tolist(), strict=True)
    )
    write_csv(path, ["path", "truth", *FIGURES], rows, RFC_4180)
