"""Cards of no real network, complete enough to be read and asked."""

from pathlib import Path

from core.tally import RankCurve
from models.cards import (
    ClassifierCard,
    DetectorCard,
    Found,
    Range,
    SecondLookCard,
    Source,
    Training,
    Validity,
    write_card,
)
from models.checkpoint import save_weights
from models.classifier import ClassifierNetwork
from models.detector_network import DetectorNetwork
from models.second_look import SecondLookNetwork

WIDTH = 4
CURVE = RankCurve(rates=(0.0005, 0.001, 0.01, 0.05), found=(40, 80, 95, 98), parasites=100)
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
    validity=Validity(
        edge_blur=Range(low=0.01, high=0.08),
        background=Range(low=150, high=250),
        density_red=Range(low=0.0, high=0.2),
        density_green=Range(low=0.05, high=0.4),
        density_blue=Range(low=0.0, high=0.3),
        failed_share_limit=0.2,
        cell_width_px=Range(low=28.0, high=400.0),
        fine_detail=Range(low=-2.75, high=0.0),
        block_steps=Range(low=0.0, high=0.3),
    ),
    figures={},
    limits=(),
)
SECOND_LOOK = SecondLookCard(
    name="second look 1",
    notice="research use only",
    training=TRAINING,
    curve=CURVE,
    curve_measured_on="iml_malaria, left out",
    figures={},
    limits=(),
)


def write_models(folder: Path) -> Path:
    """All files of a model of untrained networks."""
    folder.mkdir(parents=True, exist_ok=True)
    save_weights(DetectorNetwork(), folder / "detector.safetensors")
    save_weights(ClassifierNetwork(WIDTH), folder / "classifier.safetensors")
    save_weights(SecondLookNetwork(), folder / "second_look.safetensors")
    write_card(DETECTOR, folder / "detector.json")
    write_card(CLASSIFIER, folder / "classifier.json")
    write_card(SECOND_LOOK, folder / "second_look.json")
    return folder
