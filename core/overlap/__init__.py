"""Photographs that share a part of the smear, found by the places of their cells, and by what they show."""

from core.overlap.constellations import Pattern, is_lattice
from core.overlap.neighbours import implied_pairs, pairs_in_order
from core.overlap.pairs import Overlap, overlaps
from core.overlap.pictures import SAME_PICTURE, correlation
from core.overlap.placement import Placement
from core.overlap.places import SharedObjects, place_of_each, shared_objects
from core.overlap.registration import Sketch, on_each_other, sketch

__all__ = [
    "SAME_PICTURE",
    "Overlap",
    "Pattern",
    "Placement",
    "SharedObjects",
    "Sketch",
    "correlation",
    "implied_pairs",
    "is_lattice",
    "on_each_other",
    "overlaps",
    "pairs_in_order",
    "place_of_each",
    "shared_objects",
    "sketch",
]
