"""The networks that `smearscope explain` takes, in one form: what is put before them, what they answer."""

import difflib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from core.cam import (
    CamError,
    FIMFScoreCAM,
    Method,
    ScoreCAM,
    activation_maps,
    placed,
    placing_of,
    recorded,
)
from core.cam.output import class_probability
from core.cells.crops import (
    CELLS_FOR_A_COLOUR,
    CROP_CELL_DIAMETER_PX,
    CROP_SIZE_PX,
    GREY,
    cell_colour,
    normalise,
    scaled,
)
from core.cells.reference import CELLS_WANTED
from core.errors import SmearscopeError, UnreadableImageError
from core.files import shown_path
from core.reports.map_files import ExplainedImage, MethodMap, Window
from core.slides import SingleImage
from datasets.cell_likeness import why_no_red_cell
from datasets.single_cells import SingleCell, single_cell
from models.backbones import (
    BACKBONES,
    IMAGENET_CATEGORIES,
    Backbone,
    InputNormalisation,
    WeightsFile,
    load_backbone,
)
from models.cards import load_card, model_folder
from models.checkpoint import load_classifier
from models.classifier import FEATURE_LAYER, Classifier
from models.slide_network import as_input

_GREY_CROP = np.full((1, CROP_SIZE_PX, CROP_SIZE_PX, 3), GREY, np.uint8)


class ExplainError(SmearscopeError):
    """A network or class that is not there, or an image or folder that the network cannot be used on."""


@dataclass(frozen=True, eq=False)
class ReadyNetwork:
    """A network as it is for the images of one folder.

    Attributes
    ----------
    network
        In eval mode.
    inputs
        From an (H, W, 3) uint8 RGB image to the network's input (1, 3, h, w), and to the part of the image
        that it shows. Raises `ExplainError` for an image that the network cannot be used on.
    remark
        Why its answers are unsure; empty where there is nothing to say.
    """

    network: nn.Module
    inputs: Callable[[NDArray[np.uint8]], tuple[Tensor, Window]]
    remark: str = ""


@dataclass(frozen=True, eq=False)
class ExplainedNetwork:
    """A network by name, and how it gets ready for a folder.

    Attributes
    ----------
    title
        For the head of what is drawn.
    classes
        Names of its logits, in order.
    feature_layer
        Module name of its last feature map.
    for_images
        Gets it ready for the images of one folder, in their order.
    on_nothing
        The network, and input that shows nothing, of the usual size: to try what it can be asked.
    """

    title: str
    classes: tuple[str, ...]
    feature_layer: str
    for_images: Callable[[Sequence[SingleImage]], ReadyNetwork]
    on_nothing: Callable[[], tuple[nn.Module, Tensor]]

    def class_index(self, wanted: str) -> int:
        """Number of a class that was given by its number or name; `ExplainError` names the nearest."""
        if re.fullmatch(r"[+-]?[0-9]+", wanted):
            number, last = int(wanted), len(self.classes) - 1
            if not 0 <= number <= last:
                there = f"{last + 1} classes, 0 to {last}" if last else "1 class, 0"
                raise ExplainError(f"--class {wanted}: the network has {there}")
            return number
        same = [index for index, name in enumerate(self.classes) if name.casefold() == wanted.casefold()]
        if len(same) == 1:
            return same[0]
        if same:
            numbers = " and ".join(map(str, same))
            raise ExplainError(f"--class {wanted}: classes {numbers} both have this name; give the number")
        raise ExplainError(
            f"--class {wanted}: there is no such class; nearest: {nearest(wanted, self.classes)}"
        )


def nearest(wanted: str, names: Sequence[str]) -> str:
    """The names most like one that is not there, at most three."""
    return ", ".join(difflib.get_close_matches(wanted, names, 3, cutoff=0.0))


