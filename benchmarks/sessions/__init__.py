"""What many open sessions feel, measured by clients that speak Streamlit's protocol over WebSockets."""
