"""Where air is measured: places, what was measured there and when, and where that comes from."""