def open_network(
    model: str,
    weights: Path | None,
    normalisation: InputNormalisation | None,
    device: torch.device,
    *,
    download: bool,
) -> ExplainedNetwork:
    """The network of a name.

    Parameters
    ----------
    model
        ``released`` or a folder with such a model, for single red cells; or a name of `BACKBONES`.
    weights
        Safetensors file of a backbone; None for torchvision's.
    normalisation
        What a backbone's weights expect; None for what torchvision's do.
    device
        Where it runs.
    download
        Whether torchvision may fetch a backbone's weights.

    Raises
    ------
    SmearscopeError
        Naming the model or file and the remedy.
    """
    if model in BACKBONES:
        return _backbone(BACKBONES[model], weights, normalisation, device, download=download)
    if model != "released" and not Path(model).is_dir():
        names = ("released", *BACKBONES)
        raise ExplainError(
            f"--model {model}: neither a folder nor one of {', '.join(names)}; "
            f"nearest: {nearest(model, names)}"
        )
    if weights is not None or normalisation is not None or download:
        raise ExplainError(
            f"--model {model} brings its own weights and normalisation: leave out --weights, "
            "--normalisation and --download, or name a backbone"
        )
    width = load_card(model).classifier.width
    classifier = load_classifier(model_folder(model) / "classifier.safetensors", width, str(device))
    return ExplainedNetwork(
        title=f"{model}: infected red cells",
        classes=("infected",),
        feature_layer=FEATURE_LAYER,
        for_images=lambda images: _for_cells(classifier, images, device),
        on_nothing=lambda: _on_no_cell(classifier, device),
    )


def check_methods(network: ExplainedNetwork, methods: Mapping[str, Method], layer: str | None) -> None:
    """Try the layer and every method once, before any image is.

    Raises
    ------
    CamError
        For a layer that is not there, has no spatial features, or whose cells have no known place.
    ExplainError
        Naming all methods that are not defined for this network and layer, each with the reason.
    """
    tried, inputs = network.on_nothing()
    name = network.feature_layer if layer is None else layer
    with torch.no_grad(), recorded(tried, name):
        # Recording it says first if the layer has no spatial features: the real cause of what would follow.
        tried(inputs)
    placing_of(tried, inputs, name)
    refused: list[str] = []
    for method_name, method in methods.items():
        # One channel tells as well as all whether the network can be masked.
        brief = replace(method, max_channels=1) if isinstance(method, ScoreCAM | FIMFScoreCAM) else method
        try:
            activation_maps(tried, inputs, brief, layer=name)
        except CamError as error:
            refused.append(f"--method {method_name}: {error}")
    if refused:
        raise ExplainError("; ".join(refused))


def explained_images(
    images: Sequence[SingleImage],
    network: ExplainedNetwork,
    methods: Mapping[str, Method],
    class_index: int | None,
    layer: str | None,
    remark: Callable[[str], None],
) -> Iterator[ExplainedImage | None]:
    """Explain images folder by folder, what is asked for having been tried by `check_methods`.

    Yields
    ------
    Each image with its maps; None where it cannot be used, after the reason has gone to `remark`.
    """
    folders: dict[Path, list[SingleImage]] = {}
    for image in images:
        folders.setdefault(image.folder, []).append(image)
    for folder, within in folders.items():
        ready = network.for_images(within)
        if ready.remark:
            remark(f"{shown_path(folder)}: {ready.remark}")
        for image in within:
            try:
                yield _explained(image, network, ready, methods, class_index, layer)
            except UnreadableImageError as error:
                remark(f"Not used: {error}")
                yield None
            except ExplainError as error:
                remark(f"Not used: {shown_path(image.source)} {error}")
                yield None


def _explained(
    image: SingleImage,
    network: ExplainedNetwork,
    ready: ReadyNetwork,
    methods: Mapping[str, Method],
    class_index: int | None,
    layer: str | None,
) -> ExplainedImage:
    pixels = image.read()
    inputs, window = ready.inputs(pixels)
    name_of_layer = network.feature_layer if layer is None else layer
    where = placing_of(ready.network, inputs, name_of_layer)
    classes = None if class_index is None else torch.tensor([class_index])
    drawn: list[MethodMap] = []
    for name, method in methods.items():
        made = activation_maps(ready.network, inputs, method, classes, name_of_layer)
        # All methods speak of the class that the first one's pass predicted.
        classes = made.classes
        at_input = made.maps if method.at_input_size else placed(made.maps, where, *inputs.shape[2:])
        values, shown = (maps[0].cpu().numpy() for maps in (made.maps, at_input))
        drawn.append(MethodMap(name, name_of_layer, values, shown, window))
    return ExplainedImage(
        name=image.name,
        source=image.source,
        image=pixels,
        class_name=network.classes[int(made.classes[0])],
        probability=float(class_probability(made.logits, made.classes)[0]),
        maps=tuple(drawn),
        remark=ready.remark,
    )


