"""The pages of those who label: signing in, labelling, reviewing, administering."""
