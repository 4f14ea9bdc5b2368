"""The Models page: what serves, what the work gave, retraining, versions, and drift."""
