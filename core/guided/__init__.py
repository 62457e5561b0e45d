"""Training of classifiers whose activation maps should fall where the object is."""
