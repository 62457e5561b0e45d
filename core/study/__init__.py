"""A study: the same training under several objectives, compared run by run."""
