"""An own seeded generator of each task's stories."""
