"""A rule solver of each task."""
