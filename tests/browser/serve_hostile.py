"""Serve a page of hostile text: `serve_hostile.py run app.py ...`."""

import sys
from pathlib import Path

from streamlit.web.cli import main

if __name__ == "__main__":
    sys.argv[sys.argv.index("app.py")] = str(Path(__file__).with_name("hostile_page.py"))
    main()
