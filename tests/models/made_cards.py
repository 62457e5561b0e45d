"""Cards of no real network, complete enough to be read and asked."""

from pathlib import Path

from models.cards import (
    ClassifierCard,
    Curve,
    DetectorCard,
    Found,
    Range,
    Source,
    Training,
    Validity,
    write_card,
)
from models.checkpoint import save_weights
from models.classifier import ClassifierNetwork
from models.detector import DetectorNetwork

WIDTH = 4
CURVE = Curve(
    excess=(1.0, 2.0, 3.0, 4.0),
    found=(98, 95, 80, 40),
    infected=100,
    false_calls=(500, 100, 10, 0),
    healthy=10_000,
    measured_on="iml_malaria",
)
TRAINING = Training(
    command="smearscope train made.yaml",
    settings={"steps": 3},
    seed=5,
    sources=(Source(name="made", citation="nobody", licence="none", items=12),),
)
DETECTOR = DetectorCard(
    name="detector 1",
    notice="research use only",
    training=TRAINING,
    infected_cells=Found(found=370, missed=10, measured_on="iml_malaria blocks"),
    figures={"recall": 0.97},
    limits=("thin smears only",),
)
CLASSIFIER = ClassifierCard(
    name="classifier 1",
    notice="research use only",
    width=WIDTH,
    stride_px=4,
    training=TRAINING,
    threshold_excess=2.0,
    threshold_choice="on training sources",
    typical_spread=0.8,
    curve=CURVE,
    validity=Validity(
        edge_blur=Range(low=0.01, high=0.08),
        background=Range(low=150, high=250),
        density_red=Range(low=0.0, high=0.2),
        density_green=Range(low=0.05, high=0.4),
        density_blue=Range(low=0.0, high=0.3),
        largest_candidate_share=0.05,
        failed_share_limit=0.2,
    ),
    figures={},
    limits=(),
)


def write_models(folder: Path) -> Path:
    """All four files of a pair of untrained networks."""
    folder.mkdir(parents=True, exist_ok=True)
    save_weights(DetectorNetwork(), folder / "detector.safetensors")
    save_weights(ClassifierNetwork(WIDTH), folder / "classifier.safetensors")
    write_card(DETECTOR, folder / "detector.json")
    write_card(CLASSIFIER, folder / "classifier.json")
    return folder
