"""The physics page's parts."""
