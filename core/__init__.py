"""Slides, cells, maps, counts and verdicts: all that knows no data set, network, screen or command line."""
