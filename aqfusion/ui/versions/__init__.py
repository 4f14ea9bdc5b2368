"""The Models page: versions of the model, runs, and what visitors bring."""
