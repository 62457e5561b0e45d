"""What the best map that a layer's grid can hold would reach: the ceiling of a study's figures.

    python -m benchmarks.grid_ceiling models/configs/studies/tiny_2.yaml --data DATA

Two maps that know the regions are brought to the image as the network's own would be: `share` gives each cell
the share of what it looked at that lies in the region, `inside` only the cells of the largest share in their
image. Little more energy can be had on the grid than the second has, and no shape much truer than the first.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from core.cam import Placing, activation_maps, placed, placing_of
from core.saliency.localisation import energy, share_above_half
from core.saliency.regions import placed_shares
from scripts.guided.guided_run import open_run
from scripts.guided.image_sources import read_source
from scripts.settings.configuration import read_study

BATCH = 32


def maps_that_know(regions: Tensor, where: Placing, height: int, width: int) -> dict[str, Tensor]:
    """(N, height, width) maps by name, of (N, H, W) regions."""
    shares = placed_shares(regions, where, height, width)
    largest = shares.amax(dim=(1, 2), keepdim=True)
    return {"share": shares, "inside": (shares >= largest - 1e-6).float()}


def main() -> None:
    """Print a row for each map."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("config", type=Path, help="a study, such as models/configs/studies/tiny_2.yaml")
    parser.add_argument("--data", type=Path, required=True)
    arguments = parser.parse_args()
    torch.set_num_threads(1)

    settings = next(iter(read_study(arguments.config).runs())).settings
    run = open_run(arguments.data, settings)
    network, layer = run.guided.network, run.guided.layer
    source = read_source(arguments.data, settings.images)
    everything = np.arange(len(source.groups()[0]))
    samples = source.part(everything, run.normalisation.inputs).samples
    image = samples[0].image[None]
    where = placing_of(network, image, layer)
    height, width = activation_maps(network, image, "cam", layer=layer).maps.shape[1:]

    figures: dict[str, list[Tensor]] = {}
    areas: list[Tensor] = []
    for start in range(0, len(samples), BATCH):
        batch = range(start, min(start + BATCH, len(samples)))
        regions = torch.stack([samples[index].region for index in batch])
        areas.append(regions.float().mean(dim=(1, 2)))
        for name, maps in maps_that_know(regions, where, height, width).items():
            brought = placed(maps, where, *regions.shape[1:])
            found = torch.stack([energy(brought, regions), share_above_half(brought)])
            figures.setdefault(name, []).append(found)
    print(
        f"{arguments.config.stem}: {len(samples)} images of {image.shape[3]} px, {height} x {width} cells, "
        f"mean area of the regions {torch.cat(areas).mean():.3f}"
    )
    for name, parts in figures.items():
        epg, above_half = torch.cat(parts, dim=1).nanmean(dim=1).tolist()
        print(f"{name:8} EPG {epg:.3f}, above half the maximum {above_half:.3f}")


if __name__ == "__main__":
    main()
