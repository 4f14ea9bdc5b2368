"""A visitor who makes the server repeat itself does not fill its log."""

import logging

import pytest

from aqfusion.server import client_address
from aqfusion.server.log_limits import LogLimit


@pytest.fixture
def lines(clock):
    """What is written by a logger whose handler is limited."""
    written = []

    class Handler(logging.Handler):
        def emit(self, record):
            written.append(record.getMessage())

    handler, logger = Handler(), logging.getLogger("tests.log_limits")
    handler.addFilter(LogLimit(clock))
    logger.addHandler(handler)
    logger.propagate = False
    yield written
    logger.removeHandler(handler)


def say(address, number):
    token = client_address.CURRENT.set(address)
    logging.getLogger("tests.log_limits").warning("refused %d", number)
    client_address.CURRENT.reset(token)


def test_lines_of_one_visitor_are_cut_short_and_counted(lines, clock):
    for number in range(1000):
        say("192.0.2.1", number)
    assert lines == [f"refused {number}" for number in range(10)]
    say("192.0.2.2", 1)
    assert lines[-1] == "refused 1 (990 lines like this were left out)"
    clock.now = 10
    say("192.0.2.1", 2)
    assert lines[-1] == "refused 2"


def test_many_visitors_together_are_bounded_too(lines):
    for number in range(1000):
        say(f"192.0.2.{number}", number)
    assert len(lines) == 60


def test_what_no_visitor_caused_is_written(lines):
    for number in range(100):
        say("", number)
    assert len(lines) == 100
