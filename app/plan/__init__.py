"""The plan of a whole slide: what it is given."""
