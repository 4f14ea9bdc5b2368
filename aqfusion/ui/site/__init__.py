"""Where a photo was taken: known places, a visitor's own ones, and what their days tell."""
