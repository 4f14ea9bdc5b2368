"""The Batch page: many photos at once, or a table of readings."""
