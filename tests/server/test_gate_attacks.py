"""The real server under what strangers did to it: each attack of issue 16 that ends at the gate."""

import time

import pytest
from websockets.exceptions import InvalidStatus

from tests.server.tab import multipart, running, tab, token

CONNECTIONS, UPLOADS_MB = 6, 40


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    settings = {"AQFUSION_CONNECTIONS": str(CONNECTIONS), "AQFUSION_UPLOADS_MB": str(UPLOADS_MB)}
    with running(home, **settings) as running_server:
        yield running_server
    assert "Traceback" not in running_server.log.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def code(server):
    """The code for the first admin, from the log."""
    with tab(server) as first:
        first.open_page("admin")
    return _code(server)


def _code(server):
    return server.log.read_text(encoding="utf-8").count("Code for the first admin")


def put(owner, address, size):
    """Put a file as the browser of a tab does."""
    body, kind = multipart(size)
    server = owner.server
    return server.request("PUT", address, body, Content_Type=kind, **token(server, owner))


def test_100_files_of_one_address_do_not_fill_the_memory(server, code):
    with tab(server) as mine:
        mine.open_page("admin")
        before = server.memory()
        addresses = [url.upload_url for url in mine.ask_for_addresses(100).file_urls]
        size = 2**20 + 24_000  # of which 20 leave no room for the smallest file
        answers = [put(mine, address, size)[::2] for address in addresses]
        taken = [status for status, _ in answers].count(204)
        assert taken == UPLOADS_MB // 2
        assert set(answers[taken:]) == {
            (507, b"The server holds as many uploads as it can. Remove files or try again in a "
             b"minute.")
        }  # fmt: skip
        assert server.memory() - before < 3 * UPLOADS_MB
        assert put(mine, addresses[0], 10)[0] == 403  # it has served
        refused = mine.ask_for_addresses(1)
        assert "holds as many uploads as it can" in refused.error_msg
        mine.open_page("models")  # leaving the page frees its files
        mine.open_page("admin")
        assert mine.ask_for_addresses(1).error_msg == ""


def test_only_what_a_page_asked_for_is_taken(server, code):
    with tab(server) as mine:
        mine.open_page("stations")
        path = f"/_stcore/upload_file/{mine.session}/made-up"
        assert put(mine, path, 10)[::2] == (
            403,
            b"This page did not ask for that file. Reload it.",
        )
        assert mine.ask_for_addresses(1).error_msg.startswith("This page takes no files.")


def test_another_browser_puts_and_takes_away_no_file_whatever_ids_it_knows(server, code):
    refusal = (403, b"This page is open in another browser. Reload it.")
    with tab(server) as mine, tab(server) as stranger:
        mine.open_page("admin")
        stranger.open_page("admin")
        own, other = (url.upload_url for url in mine.ask_for_addresses(2).file_urls)
        assert put(mine, own, 10)[0] == 204
        for headers in (token(server), token(server, stranger)):
            body, kind = multipart(10)
            assert server.request("PUT", other, body, Content_Type=kind, **headers)[::2] == refusal
            assert server.request("DELETE", own, **headers)[::2] == refusal
        assert put(mine, other, 10)[0] == 204
        assert server.request("DELETE", own, **token(server, mine))[0] == 204


def test_a_body_without_a_length_is_counted_while_it_streams(server, code):
    with tab(server) as mine:
        mine.open_page("admin")
        (url,) = mine.ask_for_addresses(1).file_urls
        before, (body, kind) = server.memory(), multipart(60 * 2**20)
        pieces = (body[at : at + 2**16] for at in range(0, len(body), 2**16))
        answer = server.request(
            "PUT", url.upload_url, pieces, Content_Type=kind, X_Chunked="1", **token(server, mine)
        )
        assert answer[0] in {413, 507}
        assert server.memory() - before < 2 * UPLOADS_MB


def test_messages_that_no_page_sends_are_dropped(server, code):
    with tab(server) as mine:
        mine.open_page("admin")
        mine.send(clear_cache=True)
        mine.send(set_run_on_save=True)
        mine.send(load_git_info=True)
        mine.send(debug_shutdown_runtime=True)
        mine.send(backend_operation_request={"request_id": "r", "install_skills": {}})
        mine.send(app_heartbeat=True)
        mine.receive("heartbeat_ack")
        kinds = {answer.WhichOneof("type") for answer in mine.answers}
        assert not kinds & {"git_info_changed", "backend_operation_response"}
        for _ in range(30):
            mine.send(clear_cache=True)
        mine.open_page("admin")
    assert _code(server) == code == 1  # the code is still that one
    log = server.log.read_text(encoding="utf-8")
    assert log.count("no page sends clear_cache") <= 10
    assert mine.session not in log
    assert "dropped: no page sends clear_cache" in log
    assert "dropped: no page sends install_skills" in log


@pytest.mark.parametrize(
    ("message", "close_code"),
    [("text", 1003), (b"\xff\xff no message", 1002), (bytes(2 * 2**20), 1009)],
)
def test_what_is_no_message_closes_the_tab(server, message, close_code):
    with tab(server) as mine:
        mine.socket.send(message)
        assert mine.closed_with() == close_code


def test_a_tab_that_sends_too_fast_is_read_more_slowly(server):
    with tab(server) as mine:
        began = time.monotonic()
        for _ in range(90):
            mine.send(app_heartbeat=True)
        for _ in range(90):
            mine.receive("heartbeat_ack")
        assert time.monotonic() - began > 1.5


def test_an_address_has_so_many_tabs_at_one_time(server):
    tabs = [tab(server) for _ in range(CONNECTIONS)]
    for one_tab in tabs:
        one_tab.__enter__()
    with pytest.raises(InvalidStatus) as refused, tab(server):
        pass
    assert refused.value.response.status_code == 429
    # Nobody is believed who says that the request is another's.
    with pytest.raises(InvalidStatus), tab(server, **{"X-Forwarded-For": "192.0.2.1"}):
        pass
    for one_tab in tabs:
        one_tab.__exit__(None, None, None)
    time.sleep(0.2)
    with tab(server):
        pass


def test_other_names_and_sites_are_refused(server):
    assert server.request("GET", "/", Host="evil.example")[0] == 421
    assert server.request("GET", "/", Host="localhost:1")[0] == 200
    with pytest.raises(InvalidStatus), tab(server, Host="evil.example"):
        pass


@pytest.mark.parametrize(
    "path",
    ["metrics", "metrics?families=cache_memory_bytes", "agent/openapi.json", "agent/mcp",
     "script-health-check"],
)  # fmt: skip
def test_what_tells_of_other_visitors_is_closed(server, path):
    status, _, content = server.request("GET", f"/_stcore/{path}")
    assert (status, content) == (404, b"Not Found")
