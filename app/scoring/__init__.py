"""Scoring in a process of its own: begun from a page, survives it, is stopped and goes on from there."""
