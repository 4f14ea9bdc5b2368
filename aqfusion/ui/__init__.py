"""The parts of the pages: the only modules that import Streamlit."""
