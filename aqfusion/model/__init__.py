"""The network, its training and its use: torch lives here and nowhere else."""
