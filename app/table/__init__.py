"""The table of slides: a component of its own."""
