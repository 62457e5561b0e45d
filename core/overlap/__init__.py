"""Photographs that share a part of the smear, found by the places of their cells alone."""

from core.overlap.constellations import Pattern
from core.overlap.pairs import Overlap, overlaps
from core.overlap.places import place_of_each, shared_objects

__all__ = ["Overlap", "Pattern", "overlaps", "place_of_each", "shared_objects"]
