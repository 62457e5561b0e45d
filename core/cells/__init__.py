"""A field in, its scored cells out: located, measured, cut out, normalised and scored."""
