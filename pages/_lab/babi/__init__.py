"""The bAbI page's parts."""
