"""Tables that people make in spreadsheets: rows that are good, and a list of what is not."""
