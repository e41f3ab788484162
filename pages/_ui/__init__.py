"""What the pages share: state and URL, caches, what is shown, figures, exports."""
