"""How it works."""

from __future__ import annotations

import streamlit as st

st.title("How it works")
