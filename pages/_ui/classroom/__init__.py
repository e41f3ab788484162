"""A class that follows its teacher, as pages draw it."""
