"""AQFusion: the Air Quality Index from a photo of the sky and pollutant readings."""
