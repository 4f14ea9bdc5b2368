"""Sites: places with a history of measured days, which inform the prediction of a photo there."""
