"""How good it is, measured honestly: scores, intervals, missing readings, heat maps."""
