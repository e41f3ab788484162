"""Probes, limits of generalization, and cost."""
