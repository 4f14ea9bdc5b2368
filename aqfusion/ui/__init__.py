"""What the pages are made of: the only modules that import Streamlit."""
