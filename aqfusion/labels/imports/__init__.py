"""Photos and labels on their way into the store."""
