"""Charts drawn while another visitor's thread imports pandas find it whole."""

import subprocess
import sys

from aqfusion.settings import ROOT


def test_pandas_is_whole_before_a_chart_can_be_drawn():
    code = "import sys, aqfusion.ui.chart_style; print(sys.modules['pandas'].Series.__name__)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "Series\n"), done.stderr
