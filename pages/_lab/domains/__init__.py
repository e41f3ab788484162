"""The app's side of each domain: `base` says what one has, and shared code reaches each through its one file."""
