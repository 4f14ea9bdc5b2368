"""Every write looks the role up itself: a page that forgets to ask opens no door."""

from collections.abc import Callable
from typing import Any

import pytest

from aqfusion.labels.answer import Answer
from aqfusion.labels.backup import backup
from aqfusion.labels.item_insertion import ItemScore
from aqfusion.labels.search import Filters
from aqfusion.labels.store import LabelStore
from aqfusion.permissions import Actor, RoleError
from aqfusion.sites.site import Day, Site
from tests.labels.planted import NOW, PIN, new_item

ANSWER = Answer(category=1)
Ask = Callable[[LabelStore, Actor, Any], object]
FUNCTIONS: dict[str, list[tuple[str, Ask]]] = {
    "annotator": [
        ("next_item", lambda s, a, _: s.queue.next_item(a, NOW)),
        ("lease", lambda s, a, _: s.queue.lease(a, 1, NOW)),
        ("renew", lambda s, a, _: s.queue.renew(a, "token", NOW)),
        ("release", lambda s, a, _: s.queue.release(a, "token", NOW)),
        ("skipped", lambda s, a, _: s.overview.skipped(a)),
        ("save", lambda s, a, _: s.answers.save(a, "token", "r", ANSWER, NOW)),
        ("change", lambda s, a, _: s.answers.change(a, 1, "r", ANSWER, NOW)),
        ("undo", lambda s, a, _: s.answers.undo(a, "r", NOW)),
        ("skip", lambda s, a, _: s.answers.skip(a, "token", "r", NOW)),
        ("unskip", lambda s, a, _: s.answers.unskip(a, 1, "r", NOW)),
        ("site entries", lambda s, a, _: s.sites.entries(a)),
        ("site get", lambda s, a, _: s.sites.get(a, 1)),
        ("site create", lambda s, a, _: s.sites.create(a, Site("Delhi"), "r", NOW)),
        ("site add_days", lambda s, a, _: s.sites.add_days(a, 1, [Day(90, "table")], "r", NOW)),
        ("site remove_day", lambda s, a, _: s.sites.remove_day(a, 1, 2, "r", NOW)),
        ("site rename", lambda s, a, _: s.sites.rename(a, 1, "Agra", "r", NOW)),
        ("site change", lambda s, a, _: s.sites.change(a, 1, Site("Agra"), "r", NOW)),
        ("site delete", lambda s, a, _: s.sites.delete(a, 1, "r", NOW)),
        ("set_goal", lambda s, a, _: s.accounts.set_goal(a, 50)),
    ],
    "expert": [
        ("view", lambda s, a, _: s.review.view(a, 1)),
        ("accept", lambda s, a, _: s.review.accept(a, 1, 1, "r", NOW)),
        ("overrule", lambda s, a, _: s.review.overrule(a, 1, ANSWER, "why", "r", NOW)),
        ("send_back", lambda s, a, _: s.review.send_back(a, 1, "why", "r", NOW)),
        ("moderate", lambda s, a, _: s.review.moderate(a, 1, True, "", "r", NOW)),
        ("search", lambda s, a, _: s.search(a, Filters())),
        ("since", lambda s, a, _: s.predictions.since(a, NOW.date())),
        ("settled", lambda s, a, _: s.predictions.settled(a, NOW)),
    ],
    "admin": [
        ("add", lambda s, a, _: s.items.add(a, new_item(7), NOW)),
        ("add_many", lambda s, a, _: s.items.add_many(a, [new_item(7)], NOW)),
        ("set_views", lambda s, a, _: s.items.set_views(a, [ItemScore(1, 0.5)])),
        ("mark_duplicate", lambda s, a, _: s.items.mark_duplicate(a, 1, None)),
        ("users", lambda s, a, _: s.accounts.users(a)),
        ("add_user", lambda s, a, _: s.accounts.add_user(a, "New", PIN, "admin", NOW)),
        ("set_role", lambda s, a, _: s.accounts.set_role(a, a.id, "admin")),
        ("set_disabled", lambda s, a, _: s.accounts.set_disabled(a, 1, True)),
        ("reset_pin", lambda s, a, _: s.accounts.reset_pin(a, 1, PIN)),
        ("make_invite", lambda s, a, _: s.invites.make(a, "admin", NOW)),
        ("unlock", lambda s, a, _: s.accounts.unlock(a, None, NOW)),
        ("log", lambda s, a, _: s.audit_log.count(a, NOW, None, None)),
        ("log events", lambda s, a, _: next(s.audit_log.events(a))),
        ("labelled_days", lambda s, a, _: s.unscored.labelled_days(a)),
        ("of_places", lambda s, a, _: s.unscored.of_places(a, "x")),
        ("rebuild", lambda s, a, _: s.rebuild(a)),
        ("sweep_photos", lambda s, a, _: s.sweep_photos(a, NOW)),
        ("backup", lambda s, a, folder: backup(s, a, folder / "backup.zip", NOW)),
    ],
}
BELOW = {"annotator": "visitor", "expert": "annotator", "admin": "expert"}


def everything(store: LabelStore) -> list[object]:
    """All rows that a forbidden function could have changed."""
    with store.database.read() as connection:
        return [
            connection.exec_driver_sql(f"SELECT * FROM {table} ORDER BY 1").all()
            for table in ("users", "items", "label_events", "invites", "leases", "site_events")
        ]


@pytest.mark.parametrize("role", FUNCTIONS)
def test_who_is_below_a_role_gets_nothing_done(store, admin, tmp_path, role):
    store.items.add(admin, new_item(1), NOW)
    below = store.accounts.add_user(admin, "Low", PIN, BELOW[role], NOW)
    # What the page believes of somebody is not what counts.
    below = Actor(below.id, below.name, "admin")
    before = everything(store)
    for _name, ask in FUNCTIONS[role]:
        with pytest.raises(
            RoleError, match=f"role {role} or above is needed here, and your role is {BELOW[role]}"
        ):
            ask(store, below, tmp_path)
    assert everything(store) == before
    assert [path.name for path in tmp_path.glob("*backup*")] == []


def test_a_demoted_annotator_loses_the_right_in_the_middle_of_the_work(store, admin, ana):
    item, _ = store.items.add(admin, new_item(1), NOW)
    leased = store.queue.lease(ana, item, NOW)
    store.accounts.set_role(admin, ana.id, "visitor")
    with pytest.raises(RoleError):
        store.answers.save(ana, leased.token, "r", ANSWER, NOW)
