"""Serve the app with other figures: `serve_planted.py METRICS run app.py ...`."""

import sys
from pathlib import Path

from streamlit.web.cli import main

from aqfusion.ui import cached_metrics

if __name__ == "__main__":
    cached_metrics.METRICS = Path(sys.argv.pop(1))
    main()
