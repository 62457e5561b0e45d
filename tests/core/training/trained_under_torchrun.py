"""Trains the squares in a folder; started by torchrun in as many processes as it is told to."""

import sys
from pathlib import Path

import torch

from core.training.guided import train_guided
from core.training.processes import launched
from tests.core.training.coloured_squares import TwoLayerHead, guided_network, image_sets, training_plan

if __name__ == "__main__":
    torch.set_num_threads(1)
    folder, objective = Path(sys.argv[1]), sys.argv[2]
    fabric = launched("cpu", "32-true")
    train_guided(guided_network(objective, TwoLayerHead), image_sets(), training_plan(), fabric, folder)
