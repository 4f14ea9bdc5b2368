"""AQFusion: the Air Quality Index from a photo of the sky and pollutant readings."""

__version__ = "0.1.0"
