"""`python -m aqfusion`: every job without a browser."""

import sys

from aqfusion.cli import main

if __name__ == "__main__":
    sys.exit(main())
