"""Pretraining before a network is trained on answers: cells, pairs, motion."""
