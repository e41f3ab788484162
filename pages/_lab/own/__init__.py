"""Sets of anybody's on the pages: where they are kept, what their page's state is, and how they are drawn."""
