"""Settings of a guided training: wrong ones are refused by file and key; maps score the channels asked."""

from pathlib import Path

import pytest

from core.cam import METHODS, FIMFScoreCAM, Method, ScoreCAM
from scripts.settings.configuration import ConfigurationError, read_settings
from scripts.settings.guided_settings import MapSettings
from tests.scripts.drawn_training import CONFIG


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("name: small", "name: smal", "no backbone 'smal'"),
        (
            "weights: random, normalisation: null",
            "weights: a.safetensors, normalisation: null",
            "normalisation",
        ),
        ("normalisation: null", "normalisation: imagenet", "weights random have theirs"),
        ("method: grad-cam", "method: gradcam", "no method 'gradcam'"),
        ("name: energy-dice", "name: enrgy", "no objective 'enrgy'"),
        ("{energy: 1.0}", "{magtr: 1.0}", "no weight 'magtr'"),
        ("{energy: 1.0}", "{energy: -1.0}", "give 0 or more"),
        ("images_a_pass: 10", "images_a_pass: 0", "training.images_a_pass"),
        ("trains: network", "trains: trunk", "training.reference.trains"),
        ("precision: 32-true", "precision: 16", "precision"),
        ("  seed: 0", "  sed: 0", "training.se"),
        ("classes: all", "classes: in_15", "images.classes"),
    ],
)
def test_a_wrong_setting_is_refused_by_file_and_key(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(CONFIG.replace(old, new))
    with pytest.raises(ConfigurationError, match=message) as refused:
        read_settings(path)
    assert str(path) in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("method", "max_channels", "chosen", "name"),
    [
        ("faster-score-cam", None, ScoreCAM(max_channels=10), "faster-score-cam"),
        ("faster-score-cam", 50, ScoreCAM(max_channels=50), "faster-score-cam_50"),
        ("score-cam", 7, ScoreCAM(max_channels=7), "score-cam_7"),
        ("score-cam-paper", 7, ScoreCAM("paper", max_channels=7), "score-cam-paper_7"),
        ("fimf-score-cam", 7, FIMFScoreCAM(max_channels=7), "fimf-score-cam_7"),
        ("grad-cam", None, METHODS["grad-cam"], "grad-cam"),
    ],
)
def test_a_number_of_channels_is_taken_instead_of_the_method_s_own(
    method: str, max_channels: int | None, chosen: Method, name: str
) -> None:
    settings = MapSettings(method=method, layer=None, max_channels=max_channels)
    assert settings.chosen == chosen
    assert settings.name == name
