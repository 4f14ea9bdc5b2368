"""The client of load tests does what a browser does, against a real server."""

import io
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from PIL import Image

from aqfusion.load_test.app_client import AppClient, AppClientError
from aqfusion.load_test.server_process import free_port, wait_for_server


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    port, log = free_port(), tmp_path_factory.mktemp("small") / "server.log"
    options = (f"--server.port={port}", "--server.address=127.0.0.1", "--server.headless=true")
    script = Path(__file__).with_name("small_app.py")
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", str(script), *options],
            cwd=log.parent,
            stdout=stream,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_for_server(f"http://127.0.0.1:{port}", process, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture
def tab(address):
    with AppClient(address, timeout=20) as tab:
        tab.open()
        yield tab


def picture() -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (8, 6), "blue").save(stream, "JPEG")
    return stream.getvalue()


def test_what_a_visitor_sets_stays_and_what_the_server_sets_wins(tab):
    tab.change("level", 4.0)
    assert tab.alerts() == ["level 4", "counted 0"]
    tab.press("double")
    assert tab.alerts() == ["level 8", "doubled", "counted 0"]
    tab.change("more", True)
    assert tab.alerts() == ["level 8", "counted 0"]
    assert tab.has("later")
    tab.change("more", False)
    assert not tab.has("later")


def test_a_form_is_sent_whole_and_a_fragment_runs_alone(tab):
    tab.submit("names", {"name": "Asha"})
    assert "hello Asha" in tab.alerts()
    for _ in range(2):
        tab.press("count")
    assert tab.alerts() == ["level 1", "hello Asha", "counted 2"]


def test_a_file_is_put_where_the_server_wants_it_and_its_picture_comes_back(tab):
    content = picture()
    tab.upload("photo", "sky.jpg", content)
    assert f"sky.jpg of {len(content)} bytes" in tab.alerts()
    assert tab.errors == []


def test_errors_of_the_page_are_kept(tab):
    tab.change("fail", True)
    assert tab.errors == ["It failed, as it should"]
    tab.errors.clear()
    tab.change("fail", False)
    tab.change("raise", True)
    assert [sentence.partition(":")[0] for sentence in tab.errors] == ["RuntimeError"]
    with pytest.raises(AppClientError, match="widget must be on the page, got the key 'gone'"):
        tab.press("gone")


def test_a_lost_line_is_taken_up_and_cookies_make_the_next_tab_the_same_browser(address, tab):
    tab.change("level", 7.0)
    tab.close()
    time.sleep(0.2)
    with AppClient(address, tab.cookies, tab.session) as again:
        again.open()
        assert again.session == tab.session
        assert again.alerts()[0] == "level 7"
    with AppClient(address, {**tab.cookies, "guest": "yes"}) as other:
        other.open()
        assert (other.session != tab.session, other.alerts()[0]) == (True, "level 1")


def test_a_server_that_is_not_there_or_no_streamlit_is_a_sentence():
    with pytest.raises(AppClientError, match="GET /_stcore/health failed"):
        AppClient(f"http://127.0.0.1:{free_port()}").connect()
    server = HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with pytest.raises(AppClientError, match="websocket could not be opened"):
        AppClient(f"http://127.0.0.1:{server.server_port}", timeout=5).connect()
    server.shutdown()
    server.server_close()
