"""Slides, cells, maps, counts and verdicts: everything that knows no data set, network, screen or command line."""
