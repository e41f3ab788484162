"""The CLEVR page's parts."""
