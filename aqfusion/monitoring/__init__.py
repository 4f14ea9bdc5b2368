"""Data drift: whether input still resembles the training data, by counts without photos."""
