"""Whether what visitors bring still looks like what the model learned from: counts, no photos."""
