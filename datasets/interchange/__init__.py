"""Annotations as other programs write and read them: one form here, and a module a format."""
