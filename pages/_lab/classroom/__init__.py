"""A class that follows its teacher: rooms, votes and what they look like; no Streamlit."""
