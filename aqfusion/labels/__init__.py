"""Labels that people give: kept for good, served one by one, reviewed, exported."""
