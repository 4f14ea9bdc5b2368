"""The label store: one object with a part for each kind of work, and the texts that admins set."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, delete, insert, select

from aqfusion.labels.accounts import Accounts, Invites, administrating
from aqfusion.labels.adjudication import AdjudicatedLabel, adjudicated_labels, snapshot_hash
from aqfusion.labels.annotation_records import AnnotationRecords
from aqfusion.labels.annotation_sessions import AnnotationModeStore, Drafts
from aqfusion.labels.answers import AnswerStore
from aqfusion.labels.audit_log import AuditLog
from aqfusion.labels.authorization import require_role
from aqfusion.labels.contributions import ContributionStore
from aqfusion.labels.database import Database, database_url
from aqfusion.labels.integrity import rebuild, verify
from aqfusion.labels.item_insertion import Items
from aqfusion.labels.migrations import prepare
from aqfusion.labels.photo_store import PhotoStore
from aqfusion.labels.progress import Overview, Team
from aqfusion.labels.queue import Queue
from aqfusion.labels.queue_sql import Shares
from aqfusion.labels.review import Review
from aqfusion.labels.schema import items, store_settings
from aqfusion.labels.scoring_backlog import ScoringBacklog
from aqfusion.labels.search import Search
from aqfusion.labels.sign_in import SignIn
from aqfusion.labels.sign_in_sessions import SessionLimits, SignInSessions
from aqfusion.labels.similar_views import SameView
from aqfusion.labels.sites import Sites, with_labels
from aqfusion.labels.unblinding import Unblinding
from aqfusion.labels.usage_counts import PredictionCounts
from aqfusion.permissions import Actor
from aqfusion.settings import Settings
from aqfusion.sites.site import Site
from aqfusion.text_validation import several_lines

__all__ = ["LONGEST_GUIDELINES", "LabelStore", "StoreSettings"]

LONGEST_GUIDELINES = 8_000
_GUIDELINES = "guidelines"


class StoreSettings:
    """Settings of the whole store. Every function that writes raises `RoleError` for others."""

    def __init__(self, database: Database) -> None:
        """Work on an open store."""
        self._database = database

    def guidelines(self) -> str | None:
        """Return the guidelines that an admin has written; `None` where the default holds."""
        query = select(store_settings.c.value).where(store_settings.c.name == _GUIDELINES)
        with self._database.read() as connection:
            return connection.execute(query).scalar()

    def set_guidelines(self, actor: Actor, text: str, now: datetime) -> None:
        """Replace the guidelines; an empty text brings the default back."""
        kept = several_lines("guidelines", text.replace("\r\n", "\n"), LONGEST_GUIDELINES)

        def work(connection: Connection) -> None:
            administrating(connection, actor)
            connection.execute(delete(store_settings).where(store_settings.c.name == _GUIDELINES))
            if kept:
                row = {"name": _GUIDELINES, "value": kept, "changed": now, "changed_by": actor.id}
                connection.execute(insert(store_settings).values(**row))

        self._database.write(work)


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
        self.audit_log = AuditLog(database)
        self.sign_in = SignIn(database)
        self.sessions = SignInSessions(database)
        self.items = Items(database)
        self.offers = ContributionStore(database, photos)
        self.queue = Queue(database, shares)
        self.overview = Overview(database)
        self.team = Team(database)
        self.unscored = ScoringBacklog(database)
        self.answers = AnswerStore(database)
        self.drafts = Drafts(database)
        self.unblinding = Unblinding(database)
        self.sittings = AnnotationModeStore(database)
        self.same_view = SameView(database)
        self.review = Review(database)
        self.search = Search(database)
        self.annotation_records = AnnotationRecords(database)
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
        limits = SessionLimits(
            timedelta(days=settings.sign_in_days), timedelta(minutes=settings.idle_minutes)
        )
        store.sessions = SignInSessions(store.database, limits)
        if settings.pin_length is not None:
            store.accounts.pin_length = store.sign_in.pin_length = settings.pin_length
        return store

    def close(self) -> None:
        """Let go of all connections."""
        self.database.close()

    def adjudicated(self, split: str | None = None) -> Iterator[AdjudicatedLabel]:
        """Go through what a training learns from; a split of "train" leaves frozen items out."""
        return adjudicated_labels(self.database, split)

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
            require_role(connection, actor, "admin", lock=False)
            query = select(items.c.photo_hash).where(items.c.status != "rejected")
            needed = {*connection.execute(query).scalars()}
        return self.photos.sweep(needed, now)
