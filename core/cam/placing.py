"""Where a network looked: the places in the image that the cells of a layer stand for."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from core.cam.layers import layer_name
from core.cam.output import CamError
from core.cam.untouched import EachOperation, argument, remembered, untouched


@dataclass(frozen=True)
class CellCentres:
    """Centres of the receptive fields of cells in a row: cell i looks about pixel `first_px + i * pitch_px`.

    Pixel 0 is the first one; whole numbers are the centres of pixels.
    """

    first_px: float
    pitch_px: float


@dataclass(frozen=True)
class Placing:
    """The centres of a layer's cells, down and across the image that the network was given."""

    down: CellCentres
    across: CellCentres


def placing_of(network: nn.Module, images: Tensor, layer: str | nn.Module) -> Placing:
    """Work out where the cells of a layer look, by the arithmetic of receptive fields (Araujo 2019).

    A kernel of k cells, dilated by d, of stride s and with p cells of padding before it, moves the centre of
    the first cell by `pitch * (d (k - 1) / 2 - p)` and multiplies the pitch by s. Convolutions, pooling,
    padding and slices are followed in this way; any other operation is assumed to leave cells where they are
    if it keeps their number. Where branches with different centres meet, the mean is taken. Where the
    windows of adaptive pooling differ in size, its centres are right to half of a cell that it pools. Padding
    counts as image: the field of a cell at the border is not cut.

    Found by one pass of one image in eval mode, the first time a network meets this layer and size of image.

    Parameters
    ----------
    network, images
        As for `core.cam.activation_maps`; at least one image.
    layer
        Name or module.

    Raises
    ------
    CamError
        If there is no such layer, or an operation before it cannot be followed, such as upsampling; it is
        named.
    """
    name = layer_name(network, layer)
    image = images[:1].detach().clone()  # the network may write into what it is given
    return remembered(network, ("placing", name, image.shape[1:]), lambda: _found(network, image, name))


def placed(maps: Tensor, where: Placing, height: int, width: int) -> Tensor:
    """Bring maps to the size of the image, with each cell's value at the cell's own centre.

    Between the centres bilinear; outside the outermost ones the values of the border are repeated.

    Parameters
    ----------
    maps
        (N, h, w), of the layer that `where` is of.
    where
        From `placing_of`.
    height, width
        Of the images.

    Returns
    -------
    (N, height, width); gradients pass.
    """
    rows = _weights(where.down, maps.shape[1], height).to(maps)
    columns = _weights(where.across, maps.shape[2], width).to(maps)
    return rows @ maps @ columns.T


def _weights(centres: CellCentres, cells: int, pixels: int) -> Tensor:
    """(pixels, cells) weight of each cell in each pixel; a row sums to 1."""
    pixel = torch.arange(pixels, dtype=torch.float64)
    at = ((pixel - centres.first_px) / centres.pitch_px).clamp(0, cells - 1)
    return (1 - (at[:, None] - torch.arange(cells)).abs()).clamp(min=0)


@dataclass(frozen=True)
class _Grid:
    """Where cells lie, how many there are, and the last operation that gave a tensor another number."""

    placing: Placing
    cells: tuple[int, int]
    changed_by: str = ""

    def lies_on(self, sides: tuple[int, ...]) -> bool:
        return sides == self.cells

    def moved(self, cells: tuple[int, int], shift: tuple[float, float], step: tuple[float, float]) -> "_Grid":
        """The grid whose first cell lies `shift` cells further, and whose pitch is `step` cells."""
        axes = (self.placing.down, self.placing.across)
        down, across = (
            CellCentres(axis.first_px + axis.pitch_px * by, axis.pitch_px * each)
            for axis, by, each in zip(axes, shift, step, strict=True)
        )
        return _Grid(Placing(down, across), cells)


@dataclass(frozen=True)
class _Lost:
    """Why it is not known where cells lie."""

    reason: str


_Operand = tuple[tuple[int, ...], _Grid]
"""The last two sides of a tensor, and the grid that it comes from."""


