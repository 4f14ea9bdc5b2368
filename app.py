"""AQFusion's web app: `streamlit run app.py`."""

from aqfusion.ui import navigation

navigation.run()
