"""Photographs that share a part of the smear, found by the places of their cells alone."""

from core.overlap.alignment import Alignment
from core.overlap.constellations import Pattern
from core.overlap.pairs import Overlap, overlaps
from core.overlap.pictures import SAME_PICTURE, correlation
from core.overlap.places import SharedObjects, place_of_each, shared_objects

__all__ = [
    "SAME_PICTURE",
    "Alignment",
    "Overlap",
    "Pattern",
    "SharedObjects",
    "correlation",
    "overlaps",
    "place_of_each",
    "shared_objects",
]
