"""Training of the cell networks, and of classifiers whose activation maps should fall where the object is."""
