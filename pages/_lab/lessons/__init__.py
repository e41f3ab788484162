"""The Lessons page's parts."""
