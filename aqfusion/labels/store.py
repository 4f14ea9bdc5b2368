"""The label store: one object with a part for each kind of work."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import select

from aqfusion.labels.accounts import Accounts
from aqfusion.labels.actor import Actor, acting
from aqfusion.labels.address import database_url
from aqfusion.labels.adjudicated import Adjudicated, adjudicated, snapshot_hash
from aqfusion.labels.answers import Answers
from aqfusion.labels.answers_told import AnswersTold
from aqfusion.labels.database import Database
from aqfusion.labels.drafts import Drafts
from aqfusion.labels.draw import Shares
from aqfusion.labels.invites import Invites
from aqfusion.labels.items import Items
from aqfusion.labels.migrations import prepare
from aqfusion.labels.offers import Offers
from aqfusion.labels.overview import Overview
from aqfusion.labels.photo_store import PhotoStore
from aqfusion.labels.prediction_counts import PredictionCounts
from aqfusion.labels.queue import Queue
from aqfusion.labels.review import Review
from aqfusion.labels.same_view import SameView
from aqfusion.labels.schema import items
from aqfusion.labels.search import Search
from aqfusion.labels.sign_in import SignIn
from aqfusion.labels.sign_in_sessions import Limits, SignInSessions
from aqfusion.labels.site_labels import with_labels
from aqfusion.labels.sites import Sites
from aqfusion.labels.sittings import Sittings
from aqfusion.labels.store_settings import StoreSettings
from aqfusion.labels.team import Team
from aqfusion.labels.unscored import Unscored
from aqfusion.labels.verify import rebuild, verify
from aqfusion.settings import Settings
from aqfusion.sites.site import Site

__all__ = ["LabelStore"]


class LabelStore:
    """Labels of many people at once; threads may share one, processes open their own.

    Every part that writes takes the `Actor` who does it, and `now`, a time with its zone.
    """

    def __init__(
        self, database: Database, photos: PhotoStore, shares: Shares | None = None
    ) -> None:
        """Put the parts together; `open` makes the database ready first."""
        self.database = database
        self.photos = photos
        self.accounts = Accounts(database)
        self.invites = Invites(database)
        self.sign_in = SignIn(database)
        self.sessions = SignInSessions(database)
        self.items = Items(database)
        self.offers = Offers(database, photos)
        self.queue = Queue(database, shares)
        self.overview = Overview(database)
        self.team = Team(database)
        self.unscored = Unscored(database)
        self.answers = Answers(database)
        self.drafts = Drafts(database)
        self.sittings = Sittings(database)
        self.same_view = SameView(database)
        self.review = Review(database)
        self.search = Search(database)
        self.annotation_records = AnswersTold(database)
        self.predictions = PredictionCounts(database)
        self.settings = StoreSettings(database)
        self.sites = Sites(database)

    @classmethod
    def open(cls, labels: str, photos: str, shares: Shares | None = None) -> "LabelStore":
        """Open a store, new or of an older version; `StoreError` says why that cannot be.

        `labels` is the path of an SQLite file or a URL, `photos` a folder or an fsspec URL.
        """
        database = Database(database_url(labels))
        prepare(database)
        return cls(database, PhotoStore(photos), shares)

    @classmethod
    def from_settings(cls, settings: Settings) -> "LabelStore":
        """Open the store that the settings name, or the one in the program's own folder."""
        home = Path(settings.home) / "labels"
        labels = settings.labels or str(home / "labels.db")
        store = cls.open(labels, settings.photos or str(home / "photos"))
        limits = Limits(
            timedelta(days=settings.sign_in_days), timedelta(minutes=settings.idle_minutes)
        )
        store.sessions = SignInSessions(store.database, limits)
        return store

    def close(self) -> None:
        """Let go of all connections."""
        self.database.close()

    def adjudicated(self, split: str | None = None) -> Iterator[Adjudicated]:
        """Go through what a training learns from; a split of "train" leaves frozen items out."""
        return adjudicated(self.database, split)

    def with_labels(self, site: Site) -> Site:
        """A site's history: its own days and the settled labels of the place of its name."""
        return with_labels(self.database, site)

    def snapshot_hash(self, split: str | None = None) -> str:
        """Return a SHA-256 of what a training would learn from."""
        return snapshot_hash(self.adjudicated(split))

    def verify(self) -> tuple[str, ...]:
        """Return what is wrong with the current view; nothing where it is the fold of events."""
        return verify(self.database)

    def rebuild(self, actor: Actor) -> int:
        """Fold all events anew, and return of how many items."""
        return rebuild(self.database, actor)

    def sweep_photos(self, actor: Actor, now: datetime) -> int:
        """Delete photos of no item, or of a rejected one, and return how many."""
        with self.database.read() as connection:
            acting(connection, actor, "admin", lock=False)
            query = select(items.c.photo_hash).where(items.c.status != "rejected")
            needed = {*connection.execute(query).scalars()}
        return self.photos.sweep(needed, now)
