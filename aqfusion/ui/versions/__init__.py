"""The Models page: what serves, what the work gave, retraining, and all versions."""
