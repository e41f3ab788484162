"""What `python -m rn_core bench` measures, and the plain implementation that it measures against."""
