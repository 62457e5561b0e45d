"""What goes on in processes of its own: scoring, maps that readers ask for, the comparison of two models."""
