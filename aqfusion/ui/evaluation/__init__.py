"""The Evaluation page: one file per exhibit, each a pure function from figures to what is shown."""
