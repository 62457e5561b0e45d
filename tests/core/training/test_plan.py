"""The plan of a training: which epoch is of which phase, and what no plan can say."""

from typing import Any

import pytest
from pydantic import ValidationError

from tests.core.training.coloured_squares import training_plan


def test_the_epochs_of_the_reference_phase_end_at_0_and_the_guided_ones_begin_after_it() -> None:
    plan = training_plan(reference_epochs=2, guided_epochs=3)
    assert plan.first_epoch == -2
    assert [plan.phase(epoch) is plan.guided for epoch in (-1, 0, 1, 3)] == [False, False, True, True]
    assert plan.phase(0) is plan.reference
    assert training_plan(reference_epochs=0).first_epoch == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"batch_size": 0},
        {"images_a_pass": 0},
        {"patience_epochs": 0},
        {"reading_processes": -1},
        {"seed": -1},
        {"epochs": 3},  # no such field
        {"guided": {"epochs": -1, "learning_rate": 0.1, "weight_decay": 0, "warm_up": 0}},
        {"guided": {"epochs": 1, "learning_rate": 0, "weight_decay": 0, "warm_up": 0}},
        {"guided": {"epochs": 1, "learning_rate": 0.1, "weight_decay": 0, "warm_up": 1.5}},
        {"reference": training_plan().guided.model_dump()},  # it does not say what trains
    ],
)
def test_what_cannot_be_trained_by_is_refused(wrong: dict[str, Any]) -> None:
    plan = training_plan()
    assert type(plan).model_validate(plan.model_dump()) == plan
    with pytest.raises(ValidationError):
        type(plan).model_validate({**plan.model_dump(), **wrong})
