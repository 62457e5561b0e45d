"""Training, evaluation and studies of classifiers of whole images."""
