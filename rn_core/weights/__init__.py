"""Weights on disk: cards, bundles, foreign files, public weights."""
