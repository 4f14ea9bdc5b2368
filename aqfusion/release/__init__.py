"""The files of a release: model folders, their cards, and `assets/metrics.json`."""
