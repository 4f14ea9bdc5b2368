"""The Stations page's parts: the map, and what is clicked on it."""
