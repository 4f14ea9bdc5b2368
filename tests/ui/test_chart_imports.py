"""Charts drawn while another visitor's thread imports pandas find it whole, or not at all."""

import subprocess
import sys

from aqfusion.settings import ROOT

HALF = """
import sys
import aqfusion.ui.chart_style
from importlib.util import find_spec, module_from_spec
assert "pandas" not in sys.modules  # only who needs it loads it
spec = find_spec("pandas")
sys.modules["pandas"] = module = module_from_spec(spec)  # another thread has just begun
import plotly.graph_objects as go
from narwhals.dependencies import is_pandas_dataframe, is_pandas_index, is_pandas_series
figure = go.Figure(go.Scatter(x=[1, 2], y=[None, 2.0], text=["a", "b"]))
assert "scatter" in figure.to_json()
assert not any(ask([1]) for ask in (is_pandas_dataframe, is_pandas_index, is_pandas_series))
del sys.modules["pandas"]
import pandas
print(pandas.Series([1, 2]).sum(), pandas.DataFrame({"a": [1]}).shape, pandas.isna(pandas.NaT))
print(go.Figure(go.Scatter(y=pandas.Series([1.5, 2.5]))).data[0].y.tolist())
"""


def test_a_chart_can_be_drawn_while_pandas_is_half_imported():
    done = subprocess.run(
        [sys.executable, "-c", HALF], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "3 (1, 1) True\n[1.5, 2.5]\n"), done.stderr
