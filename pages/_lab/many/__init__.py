"""Many examples at once: asked in batches, as tables, figures and files; no Streamlit."""
