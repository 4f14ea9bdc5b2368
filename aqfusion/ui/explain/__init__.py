"""Charts, views and words of the Explain page, and the short answer on the Predict page."""
