"""The Results page's parts."""
