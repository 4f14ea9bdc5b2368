"""Serve the app with another model: `serve_model.py FOLDER run app.py ...`."""

import os
import sys

from streamlit.web.cli import main

if __name__ == "__main__":
    os.environ["AQFUSION_MODEL"] = sys.argv.pop(1)
    main()
