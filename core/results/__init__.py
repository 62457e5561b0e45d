"""The folder that scoring leaves for a slide: its schema, one writer and one reader."""
