"""Sites in the store: whose they are, what is done once, and that nothing of them is lost."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from aqfusion.labels.backup import backup, restore
from aqfusion.labels.event_log import RequestError
from aqfusion.labels.exports.export import export
from aqfusion.labels.imports.full_state import StateFileError
from aqfusion.labels.imports.import_source import import_from_source
from aqfusion.labels.imports.item_import import Terms
from aqfusion.labels.site_events import DaysKept
from aqfusion.labels.sites import SiteStoreError
from aqfusion.labels.store import LabelStore
from aqfusion.permissions import RoleError
from aqfusion.sites.landmark import Box, Landmark
from aqfusion.sites.site import Day, DayPhoto, Site, SiteError
from aqfusion.sites.site_file import day_line
from tests.labels.planted import NOW, PIN
from tests.labels.planted import add as add_item

_numbers = count(1)
PHOTO = DayPhoto("ab" * 32, "cd" * 32, (0.5, -1.25), 40.0, {"hill": 1.5})
DELHI = Site("दिल्ली", 28.6, 77.2, "Asia/Kolkata")


def day(aqi, date=1, **more):
    return Day(aqi, "monitor", datetime(2026, 3, date, tzinfo=UTC), **more)


def request():
    return f"site request {next(_numbers)}"


def create(store, actor, site=DELHI):
    return store.sites.create(actor, site, request(), NOW)


def add(store, actor, site, *days):
    return store.sites.add_days(actor, site, days, request(), NOW)


def aqis(store, actor, site):
    return [day.aqi for day in store.sites.get(actor, site).site.days]


def events(store):
    with store.database.read() as connection:
        return connection.execute(text("SELECT count(*) FROM site_events")).scalar()


def test_a_site_comes_back_with_its_days_and_landmarks(store, ana):
    hill = Landmark("hill", Box(0.1, 0.4, 0.2, 0.5), Box(0.1, 0.2, 0.2, 0.3), 12)
    site = Site("x", days=(day(90, photo=PHOTO), day(95, 2)), landmarks=(hill,), learned_as="y")
    kept = store.sites.get(ana, create(store, ana, site))
    assert (kept.site, kept.owner_name, len(kept.day_ids)) == (site, "Ana", 2)
    assert store.verify() == ()


def test_days_come_and_go(store, ana):
    site = create(store, ana)
    first, second = add(store, ana, site, day(90), day(95, 2))
    add(store, ana, site, day(70, 2))  # of the same time, which takes its place
    assert aqis(store, ana, site) == [90, 70]
    store.sites.remove_day(ana, site, first, request(), NOW)
    assert aqis(store, ana, site) == [70]
    with pytest.raises(SiteStoreError, match=f"Site {site} has no day {second}"):
        store.sites.remove_day(ana, site, second, request(), NOW)
    assert [(entry.name, entry.days) for entry in store.sites.entries(ana)] == [("दिल्ली", 1)]
    assert store.verify() == ()


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.sampled_from([None, "a", "b"]), st.sampled_from([None, 1, 2]))))
def test_days_are_kept_as_a_site_itself_keeps_them(keys):
    site, kept = Site("x"), DaysKept()
    for number, (photo, date) in enumerate(keys):
        photo_of_day = replace(PHOTO, digest=photo * 64) if photo else None
        time = datetime(2026, 3, date, tzinfo=UTC) if date else None
        site_day = Day(number, "table", time, photo=photo_of_day)
        site = site.with_day(site_day)
        kept.add(number, day_line(site_day))
    assert [*kept.lines.values()] == [day_line(site_day) for site_day in site.days]


def test_a_request_that_is_sent_again_does_nothing_more(store, ana):
    site = store.sites.create(ana, Site("x", days=(day(90),)), "r", NOW)
    assert store.sites.create(ana, Site("x", days=(day(90),)), "r", NOW) == site
    days = [day(91, 2), day(92, 3)]
    made = store.sites.add_days(ana, site, days, "s", NOW)
    store.sites.remove_day(ana, site, made[0], "t", NOW)
    assert store.sites.add_days(ana, site, days, "s", NOW) == made
    store.sites.remove_day(ana, site, made[0], "t", NOW)
    assert (aqis(store, ana, site), events(store)) == ([90, 92], 5)
    with pytest.raises(RequestError, match="was saved before with other content"):
        store.sites.add_days(ana, site, [day(93)], "s", NOW)


def test_a_name_is_new_among_those_of_its_person(store, ana, ben):
    site = create(store, ana, Site("Delhi"))
    create(store, ben, Site("Delhi"))
    other = create(store, ana, Site("Agra"))
    for name in ("Delhi", " delhi "):
        with pytest.raises(SiteStoreError, match="of this account is called"):
            create(store, ana, Site(name))
        with pytest.raises(SiteStoreError, match="is called 'Delhi' already"):
            store.sites.rename(ana, other, name, request(), NOW)
    store.sites.rename(ana, site, "DELHI", request(), NOW)  # its own in another case
    store.sites.delete(ana, site, request(), NOW)
    assert create(store, ana, Site("Delhi")) > site


def test_annotators_have_their_own_and_experts_all(store, ana, ben, expert, admin):
    own_site, other_site = create(store, ana, Site("Delhi")), create(store, ben, Site("Agra"))
    assert [entry.id for entry in store.sites.entries(ana)] == [own_site]
    before = events(store)
    for ask in (
        lambda: store.sites.get(ana, other_site),
        lambda: add(store, ana, other_site, day(90)),
        lambda: store.sites.rename(ana, other_site, "x", request(), NOW),
        lambda: store.sites.change(ana, other_site, Site("x"), request(), NOW),
        lambda: store.sites.delete(ana, other_site, request(), NOW),
    ):
        with pytest.raises(RoleError, match="expert or above is needed for the sites of others"):
            ask()
    assert events(store) == before
    for who in (expert, admin):
        assert [entry.name for entry in store.sites.entries(who)] == ["Agra", "Delhi"]
        add(store, who, other_site, day(90))
    assert store.sites.get(ben, other_site).owner_name == "Ben"


def test_a_name_means_ones_own_site_before_those_of_others(store, ana, ben, expert):
    own_site = create(store, ana, Site("Delhi"))
    assert store.sites.named(ana, "DELHI").id == own_site
    create(store, ben, Site("Delhi"))
    with pytest.raises(SiteStoreError, match="Several sites are called 'Delhi': of Ana, Ben"):
        store.sites.named(expert, "Delhi")
    own = create(store, expert, Site("Delhi"))
    assert store.sites.named(expert, "Delhi").id == own
    with pytest.raises(SiteStoreError, match="There is no site called 'Agra'"):
        store.sites.named(expert, "Agra")


def test_what_was_deleted_is_no_site_any_more(store, ana):
    site = create(store, ana)
    store.sites.delete(ana, site, request(), NOW)
    assert store.sites.entries(ana) == ()
    for ask in (store.sites.get, lambda *given: add(store, *given, day(90))):
        with pytest.raises(SiteStoreError, match=f"There is no site {site}"):
            ask(ana, site)
    assert store.verify() == ()


def test_place_zone_and_landmarks_change_and_days_stay(store, ana):
    site = create(store, ana, Site("x", days=(day(90),)))
    head = Site("y", 1, 2, "UTC", landmarks=(Landmark("a", Box(0, 0, 1, 1), Box(0, 0, 1, 1)),))
    store.sites.change(ana, site, head, request(), NOW)
    kept = store.sites.get(ana, site).site
    assert (kept.latitude, kept.landmarks, [site_day.aqi for site_day in kept.days]) == (
        1,
        head.landmarks,
        [90],
    )
    assert store.sites.entries(ana)[0].name == "y"


def test_sites_and_days_are_bounded(store, ana, monkeypatch):
    monkeypatch.setattr("aqfusion.labels.sites.MOST_SITES", 2)
    monkeypatch.setattr("aqfusion.labels.sites.MOST_DAYS", 3)
    monkeypatch.setattr("aqfusion.labels.sites.MOST_EVENTS", 6)
    site = create(store, ana, Site("a", days=(day(1), day(2, 2), day(3, 3))))
    create(store, ana, Site("b"))
    with pytest.raises(SiteStoreError, match="You have 2 sites, which is the maximum"):
        create(store, ana, Site("c"))
    before = events(store)
    with pytest.raises(SiteError, match="site name must have 1 to 80 printable characters"):
        store.sites.rename(ana, site, "a\nb", request(), NOW)
    with pytest.raises(SiteStoreError, match="at most 3 days, got 4"):
        add(store, ana, site, day(4, 4))
    assert events(store) == before
    add(store, ana, site, day(5, 1), day(6, 1))
    with pytest.raises(SiteStoreError, match="at most 6 changes in its history, got 7"):
        add(store, ana, site, day(7, 1))
    store.sites.delete(ana, site, request(), NOW)  # a full book can still be closed


def test_the_database_itself_changes_no_event_of_a_site(store, ana):
    create(store, ana)
    for statement in ("UPDATE site_events SET days = 7", "DELETE FROM site_events"):
        with pytest.raises(DBAPIError, match="site_events must only grow"):
            store.database.write(lambda connection, sql=statement: connection.execute(text(sql)))


def test_a_book_that_says_something_else_is_told(store, ana):
    site = create(store, ana)
    add(store, ana, site, day(90))
    sql = (
        'INSERT INTO site_events (request_id, request_digest, site, "user", at, kind, name, days,'
        " content) SELECT 'x', '', id, \"user\", at, 'add', name, :days, :content FROM site_events"
        " WHERE kind = 'create'"
    )
    wrong = {"days": 7, "content": '{"aqi": 5, "source": "table"}'}
    store.database.write(lambda connection: connection.execute(text(sql), wrong))
    rule = f"site {site} must have the name and days of its events, got 'दिल्ली' and 7"
    assert store.verify() == (rule,)
    worse = {"days": 3, "content": '{"aqi": 501, "source": "table"}'}
    other = sql.replace("'x'", "'y'")
    store.database.write(lambda connection: connection.execute(text(other), worse))
    [fault] = store.verify()
    assert "aqi must be 0 to 500, got 501" in fault


def test_sites_come_back_from_a_backup(store, admin, ana, tmp_path):
    site = create(store, ana)
    add(store, ana, site, day(90, photo=PHOTO), day(95, 2))
    create(store, ana, Site("gone"))
    store.sites.delete(ana, 4, request(), NOW)
    backup(store, admin, tmp_path / "b.zip", NOW)
    other = LabelStore.open(str(tmp_path / "o" / "labels.db"), str(tmp_path / "o" / "photos"))
    restore(other, tmp_path / "b.zip")
    assert other.sites.entries(ana) == store.sites.entries(ana)
    assert other.sites.get(ana, site) == store.sites.get(ana, site)
    assert other.verify() == ()
    other.close()


def moved(store, admin, ana, tmp_path):
    """A store with an item and a site that was changed, taken out, and an empty one for it."""
    add_item(store, admin, 1)
    site = create(store, ana, Site("दिल्ली", days=(day(90, photo=PHOTO),)))
    [second] = add(store, ana, site, day(95, 2))
    store.sites.remove_day(ana, site, second, request(), NOW)
    store.sites.rename(ana, site, "Delhi", request(), NOW)
    create(store, admin, Site("Agra"))
    wrote = export(store, admin, "jsonl", tmp_path / "out" / "labels.jsonl").wrote
    other = LabelStore.open(str(tmp_path / "o" / "labels.db"), str(tmp_path / "o" / "photos"))
    return wrote, other, other.accounts.first_admin("Chief", PIN, NOW)


def test_sites_come_back_from_an_export_of_all_there_is(store, admin, ana, tmp_path):
    wrote, other, chief = moved(store, admin, ana, tmp_path)
    assert wrote[2].name == "labels-sites.jsonl"
    for new in (1, 0):
        assert import_from_source(other, chief, wrote[0], Terms(), NOW).new == new
        sites = [
            (entry.id, entry.name, entry.owner_name, entry.days)
            for entry in other.sites.entries(chief)
        ]
        assert sites == [(6, "Agra", "Ada", 0), (1, "Delhi", "Ana", 1)]
    assert other.sites.get(chief, 1).site == store.sites.get(admin, 1).site
    again = export(other, chief, "jsonl", tmp_path / "again" / "labels.jsonl").wrote[2]
    assert again.read_bytes() == wrote[2].read_bytes()
    assert create(other, chief) == 7  # and its numbers go on
    other.close()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda lines: lines[1].update(id=1), "line 2: events must come in the order of their ids"),
        (
            lambda lines: lines[1].update(site=9),
            "line 2: site and day must be added in earlier lines",
        ),
        (
            lambda lines: lines[3].update(about=9),
            "line 4: site and day must be added in earlier lines",
        ),
        (
            lambda lines: lines[3].update(about=None),
            "line 4: about must be a day of an earlier line",
        ),
        (
            lambda lines: lines[0].update(site=1),
            "line 1: site must be created in an earlier line, got 1",
        ),
        (lambda lines: lines[0].update(kind="x"), "line 1: kind must be one of create, change"),
        (lambda lines: lines[0].update(name=""), "line 1: site name must have 1 to 80"),
        (lambda lines: lines[0].update(name=5), "line 1 must be an event of a site, got other"),
        (lambda lines: lines[0].pop("by"), "line 1: event of a site must have the fields"),
        (lambda lines: lines[0].update(content=None), "line 1: content must fit the kind create"),
        (lambda lines: lines[0].update(content=[]), "line 1: content must be a text"),
        (lambda lines: lines[1].update(days=-1), "line 2: numbers must be whole and at least 0"),
        (lambda lines: lines[1].update(at="2026-01-01"), "line 2: times must have a zone"),
        (lambda lines: lines[5].update(days=3), "is inconsistent: site 6 must have the name and"),
        (
            lambda lines: lines[1].update(content="{"),
            "is inconsistent: site 1 has events that cannot be read",
        ),
    ],
)
def test_a_file_of_sites_that_breaks_a_rule_keeps_nothing(
    store, admin, ana, tmp_path, change, says
):
    wrote, other, chief = moved(store, admin, ana, tmp_path)
    lines = [json.loads(line) for line in wrote[2].read_text(encoding="utf-8").splitlines()]
    change(lines)
    wrote[2].write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    with pytest.raises(StateFileError, match=says):
        import_from_source(other, chief, wrote[0], Terms(), NOW)
    assert (other.sites.entries(chief), other.overview.counts()["open"]) == ((), 0)
    other.close()