def _backbone(
    backbone: Backbone,
    weights: Path | None,
    normalisation: InputNormalisation | None,
    device: torch.device,
    *,
    download: bool,
) -> ExplainedNetwork:
    normalisation = normalisation or backbone.normalisation
    file = None if weights is None else WeightsFile(weights, normalisation)
    classes = len(IMAGENET_CATEGORIES) if weights is None else _classes_of(weights, backbone)
    network = load_backbone(backbone.name, classes, file, download=download).network.to(device)
    side_px = backbone.input_size_px

    def inputs(image: NDArray[np.uint8]) -> tuple[Tensor, Window]:
        # The whole image in its own proportions: what is cut off or squeezed could not be explained.
        small = scaled(image, side_px / min(image.shape[:2]))
        return normalisation.inputs(torch.from_numpy(small)[None]).to(device), (0, 0, *image.shape[1::-1])

    names = IMAGENET_CATEGORIES if classes == len(IMAGENET_CATEGORIES) else tuple(map(str, range(classes)))
    return ExplainedNetwork(
        title=backbone.name,
        classes=names,
        feature_layer=backbone.feature_layer,
        for_images=lambda _: ReadyNetwork(network, inputs),
        on_nothing=lambda: (network, inputs(np.full((side_px, side_px, 3), GREY, np.uint8))[0]),
    )


def _classes_of(weights: Path, backbone: Backbone) -> int:
    """Number of classes that a weights file is for; where it does not say, loading it tells what is wrong."""
    try:
        with safe_open(weights, framework="pt") as file:
            return int(file.get_slice(f"{backbone.head}.weight").get_shape()[0])
    except (OSError, SafetensorError):
        return len(IMAGENET_CATEGORIES)


def _for_cells(classifier: Classifier, images: Sequence[SingleImage], device: torch.device) -> ReadyNetwork:
    """The classifier measured on pictures of single cells of one slide, as scoring measures it on a slide."""
    cells = _cells_measured(images)
    if cells:
        crops = np.concatenate([cell.crop(CROP_SIZE_PX) for cell in cells])
        masks = np.concatenate([cell.mask(CROP_SIZE_PX) for cell in cells])
    else:  # no map will be made: `inputs` refuses each picture, for a reason of its own
        crops, masks = _GREY_CROP, np.ones(_GREY_CROP.shape[:3], bool)
    colour = np.asarray(cell_colour(crops, masks), np.float32)
    statistics = classifier.feature_statistics(normalise(crops, masks, colour))

    def inputs(image: NDArray[np.uint8]) -> tuple[Tensor, Window]:
        cell = _red_cell(image)
        crop = normalise(cell.crop(CROP_SIZE_PX), cell.mask(CROP_SIZE_PX), colour)
        return as_input(crop).to(device), _crop_window(cell)

    remark = ""
    if 0 < len(cells) < CELLS_FOR_A_COLOUR:
        remark = f"unsure: {len(cells)} of {CELLS_FOR_A_COLOUR} cells"
    return ReadyNetwork(classifier.network_of(statistics), inputs, remark)


def _on_no_cell(classifier: Classifier, device: torch.device) -> tuple[nn.Module, Tensor]:
    statistics = classifier.feature_statistics(_GREY_CROP)
    return classifier.network_of(statistics), as_input(_GREY_CROP).to(device)


def _red_cell(image: NDArray[np.uint8]) -> SingleCell:
    """The cell of a picture; `ExplainError` where there is none."""
    cell = single_cell(image)
    if cell is None:
        raise ExplainError("holds no red cell: almost all of it is black")
    if reason := why_no_red_cell(cell):
        raise ExplainError(f"{reason}; for pictures of anything else name a backbone with --model")
    return cell


def _cells_measured(images: Sequence[SingleImage]) -> list[SingleCell]:
    """At most `CELLS_WANTED` cells from all over a folder; pictures without one are told of later."""
    step = max(1, len(images) // CELLS_WANTED)
    cells: list[SingleCell] = []
    for index in sorted(range(len(images)), key=lambda index: (index % step, index)):
        try:
            cells.append(_red_cell(images[index].read()))
        except (UnreadableImageError, ExplainError):
            continue
        if len(cells) == CELLS_WANTED:
            break
    return cells


def _crop_window(cell: SingleCell) -> Window:
    """The square that the classifier's crop shows (`core.cells.crops.raw_crops`)."""
    x, y, width, height = (float(value) for value in cell.box[0])
    side = (width * height) ** 0.5 * CROP_SIZE_PX / CROP_CELL_DIAMETER_PX
    return (x + (width - side) / 2, y + (height - side) / 2, side, side)
