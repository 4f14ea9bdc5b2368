"""Why the model says what it says, and what it would say instead; no drawing, no Streamlit."""
