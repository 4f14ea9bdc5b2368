"""A page with text that a stranger chose in every place for Markdown; `?raw=1` without a cure."""

import plotly.graph_objects as go
import streamlit as st

from aqfusion.errors import InputError
from aqfusion.ui.markup import chart_text, plain, plain_list, show_error

HOST = "evil.example"
HOSTILE = (
    f"![i](http://{HOST}/i.png) [Sign in again](http://{HOST}) <http://{HOST}> http://{HOST} "
    f"WWW.{HOST} www.{HOST} http&colon;//{HOST} www&period;{HOST} a@{HOST} a&commat;{HOST} "
    f"<a href=http://{HOST}>x</a> [r][1] :smile: :material/lock: $x^2$ **b** end"
)
raw = "raw" in st.query_params
text = HOSTILE if raw else plain(HOSTILE)

st.markdown(text)
st.caption(text)
for box in (st.warning, st.info, st.success, st.error):
    box(text)
show_error(InputError(HOSTILE if not raw else "none"))
st.markdown(f"A list:\n{plain_list([HOSTILE] * 2, 1)}" if not raw else "none")
st.title(text, anchor=False)
st.subheader(text, anchor=False)
st.button(text, key="button")
st.checkbox(text, key="checkbox", help=text)
st.radio(text, [text, "b"], key="radio", captions=[text, "c"])
st.selectbox(HOSTILE if raw else text, [HOSTILE], key="select")
st.segmented_control(text, [text], key="segments")
st.pills(text, [text], key="pills")
st.slider(text, 0, 10, key="slider")
st.text_input(text, key="input", placeholder=HOSTILE)
st.expander(text, expanded=True).caption(text)
st.tabs([text, "b"])[0].write(text)
st.metric(text, "1", delta=text)
st.progress(0.5, text)
st.popover(text, key="popover")
st.image("assets/favicon.png", caption=text)
label = HOSTILE if raw else chart_text(HOSTILE)
figure = go.Figure(go.Scatter(x=[1], y=[label], text=[label], mode="markers+text", name=label))
figure.update_layout(title=label, showlegend=True)
st.plotly_chart(figure, key="chart")
st.markdown("drawn", width="content")
