"""The site of a photo: known sites, a visitor's own ones, and the effect of their days."""
