"""Photographs that share a part of the smear, found by the places of their cells, and by what they show."""

from core.overlap.agreement import PlacedObjects, objects_agree
from core.overlap.constellations import Pattern, is_lattice
from core.overlap.neighbours import APART, IMPLIED_EACH, implied_pairs, pairs_in_order
from core.overlap.pairs import Overlap, overlaps
from core.overlap.pictures import SAME_PICTURE, correlation
from core.overlap.placement import Placement
from core.overlap.places import SharedObjects, place_of_each, shared_objects
from core.overlap.registration import GreyPicture, in_grey, on_each_other

__all__ = [
    "APART",
    "IMPLIED_EACH",
    "SAME_PICTURE",
    "GreyPicture",
    "Overlap",
    "Pattern",
    "PlacedObjects",
    "Placement",
    "SharedObjects",
    "correlation",
    "implied_pairs",
    "in_grey",
    "is_lattice",
    "objects_agree",
    "on_each_other",
    "overlaps",
    "pairs_in_order",
    "place_of_each",
    "shared_objects",
]
