"""What ships: model folders, their cards, and `assets/metrics.json`."""