class _Followed(EachOperation):
    """Follows the grid of cells through every operation of a pass."""

    def __init__(self, image: Tensor) -> None:
        super().__init__()
        pixel = CellCentres(0.0, 1.0)
        # The tensors are kept: a new tensor may get the `id` of one that is gone.
        self._known: dict[int, tuple[Tensor, _Grid | _Lost]] = {}
        self._remember(image, _Grid(Placing(pixel, pixel), (image.shape[2], image.shape[3])))

    def of(self, output: Tensor) -> _Grid | _Lost:
        """The grid that a tensor of the pass lies on."""
        if id(output) not in self._known:
            return _Lost("its output comes from operations that torch does not show")
        grid = self._known[id(output)][1]
        if isinstance(grid, _Grid) and not grid.lies_on(tuple(output.shape[-2:])):
            return _unknown(grid)
        return grid

    def operation(
        self, function: Callable[..., Any], args: tuple[Any, ...], named: Mapping[str, Any]
    ) -> object:
        # Before the call: an operation in place may give its operand another shape.
        given = [
            (tuple(tensor.shape[-2:]), self._known[id(tensor)][1])
            for tensor in _tensors((*args, *named.values()))
            if id(tensor) in self._known
        ]
        result: object = function(*args, **named)
        name = getattr(function, "__name__", "")
        if given:
            for tensor in _tensors((result,)):
                self._remember(tensor, _after(name, args, named, given, tuple(tensor.shape[-2:])))
        return result

    def _remember(self, tensor: Tensor, grid: _Grid | _Lost) -> None:
        self._known[id(tensor)] = (tensor, grid)


def _found(network: nn.Module, image: Tensor, layer: str) -> Placing:
    followed = _Followed(image)
    found: list[_Grid | _Lost] = []

    def look(_: nn.Module, __: object, output: object) -> None:
        if isinstance(output, Tensor):
            found.append(followed.of(output))

    hook = network.get_submodule(layer).register_forward_hook(look)
    with hook, untouched(network, evaluating=True), torch.no_grad(), followed:
        network(image)
    grid = found[0] if len(found) == 1 else _Lost("it does not yield one feature map in a pass")
    if isinstance(grid, _Lost):
        raise CamError(
            f"where the cells of layer {layer!r} look cannot be worked out: {grid.reason}; name another "
            "layer, or for a map to look at take size='input', which divides the image evenly among them"
        )
    return grid.placing


def _after(
    name: str,
    args: tuple[Any, ...],
    named: Mapping[str, Any],
    given: Sequence[tuple[tuple[int, ...], _Grid | _Lost]],
    sides: tuple[int, ...],
) -> _Grid | _Lost:
    """The grid of an operation's result, whose last two sides are given."""
    operands: list[_Operand] = []
    for own, grid in given:
        if isinstance(grid, _Lost):
            return grid
        operands.append((own, grid))
    if name in _MIXING:
        return _Lost(f"{name} moves cells about")
    own, grid = operands[0]
    # A single cell of the whole image, as in squeeze and excitation, has no place in it.
    follow = None if sides == (1, 1) else _KERNELS.get(name)
    step = None if follow is None else follow(own, sides, partial(argument, args, named))
    if step is None:
        return _joined(name, operands, sides)
    return grid.moved((sides[0], sides[1]), *step) if grid.lies_on(own) else _unknown(grid)


def _joined(name: str, operands: Sequence[_Operand], sides: tuple[int, ...]) -> _Grid | _Lost:
    """The grid of a result whose cells lie where those of the operands do."""
    spread = [(own, grid) for own, grid in operands if own != (1, 1)] or operands
    whole = [grid for own, grid in spread if grid.lies_on(own)]
    for own, grid in spread if whole else ():
        if any(side not in (1, cells) for side, cells in zip(own, grid.cells, strict=False)):
            return _unknown(grid)
    grids = whole or [spread[0][1]]
    first = grids[0]
    if any(grid.cells != first.cells or _pitches(grid) != _pitches(first) for grid in grids):
        return _Lost(f"{name} joins grids of different pitch")
    down, across = (
        CellCentres(sum(axis.first_px for axis in axes) / len(axes), axes[0].pitch_px)
        for axes in (
            [grid.placing.down for grid in grids],
            [grid.placing.across for grid in grids],
        )
    )
    changed_by = first.changed_by
    if whole and not first.lies_on(sides):
        changed_by = name
    return _Grid(Placing(down, across), first.cells, changed_by)


