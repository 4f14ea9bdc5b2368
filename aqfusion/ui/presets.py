"""Example readings: typical values for the sight, not measurements."""

from aqfusion.air.sensors import Reading

CITY_DAY = "City day"
PRESETS = {
    CITY_DAY: Reading(pm25=48, pm10=95, o3=40, co=0.9, so2=9, no2=32),
    "Clean morning": Reading(pm25=8, pm10=18, o3=55, co=0.3, so2=4, no2=10),
    "Winter smog": Reading(pm25=260, pm10=380, o3=20, co=2.4, so2=18, no2=85),
    "Dust": Reading(pm25=90, pm10=520, o3=60, co=0.6, so2=8, no2=20),
    "Only PM2.5": Reading(pm25=75),
}
