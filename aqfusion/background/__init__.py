"""Long work in a process of its own: one at a time, with progress, log, cancel and time limit."""
