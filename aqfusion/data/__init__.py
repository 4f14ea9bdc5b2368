"""A data folder on disk: what lies in it, checked row by row; no torch."""
