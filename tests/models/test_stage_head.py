"""The layer that suggests stages on disk: of one second look, and no part of what a model is called."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from core.review import StageHead
from core.store import Stage
from models.cards import RELEASED, CardError, StageCard, Training, load_card
from models.stage_head import CARD, WEIGHTS, load_stage_head, sha256_of, write_stage_head
from models.weights import CheckpointError


def write(folder: Path) -> StageHead:
    """A layer for the second look of a folder, which is a text here."""
    (folder / "second_look.safetensors").write_text("weights")
    head = StageHead(np.arange(96 * 4).reshape(96, 4) / 8, np.array([0.5, 0, 0, -1]), {Stage.RING: 0.9})
    card = StageCard(
        name="stages",
        notice="",
        second_look_sha256=sha256_of(folder / "second_look.safetensors"),
        confidence={"ring": 0.9},
        training=Training(command="", settings={}, seed=0, sources=()),
        figures={},
        limits=(),
    )
    write_stage_head(folder, head, card)
    return head


def test_what_is_written_is_read(tmp_path: Path) -> None:
    written, read = write(tmp_path), load_stage_head(tmp_path)
    assert read is not None
    np.testing.assert_array_equal(read.weight, written.weight)
    np.testing.assert_array_equal(read.bias, written.bias)
    assert read.confidence == {Stage.RING: 0.9}


def test_a_model_may_have_none(tmp_path: Path) -> None:
    assert load_stage_head(tmp_path) is None


def test_on_the_features_of_another_second_look_it_means_nothing(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "second_look.safetensors").write_text("others")
    assert load_stage_head(tmp_path) is None


def test_what_is_damaged_is_named(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / WEIGHTS).write_text("nothing")
    with pytest.raises(CheckpointError, match=WEIGHTS):
        load_stage_head(tmp_path)
    (tmp_path / CARD).unlink()
    with pytest.raises(CardError, match=CARD):
        load_stage_head(tmp_path)


def test_a_card_names_stages_alone(tmp_path: Path) -> None:
    write(tmp_path)
    text = (tmp_path / CARD).read_text(encoding="utf-8")
    (tmp_path / CARD).write_text(text.replace('"ring"', '"falciparum"'), encoding="utf-8")
    with pytest.raises(CardError, match="confidence"):
        load_stage_head(tmp_path)


def test_the_released_one_goes_with_the_released_second_look_and_suggests_rings_from_nine_in_ten() -> None:
    head = load_stage_head(RELEASED)
    assert head is not None
    assert head.confidence == {Stage.RING: 0.9}


def test_a_model_is_called_the_same_with_and_without(tmp_path: Path) -> None:
    shutil.copytree(RELEASED, tmp_path / "without", ignore=shutil.ignore_patterns("stage.*"))
    assert load_card(str(tmp_path / "without")).identity == load_card("released").identity
