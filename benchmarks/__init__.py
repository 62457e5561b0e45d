"""Measurements of speed and memory; run by hand, never as tests."""
