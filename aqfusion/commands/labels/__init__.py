"""`labels`: the label store at the terminal."""
