"""Networks, their checkpoints and the weights that ship."""
