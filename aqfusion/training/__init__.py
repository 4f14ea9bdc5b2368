"""From a data folder to trained networks, and to what they say of sessions they never saw."""
