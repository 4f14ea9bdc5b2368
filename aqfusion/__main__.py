"""`python -m aqfusion`, or `aqfusion` once installed: every job without a browser."""

import sys


def main() -> int:
    """Run one command; a package that is not installed costs a sentence, whichever needs it."""
    try:
        from aqfusion.cli import main as run

        return run()
    except ModuleNotFoundError as error:
        name = (error.name or "").partition(".")[0]
        if name in {"", "aqfusion"}:  # our own mistake
            raise
        sentence = f"the package {name} is not installed; pip install brings it with AQFusion"
        sys.stderr.write(sentence + "\n")
        return 2


if __name__ == "__main__":
    sys.exit(main())
