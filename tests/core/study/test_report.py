"""What a study has to show."""

from core.study.comparison import RunKey
from core.study.report import Answers, RunReport
from core.training.curves import EpochFigures


def test_a_run_ends_at_its_highest_epoch_in_whatever_order_its_curves_are() -> None:
    curves = [
        EpochFigures(epoch, images, 0.9, 0.4, 0.3, 0.3, 0.1, 0.6, 0, 0, 0)
        for images in ("training", "validation")
        for epoch in (-1, 0, 12, 3)
    ]
    assert RunReport("ce", RunKey(3, 2), curves, Answers((), ()), Answers((), ()), {}).last_epoch == 12
