"""What networks learn before answers: cells, pairs, motion."""
