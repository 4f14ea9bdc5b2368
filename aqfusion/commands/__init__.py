"""The commands of `python -m aqfusion`, one file each; heavy modules are imported when run."""
