"""Guessing PINs: nobody gets far, and nobody who guesses keeps others out."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import count, islice, repeat

import pytest
from sqlalchemy import select

from aqfusion.errors import InputError
from aqfusion.labels.accounts import AccountError
from aqfusion.labels.authorization import SignedOutError
from aqfusion.labels.schema import sign_in_limits, sign_ins
from aqfusion.labels.sign_in import SignInError
from aqfusion.labels.sign_in_limits import Client, SignInLimits
from tests.labels.planted import MINUTE, NOW, PIN

OWN = Client("192.0.2.1", "b" * 43)  # a browser and where it is
DAY = timedelta(days=1)


def refusal(store, name="Ana", client=OWN, now=NOW, pin="0000") -> str:
    """The sentence with which a try is refused."""
    with pytest.raises(SignInError) as refused:
        store.sign_in.by_pin(name, pin, now, client)
    return str(refused.value)


def somewhere(number: int) -> Client:
    return Client(f"198.51.100.{number}", f"{number:043}")


def seconds_in(sentence: str) -> int:
    match = re.search(r"Wait (\d+) s", sentence)
    return int(match[1]) if match else 0


def waits_of_guesses(store, clients, now, guesses) -> list[int]:
    """How many seconds each of many guesses had to wait, made as soon as that is over."""
    limits = SignInLimits(store.database)
    limits.draw_key()
    waits = []

    def work(connection):
        at = now
        for client in islice(clients, guesses):
            wait = 0
            try:
                limits.count(connection, limits.unknown("ana", client), at)
            except SignInError as error:
                wait = seconds_in(str(error))
                at += timedelta(seconds=wait)
                limits.count(connection, limits.unknown("ana", client), at)
            waits.append(wait)

    store.database.write(work)
    return waits


def test_178_wrong_pins_make_nobody_wait_for_a_week(store, ana):
    waits = waits_of_guesses(store, repeat(OWN), NOW, 178)
    assert max(waits) <= 361
    over = NOW + timedelta(seconds=sum(waits)) + 6 * MINUTE
    assert over - NOW > 178 * 4 * MINUTE  # and whoever guesses gets nowhere
    assert store.sign_in.by_pin("Ana", PIN, over, OWN) == ana
    assert refusal(store, now=over) == "Name and PIN do not match. Try again."


def test_wrong_pins_at_one_address_keep_nobody_out_elsewhere(store, ana):
    for _ in range(10):
        refusal(store, client=somewhere(1))
    assert seconds_in(refusal(store, client=somewhere(1), pin=PIN))
    assert store.sign_in.by_pin("Ana", PIN, NOW, somewhere(2)) == ana


def test_a_name_under_attack_is_open_to_its_own_browser_and_soon_to_others(store, ana):
    store.sessions.begin(ana, NOW, OWN.browser)
    looked_at = [refusal(store, client=somewhere(n)) for n in range(30)].count(
        "Name and PIN do not match. Try again."
    )
    assert looked_at == 20
    for _ in range(5):
        assert store.sign_in.by_pin("Ana", PIN, NOW, OWN) == ana
    sentence = refusal(store, client=somewhere(250), pin=PIN)
    assert sentence.startswith("Too many wrong PINs were given for this name. Wait 31 s")
    assert store.sign_in.by_pin("Ana", PIN, NOW + 7 * MINUTE, somewhere(250)) == ana


def test_by_any_number_of_addresses_ten_pins_an_hour_are_tried(store, ana):
    waits = waits_of_guesses(store, map(somewhere, count()), NOW, 60)
    assert waits[:20] == [0] * 20
    assert sum(waits[24:]) > 36 * 6 * 60
    assert max(waits) == 361


def test_a_browser_that_is_known_has_a_limit_too_and_of_its_own(store, ana):
    store.sessions.begin(ana, NOW, OWN.browser)
    for _ in range(5):
        refusal(store)
    assert seconds_in(refusal(store, pin=PIN)) == 31
    assert store.sign_in.by_pin("Ana", PIN, NOW, somewhere(1)) == ana


@pytest.mark.parametrize("end", ["another PIN", "everywhere"])
def test_a_browser_is_no_longer_known_after_an_end_of_all_sign_ins(store, admin, ana, end):
    here, _ = store.sessions.begin(ana, NOW, OWN.browser)
    if end == "everywhere":
        store.sessions.end_all(here, NOW)
    else:
        store.accounts.reset_pin(admin, ana.id, PIN, NOW)
    for number in range(21):
        refusal(store, client=somewhere(number))
    assert "for this name" in refusal(store, pin=PIN)


def test_a_name_that_nobody_has_is_refused_in_the_same_words(store, admin, ana):
    store.accounts.add_user(admin, "Off", PIN, "annotator", NOW)
    (off,) = [user for user in store.accounts.users(admin) if user.name == "Off"]
    store.accounts.set_disabled(admin, off.id, True, NOW)
    for name in ("Ana", "Nobody", "Off", ""):
        store.accounts.unlock(admin, None, NOW)
        lines = [refusal(store, name) for _ in range(6)]
        assert lines[:5] == ["Name and PIN do not match. Try again."] * 5
        assert lines[5] == "There were 5 wrong PINs. Wait 31 s and try again."


def test_many_names_from_one_address_are_slowed_down_and_others_are_not(store, ana):
    store.sessions.begin(ana, NOW, OWN.browser)
    said = [refusal(store, f"name {number}", Client("203.0.113.9")) for number in range(34)]
    assert said[:30] == ["Name and PIN do not match. Try again."] * 30
    assert all("from your network" in sentence for sentence in said[30:])
    assert max(map(seconds_in, said)) <= 61
    assert store.sign_in.by_pin("Ana", PIN, NOW, somewhere(1)) == ana
    assert store.sign_in.by_pin("Ana", PIN, NOW, Client("203.0.113.9", OWN.browser)) == ana


def test_a_class_at_one_address_signs_in_all_at_once(store, ana):
    for number in range(35):
        client = Client("203.0.113.9", f"{number:043}")
        assert store.sign_in.by_pin("Ana", PIN, NOW, client) == ana


def test_many_tries_at_once_gain_nothing(store, ana, monkeypatch):
    looked_at = []
    monkeypatch.setattr("aqfusion.labels.sign_in.pin_fits", lambda *_: looked_at.append(1))
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: refusal(store), range(24)))
    assert len(looked_at) == 5


def test_a_clock_that_was_ahead_keeps_nobody_out(store, ana):
    later = NOW + 30 * DAY
    for _ in range(10):
        refusal(store, now=later)
    for number in range(21):
        refusal(store, client=somewhere(number), now=later)
    assert store.sign_in.by_pin("Ana", PIN, NOW, OWN) == ana
    here, code = store.sessions.begin(ana, later)
    cookie = store.sessions.redeem(code, later).value
    assert store.sessions.by_cookie(cookie, NOW) is None  # else it would last 30 days longer
    with pytest.raises(SignedOutError):
        store.sessions.use(here, NOW)
    store.sessions.begin(ana, later)
    store.sessions.prune(NOW)
    with store.database.read() as connection:
        assert connection.execute(select(sign_ins)).all() == []


def test_the_terminal_and_admins_end_a_wait(store, admin, ana, ben):
    for name in ("Ana", "Ben"):
        for number in range(21):
            refusal(store, name, somewhere(number // 5))
    until = {user.name: user.guessed_until for user in store.accounts.users(admin, NOW)}
    assert (until["Ada"], until["Ana"] > NOW) == (None, True)
    store.accounts.unlock(admin, "ana", NOW)
    assert store.sign_in.by_pin("Ana", PIN, NOW, somewhere(9)) == ana
    assert seconds_in(refusal(store, "Ben", somewhere(9), pin=PIN))
    store.accounts.unlock(store.accounts.operator(NOW), None, NOW)
    assert store.sign_in.by_pin("Ben", PIN, NOW, somewhere(0)) == ben
    with pytest.raises(AccountError, match="name must be one of the list, got 'Nobody'"):
        store.accounts.unlock(admin, "Nobody", NOW)


def test_neither_name_nor_address_nor_browser_stand_in_the_counts(store, ana):
    refusal(store)
    refusal(store, "Secret")
    with store.database.read() as connection:
        rows = str(connection.execute(select(sign_in_limits)).all())
    assert not any(text in rows for text in (OWN.address, OWN.browser, "Secret", "secret", "ana"))


def test_counts_that_have_faded_are_dropped(store, ana):
    for number in range(5):
        refusal(store, client=somewhere(number))
    refusal(store, now=NOW + DAY)
    with store.database.read() as connection:
        assert len(connection.execute(select(sign_in_limits)).all()) == 3


def test_ones_own_pin_is_changed_by_who_knows_it_and_ends_the_rest(store, ana):
    here, _ = store.sessions.begin(ana, NOW, OWN.browser)
    there, code = store.sessions.begin(ana, NOW)
    cookie = store.sessions.redeem(code, NOW).value
    for _ in range(5):
        with pytest.raises(SignInError, match="not your present PIN"):
            store.sign_in.change_pin(here, "0000", "a passphrase", NOW)
    with pytest.raises(SignInError, match="There were 5 wrong PINs"):
        store.sign_in.change_pin(here, PIN, "a passphrase", NOW)
    changed = store.sign_in.change_pin(here, PIN, "a passphrase", NOW + MINUTE)
    anew, _ = store.sessions.begin(changed, NOW + MINUTE, OWN.browser)
    assert store.sign_in.again(anew) == ana
    for old in (here, there):
        with pytest.raises(SignedOutError):
            store.sign_in.again(old)
    assert store.sessions.by_cookie(cookie, NOW) is None
    assert store.sign_in.by_pin("Ana", "a passphrase", NOW) == ana
    with pytest.raises(SignInError):
        store.sign_in.by_pin("Ana", PIN, NOW)


def test_a_pin_that_is_reset_between_its_check_and_the_sign_in_opens_nothing(store, admin, ana):
    checked = store.sign_in.by_pin("Ana", PIN, NOW)
    store.accounts.reset_pin(admin, ana.id, "5678", NOW)
    with pytest.raises(SignedOutError, match="Your PIN or your role has been changed"):
        store.sessions.begin(checked, NOW)


def test_new_pins_are_as_long_as_the_store_asks_and_old_ones_go_on(store, admin, ana):
    store.accounts.pin_length = store.sign_in.pin_length = 8
    token = store.invites.make(admin, "annotator", NOW)
    for ask in (
        lambda: store.accounts.add_user(admin, "Cem", "1234567", "annotator", NOW),
        lambda: store.accounts.reset_pin(admin, ana.id, "1234567", NOW),
        lambda: store.sign_in.by_invite(token, "Cem", "1234567", NOW),
        lambda: store.sign_in.change_pin(ana, PIN, "1234567", NOW),
    ):
        with pytest.raises(InputError, match="PIN must have 8 to 256 characters, got 7"):
            ask()
    assert store.sign_in.by_pin("Ana", PIN, NOW) == ana
    long = "correct horse battery staple " * 8
    store.accounts.reset_pin(admin, ana.id, long, NOW)
    assert store.sign_in.by_pin("Ana", long, NOW) == ana
    with pytest.raises(SignInError):
        store.sign_in.by_pin("Ana", long[:-1], NOW)


@pytest.mark.parametrize(
    "end", ["signed out everywhere", "disabled and enabled", "PIN set", "PIN changed"]
)
def test_an_identity_from_before_the_end_of_all_sign_ins_is_refused(store, admin, end):
    def sign_in(issued):
        return store.sign_in.by_oidc("https://id.example", "17", "Olga", "visitor", NOW, issued)

    olga = sign_in(NOW - MINUTE)
    if end == "signed out everywhere":
        store.sessions.end_all(olga, NOW)
    elif end == "disabled and enabled":
        store.accounts.set_disabled(admin, olga.id, True, NOW)
        with pytest.raises(SignInError, match="account is disabled"):
            sign_in(NOW)
        store.accounts.set_disabled(admin, olga.id, False, NOW)
    else:
        store.accounts.reset_pin(admin, olga.id, PIN, NOW - MINUTE if end == "PIN changed" else NOW)
        if end == "PIN changed":
            store.sign_in.change_pin(sign_in(NOW), PIN, "5678", NOW)
    with pytest.raises(SignInError, match="signed out everywhere"):
        sign_in(NOW - MINUTE)
    assert sign_in(NOW).id == olga.id


@pytest.mark.parametrize("role", ["expert", "visitor"])
def test_an_identity_goes_on_after_another_role_which_holds_at_once(store, admin, role):
    def sign_in():
        early = NOW - MINUTE
        return store.sign_in.by_oidc("https://id.example", "17", "Olga", "annotator", NOW, early)

    here, _ = store.sessions.begin(sign_in(), NOW)
    store.accounts.set_role(admin, here.id, role, NOW)
    with pytest.raises(SignedOutError):
        store.sign_in.again(here)
    assert sign_in().role == role
