"""Model versions that are whole or absent, which of them is current, and the way back."""
