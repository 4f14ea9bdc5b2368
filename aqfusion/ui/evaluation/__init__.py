"""The Evaluation page: one file per card, pure functions from metrics to charts and tables."""
