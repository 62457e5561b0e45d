"""Where the cells of a layer look: against arithmetic, and against the centre of what reaches a cell."""

from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional

from core.cam import CamError, CellCentres, Placing, activation_maps, placed, placing_of
from tests.core.cam.small_networks import Branching, HandSet, Shortcut, drawn_images, seeded

IMAGES = torch.zeros(1, 1, 12, 12)


class Lambda(nn.Module):
    """A function as a layer, with a layer of its own before and behind it."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.function = function
        self.before, self.behind = nn.Identity(), nn.Identity()

    def forward(self, images: Tensor) -> Tensor:
        features: Tensor = self.behind(self.function(self.before(images)))
        return features


def same(first_px: float, pitch_px: float) -> Placing:
    return Placing(CellCentres(first_px, pitch_px), CellCentres(first_px, pitch_px))


def placing(*layers: nn.Module) -> Placing:
    return placing_of(nn.Sequential(*layers), IMAGES, str(len(layers) - 1))


def conv(kernel: int, stride: int = 1, padding: int | str = 0, dilation: int = 1) -> nn.Conv2d:
    return nn.Conv2d(1, 1, kernel, stride, padding, dilation)


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
@pytest.mark.parametrize(
    ("layers", "first_px", "pitch_px"),
    [
        ([conv(3, 2, 1)], 0, 2),
        ([conv(3, 2)], 1, 2),
        ([conv(2, 2)], 0.5, 2),
        ([conv(1, 3)], 0, 3),
        ([conv(3, 2, 1), conv(3, 2, 1), conv(3, 2, 1)], 0, 8),
        ([conv(2, 2), conv(2, 2)], 1.5, 4),
        ([conv(3, 2), conv(3, 2)], 3, 4),
        ([conv(3, dilation=4)], 4, 1),
        ([conv(3, padding=4, dilation=4)], 0, 1),
        ([conv(3, padding="same"), conv(5, padding="valid")], 2, 1),
        ([conv(4, padding="same")], 0.5, 1),  # one pixel is put before and two behind
        ([nn.Conv2d(1, 1, 3, 2, 1, padding_mode="reflect")], 0, 2),
        ([nn.ZeroPad2d((0, 1, 0, 1)), conv(3, 2)], 1, 2),  # Keras's MobileNet
        ([nn.ReplicationPad2d(1), nn.MaxPool2d(3, 2)], 0, 2),
        ([nn.MaxPool2d(3, 2, 1)], 0, 2),
        ([nn.MaxPool2d(2)], 0.5, 2),
        ([nn.MaxPool2d(2, dilation=2, stride=1)], 1, 1),
        ([nn.AvgPool2d(4, ceil_mode=True)], 1.5, 4),
        ([conv(3, 2, 1), nn.BatchNorm2d(1), nn.ReLU(), nn.MaxPool2d(2)], 1, 4),
        ([nn.AdaptiveAvgPool2d(3)], 1.5, 4),
        ([nn.AdaptiveMaxPool2d(12)], 0, 1),
    ],
)
def test_kernels_strides_and_padding_by_hand(
    layers: list[nn.Module], first_px: float, pitch_px: float
) -> None:
    assert placing(*layers) == same(first_px, pitch_px)


def test_down_and_across_are_worked_out_apart() -> None:
    found = placing(nn.ZeroPad2d((1, 0, 3, 0)), nn.Conv2d(1, 1, (5, 1), (3, 2)))
    assert found == Placing(down=CellCentres(2 - 3, 3), across=CellCentres(-1, 2))


@pytest.mark.parametrize(
    ("function", "first_px", "pitch_px"),
    [
        (lambda x: functional.max_pool2d(x, 3, stride=2, padding=1), 0, 2),
        (lambda x: functional.avg_pool2d(x, [2]), 0.5, 2),
        (lambda x: functional.conv2d(x, torch.ones(1, 1, 3, 3), stride=2), 1, 2),
        (lambda x: functional.conv2d(functional.pad(x, (0, 1, 0, 1)), torch.ones(1, 1, 3, 3), None, 2), 1, 2),
        (
            lambda x: functional.conv2d(
                functional.pad(x, [(13 - x.shape[3]) % 3] * 4), torch.ones(1, 1, 3, 3)
            ),
            0,
            1,
        ),
        (lambda x: x[:, :, 1::3, 1::3], 1, 3),
        (lambda x: x[..., 2:, 2:], 2, 1),
        (lambda x: x[:, 0][:, None] + 1, 0, 1),
        (lambda x: x.permute(0, 2, 3, 1).tanh().permute(0, 3, 1, 2), 0, 1),
        (lambda x: (x.flatten(2) * 2).view(x.shape), 0, 1),
        (lambda x: x.chunk(1, dim=1)[0].relu_(), 0, 1),
    ],
)
def test_functions_count_as_modules_do(
    function: Callable[[Tensor], Tensor], first_px: float, pitch_px: float
) -> None:
    assert placing(Lambda(function)) == same(first_px, pitch_px)


def test_branches_that_agree_are_where_each_of_them_is() -> None:
    assert placing(Lambda(lambda x: x[:, :, ::2, ::2] + functional.max_pool2d(x, 3, 2, 1))) == same(0, 2)
    assert placing_of(seeded(Shortcut), drawn_images(), "inner") == same(0, 2)


def test_branches_apart_are_taken_in_their_mean() -> None:
    def joined(x: Tensor) -> Tensor:
        return torch.cat([functional.avg_pool2d(x, 2), x[:, :, ::2, ::2]], dim=1)

    assert placing(Lambda(joined)) == same(0.25, 2)


@pytest.mark.parametrize(
    "gate",
    [
        lambda x: functional.adaptive_avg_pool2d(x, 1),
        lambda x: x.mean(dim=(2, 3), keepdim=True),
        lambda x: functional.linear(x.mean(dim=(2, 3)), torch.ones(1, 1)).view(1, 1, 1, 1),
        lambda x: functional.conv2d(functional.avg_pool2d(x, 12), torch.ones(1, 1, 1, 1)),
        lambda x: x.mean(dim=3, keepdim=True),
        lambda x: functional.interpolate(x.mean(dim=(2, 3), keepdim=True), x.shape[2:]),
    ],
)
def test_what_comes_of_the_whole_image_moves_nothing(gate: Callable[[Tensor], Tensor]) -> None:
    assert placing(Lambda(lambda x: x * gate(x)), nn.MaxPool2d(2)) == same(0.5, 2)


@pytest.mark.parametrize(
    ("function", "named"),
    [
        (lambda x: functional.interpolate(x, scale_factor=2.0), "interpolate changes the number of cells"),
        (lambda x: functional.max_pool2d(functional.interpolate(x, scale_factor=2.0), 2), "interpolate"),
        (lambda x: functional.interpolate(x[:, :, ::2, ::2], scale_factor=2.0) + x, "joins|interpolate"),
        (lambda x: functional.conv_transpose2d(x, torch.ones(1, 1, 2, 2), stride=2), "conv_transpose2d"),
        (lambda x: x[:, :, [0, 2, 4]], "__getitem__"),
        (lambda x: x.roll(3, dims=2), "roll moves cells about"),
        (lambda x: x.flip(3) + x, "flip moves cells about"),
        (lambda x: torch.from_numpy(x.numpy().copy()), "torch does not show"),
    ],
)
def test_what_cannot_be_followed_is_named_with_the_way_out(
    function: Callable[[Tensor], Tensor], named: str
) -> None:
    with pytest.raises(CamError, match=rf"cells of layer '0.behind' look.*({named}).*size='input'"):
        placing_of(nn.Sequential(Lambda(function)), IMAGES, "0.behind")
    assert placing_of(nn.Sequential(Lambda(function)), IMAGES, "0.before") == same(0, 1)


def test_a_network_whose_flow_depends_on_values_is_followed_as_it_runs() -> None:
    assert placing_of(seeded(Branching), drawn_images(), "features") == same(0, 2)


def test_a_layer_is_looked_for_once() -> None:
    network, passes = nn.Sequential(conv(3, 2, 1)), []
    network.register_forward_hook(lambda *_: passes.append(1))
    for _ in range(3):
        assert placing_of(network, IMAGES, "0") == same(0, 2)
    assert len(passes) == 1
    network[0] = conv(3, 2)
    assert placing_of(network, IMAGES, network[0]) == same(1, 2)


KERNELS = st.tuples(
    st.sampled_from(["convolution", "maximum", "average"]),
    st.integers(1, 5),
    st.integers(1, 3),
    st.integers(0, 2),
    st.integers(1, 2),
    st.tuples(st.integers(0, 2), st.integers(0, 2)),
)


@given(st.lists(KERNELS, min_size=1, max_size=3))
@settings(max_examples=40, deadline=None)
def test_a_cell_looks_about_the_centre_of_what_reaches_it(
    kernels: list[tuple[str, int, int, int, int, tuple[int, int]]],
) -> None:
    layers: list[nn.Module] = []
    even: list[nn.Module] = []  # the same fields, in which every pixel has its share in the cell
    for kind, size, stride, padding, dilation, (before, behind) in kernels:
        pad = nn.ZeroPad2d((before, behind, behind, before))
        within = min(padding, size // 2)
        if kind == "convolution":
            layer: nn.Module = conv(size, stride, padding, dilation).double()
            nn.init.ones_(layer.get_parameter("weight"))
            shares = layer
        elif kind == "maximum":
            layer, shares = nn.MaxPool2d(size, stride, within), nn.AvgPool2d(size, stride, within)
        else:
            layer = shares = nn.AvgPool2d(size, stride, within)
        layers += [pad, layer]
        even += [pad, shares]
    image = torch.zeros(1, 1, 240, 250, dtype=torch.float64, requires_grad=True)
    features = nn.Sequential(*even)(image)
    row, column = (side // 2 for side in features.shape[2:])
    (reached,) = torch.autograd.grad(features[0, 0, row, column], image)
    share = reached[0, 0] / reached.sum()
    found = placing_of(nn.Sequential(*layers), image, str(len(layers) - 1))
    for axis, cell, along in ((found.down, row, share.sum(dim=1)), (found.across, column, share.sum(dim=0))):
        centre = float((along * torch.arange(len(along))).sum())
        assert axis.first_px + cell * axis.pitch_px == pytest.approx(centre)


def test_a_map_is_drawn_between_the_places_where_the_network_looked() -> None:
    image = torch.tensor([[[[8.0, 5.0, 0.0, 5.0]] * 4]])
    network = nn.Sequential(nn.MaxPool2d(1, stride=2), HandSet())
    made = activation_maps(network, image, "cam", torch.tensor([0]), "1.features", size="placed")
    # The cells are pixels 0 and 2, which are 8 and 0; pixel 1 lies between, and pixel 3 beyond the last.
    torch.testing.assert_close(made.maps[0], torch.tensor([[8.0, 4.0, 0.0, 0.0]] * 4))


def test_cells_that_divide_the_image_evenly_are_upsampled_as_published() -> None:
    image = torch.rand(2, 1, 8, 12)
    network = nn.Sequential(nn.AvgPool2d(2), HandSet())
    at_input, at_places = (
        activation_maps(network, image, "cam", None, "1.features", size).maps for size in ("input", "placed")
    )
    torch.testing.assert_close(at_places, at_input)


@given(st.integers(1, 5), st.integers(1, 5), st.integers(1, 4))
def test_even_cells_of_any_number_are_as_bilinear_upsampling_has_them(
    down: int, across: int, pitch: int
) -> None:
    maps = torch.rand(2, down, across, dtype=torch.float64)
    height, width = down * pitch, across * pitch
    expected = functional.interpolate(maps[:, None], (height, width), mode="bilinear", align_corners=False)
    torch.testing.assert_close(placed(maps, same((pitch - 1) / 2, pitch), height, width), expected[:, 0])


def test_border_values_go_on_outside_the_outermost_centres() -> None:
    where = Placing(down=CellCentres(-1.0, 1.0), across=CellCentres(2.0, 1.0))
    maps = torch.tensor([[[1.0, 3.0], [5.0, 7.0]]])
    assert placed(maps, where, 2, 5).tolist() == [[[5, 5, 5, 7, 7], [5, 5, 5, 7, 7]]]


def test_placed_maps_keep_the_graph() -> None:
    made = activation_maps(
        seeded(Shortcut), drawn_images(), "grad-cam", layer="inner", size="placed", differentiable=True
    )
    assert made.maps.shape == (2, 6, 6)
    made.maps.sum().backward()


def test_no_images_have_placed_maps_of_their_size() -> None:
    assert activation_maps(seeded(Shortcut), drawn_images(0), size="placed").maps.shape == (0, 6, 6)


def test_maps_that_are_made_on_the_image_stay_as_they_are() -> None:
    network, images = seeded(Shortcut), drawn_images()
    at_layer, at_places = (
        activation_maps(network, images, "guided-grad-cam", size=size).maps for size in ("layer", "placed")
    )
    assert torch.equal(at_layer, at_places)
