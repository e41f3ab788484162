"""Scenes and questions of anybody's, read from JSON Lines or CSV files; see docs/your-data.md."""
