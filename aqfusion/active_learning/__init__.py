"""Active learning: the model's prediction for each item to label, and which to label first."""
