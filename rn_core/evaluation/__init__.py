"""Accuracy with intervals, attribution reports, and what others published."""
