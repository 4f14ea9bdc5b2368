"""From a data folder to trained networks and their hold-out predictions."""
