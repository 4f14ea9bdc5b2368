"""Stations that measure air: places, their measurements over time, and the sources of these."""
