"""The parts of How it works."""
