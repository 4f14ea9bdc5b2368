"""What the store holds, for others to read: whole files and folders, or none."""
