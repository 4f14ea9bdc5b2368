"""The Review page: what is to be decided, one item whole, and how far people agree."""
