"""Every measure of a map, in one place to import from.

What the map is compared with, and the file that defines it: the ground-truth region, by the report's terms
(`terms`) and by where the map lies (`localisation`); the network itself, by what it says of covered images
(`faithfulness`, `region_deletion`).
"""

from core.saliency.faithfulness import (
    Curve,
    DropAndIncrease,
    Score,
    blurred,
    deletion,
    drop_and_increase,
    insertion,
)
from core.saliency.localisation import (
    THRESHOLDS,
    V2_OVERLAPS,
    AtBestThreshold,
    BoxAccuracyV2,
    BoxOverlaps,
    best_pixel_overlap,
    box_overlaps,
    energy,
    energy_above_area,
    max_box_acc,
    max_box_acc_v2,
    pixel_overlaps,
    pointing_game,
    share_above_half,
)
from core.saliency.region_deletion import RegionDeletion, region_deletion
from core.saliency.regions import MeasureError, area_pooled
from core.saliency.terms import hagtr, magtr, mangtr

__all__ = [
    "THRESHOLDS",
    "V2_OVERLAPS",
    "AtBestThreshold",
    "BoxAccuracyV2",
    "BoxOverlaps",
    "Curve",
    "DropAndIncrease",
    "MeasureError",
    "RegionDeletion",
    "Score",
    "area_pooled",
    "best_pixel_overlap",
    "blurred",
    "box_overlaps",
    "deletion",
    "drop_and_increase",
    "energy",
    "energy_above_area",
    "hagtr",
    "insertion",
    "magtr",
    "mangtr",
    "max_box_acc",
    "max_box_acc_v2",
    "pixel_overlaps",
    "pointing_game",
    "region_deletion",
    "share_above_half",
]