def _pitches(grid: _Grid) -> tuple[float, float]:
    return grid.placing.down.pitch_px, grid.placing.across.pitch_px


def _unknown(grid: _Grid) -> _Lost:
    return _Lost(f"{grid.changed_by} changes the number of cells in a way that is not followed")


_Argument = Callable[[int, str, Any], Any]
_Step = tuple[tuple[float, float], tuple[float, float]]
"""Shift of the first cell and step, each down and across, in cells of the operand."""


def _convolution(_: tuple[int, ...], __: tuple[int, ...], argument: _Argument) -> _Step:
    kernel = tuple(argument(1, "weight", None).shape[2:])
    dilation = _pair(argument(5, "dilation", 1))
    padding = argument(4, "padding", 0)
    if padding == "same":  # of an odd number of cells the extra one is put behind
        padding = tuple(each * (size - 1) // 2 for each, size in zip(dilation, kernel, strict=True))
    before = (0, 0) if padding == "valid" else _pair(padding)
    return _window(kernel, dilation, before), _pair(argument(3, "stride", 1))


def _maximum(_: tuple[int, ...], __: tuple[int, ...], argument: _Argument) -> _Step:
    kernel = _pair(argument(1, "kernel_size", None))
    before, dilation = _pair(argument(3, "padding", 0)), _pair(argument(4, "dilation", 1))
    return _window(kernel, dilation, before), _pair(argument(2, "stride", None) or kernel)


def _average(_: tuple[int, ...], __: tuple[int, ...], argument: _Argument) -> _Step:
    kernel = _pair(argument(1, "kernel_size", None))
    before = _pair(argument(3, "padding", 0))
    return _window(kernel, (1, 1), before), _pair(argument(2, "stride", None) or kernel)


def _adaptive(own: tuple[int, ...], sides: tuple[int, ...], _: _Argument) -> _Step:
    down, across = (before / after for before, after in zip(own, sides, strict=True))
    return ((down - 1) / 2, (across - 1) / 2), (down, across)


def _padding(_: tuple[int, ...], __: tuple[int, ...], argument: _Argument) -> _Step:
    amounts: list[int] = [*argument(1, "pad", None), 0, 0]  # across comes first; down may be left out
    return (-amounts[2], -amounts[0]), (1, 1)


def _slice(own: tuple[int, ...], _: tuple[int, ...], argument: _Argument) -> _Step | None:
    """Of (N, C, h, w); None for another tensor, or an index that is not of slices alone."""
    index = argument(1, "index", None)
    parts = list(index) if isinstance(index, tuple) else [index]
    if argument(0, "self", None).ndim != 4 or any(
        part is not Ellipsis and not isinstance(part, slice) for part in parts
    ):
        return None
    if Ellipsis in parts:
        at = parts.index(Ellipsis)
        parts[at : at + 1] = [slice(None)] * (5 - len(parts))
    parts += [slice(None)] * (4 - len(parts))
    down, across = (range(*part.indices(cells)) for part, cells in zip(parts[2:], own, strict=True))
    return (down.start, across.start), (down.step, across.step)


def _window(kernel: Sequence[int], dilation: Sequence[int], before: Sequence[int]) -> tuple[float, float]:
    down, across = (
        each * (size - 1) / 2 - padding for size, each, padding in zip(kernel, dilation, before, strict=True)
    )
    return down, across


def _pair(value: int | Sequence[int]) -> tuple[int, int]:
    if isinstance(value, int):
        return value, value
    return int(value[0]), int(value[-1])


def _tensors(values: Iterable[object]) -> list[Tensor]:
    """Tensors among values, also within lists and tuples."""
    found: list[Tensor] = []
    for value in values:
        if isinstance(value, Tensor):
            found.append(value)
        elif isinstance(value, list | tuple):
            found += _tensors(value)
    return found


_KERNELS: Mapping[str, Callable[[tuple[int, ...], tuple[int, ...], _Argument], _Step | None]] = {
    "conv2d": _convolution,
    "max_pool2d": _maximum,
    "avg_pool2d": _average,
    "adaptive_avg_pool2d": _adaptive,
    "adaptive_max_pool2d": _adaptive,
    "pad": _padding,
    "__getitem__": _slice,
}
_MIXING = frozenset({"flip", "fliplr", "flipud", "roll", "rot90", "grid_sample"})
