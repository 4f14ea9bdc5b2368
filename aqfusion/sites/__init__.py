"""Sites: places with a history of measured days, which say what a photo there may mean."""
