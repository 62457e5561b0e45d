"""A slide's result in the forms people use."""
