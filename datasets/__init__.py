"""Annotated images, from their published layouts to the sample types that training takes."""
