"""Photos that visitors offer: kept only with consent, within limits, and served to nobody yet."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, delete, func, insert, or_, select

from aqfusion.air.readings import Reading
from aqfusion.errors import InputError
from aqfusion.labels.answer import Answer
from aqfusion.labels.database import Database, in_turn
from aqfusion.labels.item_insertion import NewItem
from aqfusion.labels.photo_store import PhotoStore
from aqfusion.labels.schema import items, offers
from aqfusion.labels.server_keys import ServerKeys
from aqfusion.model.item_prediction import ItemPrediction
from aqfusion.text_validation import digest_of, one_line

if TYPE_CHECKING:
    from aqfusion.images.photo import Photo

__all__ = ["Contribution", "ContributionLimits", "ContributionStore", "OfferError"]

_HOUR, _CLOCK_SKEW = timedelta(hours=1), timedelta(minutes=1)
_KEY = "aqfusion contributions"
_LOCK = 0x41514E  # any number, the same in every process


class OfferError(InputError):
    """An offer without consent, too large, or one too many."""


@dataclass(frozen=True)
class ContributionLimits:
    """How much visitors may give: per hour by session, by address, in all; waiting; in bytes.

    An address may be that of a school or an office, so it has more than a session.
    """

    per_session: int = 5
    per_address: int = 20
    per_hour: int = 100
    pending: int = 2000
    photo_bytes: int = 3_000_000


@dataclass(frozen=True)
class Contribution:
    """A photo with its reading and a guess; `consent` names the text that was agreed to.

    `licence` is the one under which that text gives the photo away.
    """

    photo: "Photo"
    reading: Reading
    consent: str
    guess: Answer | None = None
    model_view: ItemPrediction | None = None
    fingerprint: str | None = None
    licence: str | None = None


class ContributionStore:
    """Contributions of visitors; experts moderate them before anybody labels them."""

    def __init__(
        self, database: Database, photos: PhotoStore, limits: ContributionLimits | None = None
    ) -> None:
        """Work on an open store."""
        self._database = database
        self._photos = photos
        self._keys = ServerKeys(database)
        self.limits = limits or ContributionLimits()

    def offer(
        self, session: str, offer: Contribution, now: datetime, address: str | None = None
    ) -> int:
        """Keep an offer as a pending item and return its id; nothing is kept if it is refused.

        `session` is any secret of the visitor's browser session and `address` where they are, of
        which digests are kept for an hour. What breaks a rule raises `OfferError`.
        """
        if not offer.consent.strip():
            raise OfferError("A photo is kept only with your consent. Give it first.")
        consent = one_line("consent", offer.consent, 200)
        encoded = offer.photo.to_jpeg(95)
        if len(encoded) > self.limits.photo_bytes:
            most = self.limits.photo_bytes
            raise OfferError(f"photo must have at most {most} bytes, got {len(encoded)}")
        digest = digest_of(session)
        place = None if address is None else self._keys.digest(_KEY, address)
        self._database.write(lambda connection: self._count(connection, digest, place, now))
        new = NewItem(
            photo_hash=self._photos.put_bytes(encoded),
            reading=offer.reading,
            origin="contribution",
            licence=offer.licence,
            consent=consent,
            consented_at=now,
            trusted=False,
            guess=_guess(offer.guess),
            model_view=offer.model_view,
            fingerprint=offer.fingerprint,
        )
        row = new.columns(now)

        def work(connection: Connection) -> int:
            self._database.insert_new(connection, items, [row])
            same = select(items.c.id).where(items.c.key == new.key)
            return int(connection.execute(same).scalar_one())

        return self._database.write(work)

    def _count(
        self, connection: Connection, session: str, address: str | None, now: datetime
    ) -> None:
        """Count an offer before its photo is written, so that many at once gain nothing."""
        in_turn(connection, _LOCK)
        # Those of a clock that was ahead are void: they would count until it is that late.
        void = or_(offers.c.at <= now - _HOUR, offers.c.at > now + _CLOCK_SKEW)
        connection.execute(delete(offers).where(void))
        connection.execute(insert(offers).values(session=session, address=address, at=now))
        query = select(func.count()).select_from(offers)
        for same, most, whose in (
            (offers.c.session == session, self.limits.per_session, "You"),
            (offers.c.address == address, self.limits.per_address, "Visitors of your network"),
        ):
            if connection.execute(query.where(same)).scalar_one() > most:
                raise OfferError(
                    f"{whose} can contribute at most {most} photos an hour. Try again later."
                )
        if connection.execute(query).scalar_one() > self.limits.per_hour:
            raise OfferError("Visitors have contributed too many photos. Try again in an hour.")
        waiting = select(func.count()).where(items.c.status == "pending")
        if connection.execute(waiting).scalar_one() >= self.limits.pending:
            raise OfferError("Too many contributions are waiting for review. Try again later.")


def _guess(answer: Answer | None) -> Mapping[str, Any] | None:
    if answer is None:
        return None
    return {name: answer.columns()[name] for name in ("standard", "category", "aqi", "cant_tell")}
