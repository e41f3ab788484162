"""The Train page's parts, and the server's board of runs."""
