"""Explanations of a prediction and counterfactual predictions; no drawing, no Streamlit."""
