"""Air-quality standards, readings and places: no torch, no storage."""
