"""Training and validation of the networks that find and score cells."""
