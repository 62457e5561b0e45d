"""Training of the first look: guided, its maps are nearer to the parasite."""

import pytest
import torch
from lightning_fabric import Fabric

from core.cam import activation_maps
from core.saliency.localisation import energy
from core.training.loop import Schedule
from datasets.classification import BatchLayout
from models.classifier import FEATURE_LAYER
from models.slide_network import as_input
from scripts.cell_networks.train_classifier import train_classifier
from scripts.settings.configuration import BatchSettings, ClassifierSettings
from scripts.settings.guided_settings import ObjectiveSettings
from tests.datasets.test_classification import batch_of, cells_of

LAYOUT = BatchLayout(slides=2, healthy=3, infected=3)
GUIDED = {"energy": 1.0, "dice": 1.0}
CPU = Fabric(accelerator="cpu", devices=1)


def settings_of(objective: ObjectiveSettings) -> ClassifierSettings:
    return ClassifierSettings(
        network="classifier",
        sources=("nih_cells",),
        malaria_free=(),
        width=4,
        batch=BatchSettings(slides=2, healthy=6, infected=6),
        schedule=Schedule(40, 0.01, 0.0, 0.1, 0.8),
        label_smoothing=0.0,
        objective=objective,
        seed=0,
    )


@pytest.mark.slow
def test_guided_training_brings_the_maps_nearer_to_the_parasite_than_training_without() -> None:
    found = {}
    for objective in (
        ObjectiveSettings(name="cross-entropy"),
        ObjectiveSettings(name="energy-dice", weights=GUIDED),
    ):
        network = train_classifier({"large": cells_of("large", 60, 60)}, settings_of(objective), CPU)
        batch = batch_of(cells_of("large", 60, 60), BatchLayout(2, 2, 12), seed=9)
        seen = torch.from_numpy(batch.parasites.any(axis=(1, 2)))
        maps = activation_maps(network, as_input(batch.crops), "cam", layer=FEATURE_LAYER, size="placed").maps
        found[objective.name] = float(energy(maps, torch.from_numpy(batch.parasites))[seen].nanmean())
    assert found["energy-dice"] > found["cross-entropy"] + 0.1


def test_an_objective_with_learned_weights_is_refused() -> None:
    with pytest.raises(ValueError, match="learned-magtr has learned weights"):
        settings_of(ObjectiveSettings(name="learned-magtr"))
