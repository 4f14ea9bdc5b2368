"""Exports of the store, for other programs: complete files and folders, or none."""
