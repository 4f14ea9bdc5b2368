"""What the model makes of the items to label: its view of each, and which to ask about first."""
