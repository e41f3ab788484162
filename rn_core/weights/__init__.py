"""Weights on disk: cards, bundles, files of others, public weights."""
