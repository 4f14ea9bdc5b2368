"""A small app for the client of load tests: each kind of widget once."""

import io

import streamlit as st
from PIL import Image

if st.context.cookies.get("guest"):
    st.text("guest")
value = st.slider("Level", 0.0, 10.0, 1.0, key="level")
st.info(f"level {value:g}")
if st.button("Double", key="double", on_click=lambda: st.session_state.update(level=2 * value)):
    st.info("doubled")
if st.toggle("Fail", key="fail"):
    st.error("It failed, as it should")
if st.toggle("Raise", key="raise"):
    raise RuntimeError("raised")
if st.toggle("More", key="more"):
    st.text_input("Later", key="later")
with st.form("names"):
    name = st.text_input("Name", key="name")
    if st.form_submit_button("Send"):
        st.info(f"hello {name}")
file = st.file_uploader("Photo", key="photo")
if file is not None:
    st.image(Image.open(io.BytesIO(file.getvalue())))
    st.info(f"{file.name} of {file.size} bytes")


@st.fragment
def counter() -> None:
    """A part that runs by itself."""
    if st.button("Count", key="count"):
        st.session_state["counted"] = st.session_state.get("counted", 0) + 1
    st.info(f"counted {st.session_state.get('counted', 0)}")


counter()
