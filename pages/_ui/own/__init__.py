"""The page Your data: what a session keeps of it, and its parts."""
