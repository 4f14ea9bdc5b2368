"""`site`: places with a history of days at the terminal."""
