"""The version of this project, which every part may read."""

__version__ = "0.2.0"
