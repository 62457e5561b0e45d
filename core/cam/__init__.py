"""Activation maps: on which parts of an image a network's answer rests, to look at and to use in a loss."""

from core.cam.grad_cam import CAM, GradCAM
from core.cam.guided_grad_cam import GuidedGradCAM
from core.cam.maps import METHODS, ActivationMaps, activation_maps, maps_of, method_named
from core.cam.method import Method
from core.cam.normalisation import normalised
from core.cam.output import CamError
from core.cam.placing import CellCentres, Placing, placed, placing_of
from core.cam.recording import Recording, recorded
from core.cam.score_cam import FIMFScoreCAM, ScoreCAM

__all__ = [
    "CAM",
    "METHODS",
    "ActivationMaps",
    "CamError",
    "CellCentres",
    "FIMFScoreCAM",
    "GradCAM",
    "GuidedGradCAM",
    "Method",
    "Placing",
    "Recording",
    "ScoreCAM",
    "activation_maps",
    "maps_of",
    "method_named",
    "normalised",
    "placed",
    "placing_of",
    "recorded",
]
