"""Where the second look's maps fall, on parasites that it has not seen, known to the pixel.

    python -m benchmarks.second_look_maps --data DATA --networks runs/validation/networks --unseen iml_malaria

Parasites of the source left out are laid over healthy cells of `chula_rbc12`. The networks are those that
`smearscope validate models/configs/second_look.yaml` left in the folder; `--second-look FILE` takes another
second look. Printed for each method: the share of the map's energy on the parasite, the share of maps whose
highest point is on it, and the share of the crop above half of the maximum.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from core.cam import CAM, GuidedGradCAM, Method, activation_maps
from core.cells.crops import GREY, LEVELS_PER_DENSITY, SURROUNDED_SIZE_PX
from core.saliency.localisation import energy, pointing_game, share_above_half
from datasets.field_sets import READERS
from datasets.located_objects import located_fields
from datasets.second_look_batches import levels_of, parasites_of
from datasets.surrounded_cells import STORED_SURROUNDED_PX, SurroundedCells, of_located_fields
from datasets.transplant import VISIBLE_DENSITY
from models.checkpoint import load_classifier, load_detector, load_second_look
from models.graphs.crop_network import INPUT_LEVELS
from models.second_look import FEATURE_LAYER
from scripts.cell_networks.train_second_look import Looks

HOSTS, HOST_FIELDS = "chula_rbc12", 80
MEASURED_ON = 200
MARGIN = (STORED_SURROUNDED_PX - SURROUNDED_SIZE_PX) // 2
METHODS: dict[str, Method] = {
    "CAM, placed": CAM(),
    "Guided Grad-CAM": GuidedGradCAM(other_rectifiers="plain"),
}


def middle(planes: Tensor) -> Tensor:
    """What scoring would have cut of stored crops."""
    return planes[..., MARGIN:-MARGIN, MARGIN:-MARGIN]


def own_levels(cells: SurroundedCells, which: NDArray[np.intp]) -> Tensor:
    """(N, 3, S, S) levels about zero of some of the cells."""
    return levels_of(cells.crops[which], torch.from_numpy(cells.colour[which]))


def width_of(weights: Path) -> int:
    """Channels of a first look's first stage, from what `smearscope validate` left beside its weights."""
    said = weights.with_suffix(".json").read_text(encoding="utf-8").splitlines()
    return int(json.loads(said[-1])["width"])


def main() -> None:
    """Lay, draw maps, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--networks", type=Path, required=True)
    parser.add_argument("--unseen", default="iml_malaria")
    parser.add_argument("--second-look", type=Path)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()

    def weights(network: str) -> Path:
        return Path(given.networks / f"{network}_{given.unseen}_{given.seed}.safetensors")

    second = load_second_look(given.second_look or weights("second_look"))
    first = load_classifier(weights("classifier"), width_of(weights("classifier")))
    looks = Looks(load_detector(weights("detector")), first, second)
    hosts, donors = (
        of_located_fields(list(located_fields(fields, looks)), given.seed)
        for fields in (
            READERS[HOSTS](given.data / HOSTS)[:HOST_FIELDS],
            [one for one in READERS[given.unseen](given.data / given.unseen) if one.infected.any()],
        )
    )
    draw = np.random.default_rng(given.seed)
    density, seen = parasites_of(own_levels(donors, draw.permutation(np.flatnonzero(donors.infected))))
    density = density[seen][: given.count]
    typical = draw.permutation(hosts.typical)
    laid_over = own_levels(hosts, typical[: len(density)]) - LEVELS_PER_DENSITY * density
    inputs = middle(laid_over) / INPUT_LEVELS
    dark = functional.avg_pool2d(density.mean(dim=1, keepdim=True), 3, 1, 1) >= VISIBLE_DENSITY
    regions = middle(dark)[:, 0]
    slide = middle(own_levels(hosts, typical[-MEASURED_ON:])) + GREY
    crops = slide.round().clamp(0, 255).byte().permute(0, 2, 3, 1).numpy()
    network = second.network_of(second.feature_statistics(crops))
    print(f"{len(inputs)} parasites, {float(regions.float().mean()):.3f} of the crop")
    for name, method in METHODS.items():
        maps = torch.cat(
            [
                activation_maps(network, one[None], method, layer=FEATURE_LAYER, size="placed").maps
                for one in inputs
            ]
        )
        row = (energy(maps, regions), pointing_game(maps, regions), share_above_half(maps))
        print(name, "  ".join(f"{float(values.double().nanmean()):.3f}" for values in row))


if __name__ == "__main__":
    main()
