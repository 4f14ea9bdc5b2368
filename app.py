"""AQFusion's web app: `streamlit run app.py`.

Streamlit imports this file for the server, and runs it as a script for every page of a visitor.
"""

from pathlib import Path

import streamlit as st

from aqfusion.ui import navigation, server

if __name__ == "__main__":
    navigation.run()
else:
    app = st.App(
        Path(__file__).resolve(),
        routes=server.routes(),
        middleware=server.middleware(),
        lifespan=server.lifespan,
    )
