"""Training runs: configs, recipes, the trainer, checkpoints, publishing."""
