"""The Explain page: one file per card."""
