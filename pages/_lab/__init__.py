"""What pages say, as plain values: nothing below here knows Streamlit."""
