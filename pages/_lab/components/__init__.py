"""Browser components of the pages; html, css and js lie beside the Python that mounts them."""
