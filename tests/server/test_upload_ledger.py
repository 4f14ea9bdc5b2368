"""Who may upload how much, without a server."""

import pytest

from aqfusion.server.token_bucket import TokenBuckets
from aqfusion.server.upload_ledger import MEGABYTE, UploadLedger, UploadRefusal


class Files:
    """Streamlit's manager of uploaded files, as far as the ledger tells it anything."""

    def __init__(self):
        self.removed = []

    def remove_file(self, session_id, file_id):
        self.removed.append((session_id, file_id))

    def remove_session_files(self, session_id):
        self.removed.append((session_id, "all"))


@pytest.fixture
def files():
    return Files()


@pytest.fixture
def ledger(clock):
    return UploadLedger(100 * MEGABYTE, clock)


def see_page(ledger, session, files, page="p", megabytes=50):
    ledger.run_began(session)
    ledger.sees_page(session, page, files)
    ledger.drew_uploader(session, "uploader", megabytes * MEGABYTE)
    ledger.run_ended(session)


def put(ledger, session, name, megabytes, address="a"):
    """Upload a file; whether it was taken."""
    ledger.issued(session, [name])
    try:
        ledger.begin(session, name, address, megabytes * MEGABYTE)
        for part in range(1, megabytes + 1):
            ledger.received(session, name, part * MEGABYTE)
    except UploadRefusal:
        ledger.forget(session, name)
        return False
    return True


def test_a_page_without_an_uploader_takes_no_files(ledger, files):
    ledger.run_began("s")
    ledger.sees_page("s", "p", files)
    ledger.run_ended("s")
    with pytest.raises(UploadRefusal, match="takes no files"):
        ledger.check_request("s", "a", 1)
    assert not put(ledger, "s", "f", 1)
    assert not put(ledger, "unknown", "f", 1)


def test_an_upload_address_serves_once_and_only_if_it_was_issued(ledger, files):
    see_page(ledger, "s", files)
    assert put(ledger, "s", "f", 1)
    with pytest.raises(UploadRefusal, match="did not ask"):
        ledger.begin("s", "f", "a", 1)
    with pytest.raises(UploadRefusal, match="did not ask"):
        ledger.begin("s", "made-up", "a", 1)


def test_what_an_uploader_on_the_page_takes_is_the_limit_of_a_file(ledger, files):
    see_page(ledger, "s", files, megabytes=5)
    assert put(ledger, "s", "small", 5)
    assert not put(ledger, "s", "large", 7)


def test_a_file_that_lies_about_its_size_is_counted_as_it_comes(ledger, files):
    see_page(ledger, "s", files, megabytes=5)
    ledger.issued("s", ["f"])
    ledger.begin("s", "f", "a", None)
    ledger.received("s", "f", 5 * MEGABYTE)
    with pytest.raises(UploadRefusal, match="at most 5 MB"):
        ledger.received("s", "f", 7 * MEGABYTE)


def test_an_address_leaves_as_much_free_as_it_holds(ledger, files):
    for number in range(10):
        see_page(ledger, f"s{number}", files)
    taken = sum(put(ledger, f"s{number}", "f", 10) for number in range(10))
    assert taken == 5
    see_page(ledger, "other", files)
    assert put(ledger, "other", "f", 20, "b")
    assert not put(ledger, "other", "more", 20, "b")
    assert ledger.held_bytes <= 100 * MEGABYTE


def test_a_file_that_will_not_fit_is_refused_before_it_comes(ledger, files):
    see_page(ledger, "s", files, megabytes=100)
    ledger.issued("s", ["half", "more"])
    with pytest.raises(UploadRefusal, match="holds as many"):
        ledger.begin("s", "more", "a", 52 * MEGABYTE)
    ledger.begin("s", "half", "a", 50 * MEGABYTE + 300)  # a body has more than the file
    ledger.received("s", "half", 50 * MEGABYTE + 300)


def test_of_files_that_come_at_once_those_that_fit_are_taken(ledger, files):
    see_page(ledger, "s", files)
    ledger.issued("s", [f"f{n}" for n in range(10)])
    begun = []
    for number in range(10):
        try:
            ledger.begin("s", f"f{number}", "a", 20 * MEGABYTE)
        except UploadRefusal:
            continue
        begun.append(f"f{number}")
    for part in range(1, 21):
        for name in begun:
            ledger.received("s", name, part * MEGABYTE)
    assert begun == ["f0", "f1"]


def test_a_session_used_from_many_addresses_has_one_share(ledger, files):
    see_page(ledger, "s", files)
    assert sum(put(ledger, "s", f"f{n}", 10, f"address {n}") for n in range(10)) == 5


def test_empty_files_count_too(ledger, files):
    see_page(ledger, "s", files)
    taken = sum(put(ledger, "s", f"f{n}", 0) for n in range(2000))
    assert taken == 808  # with the megabyte for what stands around a file


def test_leaving_the_page_frees_its_files(ledger, files):
    see_page(ledger, "s", files)
    put(ledger, "s", "f", 1)
    see_page(ledger, "s", files)  # the same page again
    assert files.removed == []
    see_page(ledger, "s", files, page="another")
    assert files.removed == [("s", "f")]
    assert ledger.held_bytes == 0


def test_a_file_that_its_widget_let_go_of_is_freed(ledger, files):
    see_page(ledger, "s", files)
    put(ledger, "s", "chosen", 1)
    put(ledger, "s", "in a form that is not sent yet", 1)
    ledger.widgets_hold("s", {"chosen"}, files)
    ledger.widgets_hold("s", set(), files)
    assert files.removed == [("s", "chosen")]


def test_a_session_that_is_gone_keeps_nothing(ledger, files, clock):
    see_page(ledger, "s", files)
    put(ledger, "s", "f", 1)
    ledger.sweep(lambda _: False, files)
    clock.now = 20
    ledger.sweep(lambda _: True, files)  # it came back
    clock.now = 45
    ledger.sweep(lambda _: False, files)
    clock.now = 70
    ledger.sweep(lambda _: False, files)
    assert files.removed == []
    clock.now = 76
    ledger.sweep(lambda _: False, files)
    assert files.removed == [("s", "f"), ("s", "all")]
    assert ledger.held_bytes == 0
    assert not put(ledger, "s", "g", 1)


def test_files_of_an_address_come_at_a_bounded_rate(ledger, files, clock):
    see_page(ledger, "s", files)
    ledger.check_request("s", "a", 1000)
    with pytest.raises(UploadRefusal, match="Wait a minute") as refused:
        ledger.check_request("s", "a", 10)
    assert refused.value.status == 429
    clock.now = 60
    ledger.check_request("s", "a", 300)
    with pytest.raises(UploadRefusal, match="At most 1,000 files"):
        ledger.check_request("s", "a", 1_000_000)


def test_a_bucket_refills_and_forgets_who_rests(clock):
    buckets = TokenBuckets(2, 1.0, clock, most_keys=2)
    assert [buckets.take("a") for _ in range(3)] == [True, True, False]
    clock.now = 1
    assert buckets.take("a")
    assert [buckets.wait("b") for _ in range(4)] == [0, 0, 1, 2]
    assert [buckets.take(key) for key in "cda"] == [True, True, True]
