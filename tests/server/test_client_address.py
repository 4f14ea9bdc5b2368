"""Only proxies that are named may say whose address a request counts for."""

import logging

import pytest

from aqfusion.server.client_address import ForwardedAddress, address_of, counted_address
from tests.coroutines import run_coroutine


def passed(peer: str, forwarded: str | None, trusted=(), proto: str | None = None):
    """Address and scheme with which a request from `peer` reaches the app."""
    seen = []

    async def app(scope, _receive, _send):
        seen.append((address_of(scope), scope["scheme"]))

    headers = [(b"x-forwarded-for", forwarded.encode())] if forwarded else []
    headers += [(b"x-forwarded-proto", proto.encode())] if proto else []
    scope = {"type": "http", "client": (peer, 5000), "scheme": "http", "headers": headers}
    run_coroutine(ForwardedAddress(app, trusted)(scope, None, None))
    return seen[0]


@pytest.mark.parametrize(
    ("peer", "forwarded", "trusted", "address"),
    [
        ("127.0.0.1", "192.0.2.7", (), "127.0.0.1"),  # nobody is believed by default
        ("::1", "192.0.2.7", (), "::/64"),
        ("127.0.0.1", "192.0.2.7", ("127.0.0.1",), "192.0.2.7"),
        ("::ffff:127.0.0.1", "192.0.2.7", ("127.0.0.1",), "192.0.2.7"),  # a socket for both kinds
        ("10.1.2.3", "192.0.2.7", ("10.0.0.0/8",), "192.0.2.7"),
        (
            "10.1.2.3",
            "6.6.6.6, 192.0.2.7",
            ("10.0.0.0/8",),
            "192.0.2.7",
        ),  # the client wrote 6.6.6.6
        ("10.1.2.3", "192.0.2.7, 10.9.9.9", ("10.0.0.0/8",), "192.0.2.7"),  # two proxies
        ("192.0.2.9", "127.0.0.1", ("10.0.0.0/8",), "192.0.2.9"),
        ("10.1.2.3", "<script>", ("10.0.0.0/8",), "unknown"),
        ("2001:db8:1:2:aaaa::1", None, (), "2001:db8:1:2::/64"),
    ],
)
def test_only_named_proxies_are_believed(peer, forwarded, trusted, address):
    assert passed(peer, forwarded, trusted)[0] == address


def test_a_scheme_too_is_believed_of_named_proxies_only():
    assert passed("10.1.2.3", "192.0.2.7", ("10.1.2.3",), "https")[1] == "https"
    assert passed("192.0.2.9", "192.0.2.7", ("10.1.2.3",), "https")[1] == "http"


def test_a_proxy_that_nobody_named_is_logged(caplog):
    with caplog.at_level(logging.WARNING):
        passed("10.1.2.3", "192.0.2.7")
    assert "10.1.2.3 forwards requests but is not in AQFUSION_TRUSTED_PROXIES" in caplog.text


def test_neighbours_in_a_network_of_ipv6_count_as_one():
    near, far = "2001:db8:1:2::1", "2001:db8:1:3::1"
    assert counted_address(near) == counted_address("2001:db8:1:2:ffff::") != counted_address(far)
    assert counted_address("fe80::1%eth0") == "fe80::/64"
    assert counted_address(None) == counted_address("testclient") == "unknown"
