"""What the version before issue 15 wrote is read by this one, to the last value."""

import json
import shutil
import tarfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from aqfusion.air.readings import Reading
from aqfusion.data.dataset_folder import read_folder
from aqfusion.explain.reproduction import reproduce
from aqfusion.explain.saved_report import read_report
from aqfusion.images.photo import Photo
from aqfusion.labels.annotation_sessions import Draft
from aqfusion.labels.backup import restore
from aqfusion.labels.exports.export import export
from aqfusion.labels.imports.import_source import import_from_source
from aqfusion.labels.imports.item_import import Imported, Terms
from aqfusion.labels.progress import totals
from aqfusion.labels.schema import unblindings
from aqfusion.labels.store import LabelStore
from aqfusion.model.checkpoint import FEATURES
from aqfusion.model.predictor import Predictor, load_model
from aqfusion.network.training_features import load_features
from aqfusion.permissions import Actor
from aqfusion.registry.registry import Registry
from aqfusion.sites.site_file import read_site
from aqfusion.stations.live_stations import read_kept

OLD = Path(__file__).parent / "fixtures" / "v0"
NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
SNAPSHOT = "2aec1a7f37a795974c9fe5833632771596b75bcaa0bd0d94b574dcc208b9608b"
SETTLED = [  # item, category, AQI, why it cannot be told, who settled it
    (1, 1, None, None, "agreement"),
    (2, 3, 156, None, "agreement"),
    (3, 1, 90, None, "expert"),
    (4, None, None, "night", "expert"),
    (5, 2, None, None, "expert"),
    (11, 2, None, None, "agreement"),
    (14, 1, 100, None, "agreement"),
]
COUNTS = {
    **{"pending": 1, "open": 6, "answered": 4, "conflict": 0, "flagged": 0},
    **{"settled": 3, "sent back": 1, "rejected": 1},
}
READING = Reading(pm25=80, no2=30.5)
INVITATION = "oN-S-9FxCauZahVvMMr8c1qS3F3NGvpU"
FIRST, SECOND = "v0001-56f992f8f780", "v0002-9da8115eea15"
# Good to Hazardous, from the readings alone and from the photo beside them.
SENSORS = (0.036338, 0.168561, 0.308308, 0.223516, 0.199073, 0.064203)
FUSED = (0.037184, 0.171309, 0.300397, 0.230478, 0.194471, 0.066162)


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A copy: the store is brought to the present version in place."""
    return shutil.copytree(OLD, tmp_path / "old")


@pytest.fixture
def store(old: Path):
    opened = LabelStore.open(str(old / "labels.db"), str(old / "photos"))
    yield opened
    opened.close()


@pytest.fixture
def empty(tmp_path: Path, empty_labels: bytes):
    """A store of the present version with nothing in it."""
    (tmp_path / "new.db").write_bytes(empty_labels)
    opened = LabelStore.open(str(tmp_path / "new.db"), str(tmp_path / "new photos"))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    with tarfile.open(OLD / "models.tar.xz") as packed:
        packed.extractall(folder, filter="data")
    return folder


@pytest.fixture(scope="module")
def predictor(models: Path) -> Predictor:
    return load_model(str(models / "model"))


def settled(store: LabelStore) -> list[tuple[object, ...]]:
    return [(one.item, one.category, one.aqi, one.cant_tell, one.by) for one in store.adjudicated()]


def test_the_old_store_opens_and_holds_what_it_held(store):
    assert store.verify() == ()
    assert (store.snapshot_hash(), settled(store)) == (SNAPSHOT, SETTLED)
    assert store.overview.counts() == COUNTS
    held = {"gold": 1, "frozen": 1, "duplicates": 1, "skipped": 1}
    done = {"events": 22, "answers": 11, "decisions": 3, "users": 6}
    assert totals(store.database) == held | done
    assert store.settings.guidelines() == "Look at the **horizon** first."


def test_the_people_of_the_old_store_sign_in_with_their_pins(store):
    people = {"Eva": "expert", "Ana": "annotator", "Ben": "annotator", "Vik": "visitor"}
    for name, role in (*people.items(), *people.items()):  # the second time by the new hash
        assert store.sign_in.by_pin(name, f"1234{name}", NOW).role == role
    ada = store.sign_in.by_pin("Ada", "1234", NOW)
    assert [
        (user.name, user.role, user.has_pin, user.issuer) for user in store.accounts.users(ada)
    ] == [
        ("Ada", "admin", True, None),
        ("Ana", "annotator", True, None),
        ("Ben", "annotator", True, None),
        ("Eva", "expert", True, None),
        ("Vik", "visitor", True, None),
        ("Zoe", "annotator", False, "https://id.example"),
    ]
    assert store.sign_in.by_oidc("https://id.example", "42", "Zoe", "visitor", NOW).role == (
        "annotator"
    )
    assert [invite.role for invite in store.invites.unused(ada, NOW)] == ["expert"]
    assert store.sign_in.by_invite(INVITATION, "Noor", "12345", NOW).role == "expert"


def test_what_was_begun_in_the_old_store_goes_on(store):
    ana = store.sign_in.by_pin("Ana", "1234Ana", NOW)
    ben = store.sign_in.by_pin("Ben", "1234Ben", NOW)
    assert store.drafts.get(ben, 13) == Draft("not sure of the hill", True, {"pm25": "12,5"})
    assert store.sittings.resume(ana, NOW).mode == "blind"
    leased = store.queue.lease(ben, 13, NOW)
    assert (leased.task.id, leased.task.reading.pm25) == (13, 23.5)
    view = store.review.view(Actor(2, "Eva", "expert"), 3)
    assert [entry.reason for entry in view.item.reasons] == []
    assert view.item.status == "settled"


def test_the_old_store_knows_who_was_shown_predictions(store, empty):
    restore(empty, OLD / "backup.zip")  # of the same store, filled in by another way
    noted = [rows_of_unblinding(opened) for opened in (store, empty)]
    assert noted[0] == noted[1]
    assert len(noted[0]) > 5


def rows_of_unblinding(opened: LabelStore) -> list[tuple[object, ...]]:
    with opened.database.read() as connection:
        rows = connection.execute(select(unblindings).order_by(*unblindings.c)).all()
    return [tuple(row) for row in rows]


def test_the_site_of_the_old_store_has_its_days(store):
    ana = store.sign_in.by_pin("Ana", "1234Ana", NOW)
    site = store.sites.named(ana, "My roof").site
    assert [day.aqi for day in site.days] == [88.5, 140, 171, 95, 120]
    assert site.landmarks == read_site(OLD / "site.json").site.landmarks
    ada = store.sign_in.by_pin("Ada", "1234", NOW)
    counted = store.predictions.since(ada, NOW.date())
    cell = ("2026-11-02", "mobilenet-1", "upload", "photo", "", 0)
    assert counted == {cell: 3}


def test_all_photos_of_the_old_store_are_there(store):
    hashes = {one.photo_hash for one in store.adjudicated()}
    assert len(hashes) == 7
    for photo_hash in hashes:
        assert Photo.decode(store.photos.get(photo_hash)).original_size == (80, 60)


def test_the_old_backup_fills_an_empty_store(empty):
    held = restore(empty, OLD / "backup.zip")
    assert (held.photos, held.missing) == (16, ())
    counts = {name: held.rows[name] for name in ("users", "items", "label_events", "site_events")}
    assert counts == {"users": 7, "items": 16, "label_events": 22, "site_events": 8}
    assert (empty.verify(), empty.snapshot_hash(), settled(empty)) == ((), SNAPSHOT, SETTLED)
    assert empty.sign_in.by_pin("Ana", "1234Ana", NOW).role == "annotator"


def test_the_old_export_of_everything_comes_back(empty, tmp_path):
    chief = empty.accounts.first_admin("Chief", "1234", NOW)
    file = OLD / "export" / "labels.jsonl"
    assert import_from_source(empty, chief, file, Terms(), LATER) == Imported(16, 0, 0, ())
    assert (empty.verify(), empty.snapshot_hash(), settled(empty)) == ((), SNAPSHOT, SETTLED)
    again = export(empty, chief, "jsonl", tmp_path / "again" / "labels.jsonl").wrote[0]
    assert again.read_bytes() == file.read_bytes()


@pytest.mark.parametrize("name", ["labels.csv", "labels-answers.csv", "events.csv"])
def test_tables_of_the_old_store_are_written_as_they_were(store, tmp_path, name):
    eva = store.sign_in.by_pin("Eva", "1234Eva", NOW)
    kind = "events" if name == "events.csv" else "csv"
    export(store, eva, kind, tmp_path / f"{'events' if kind == 'events' else 'labels'}.csv")
    assert (tmp_path / name).read_bytes() == (OLD / "export" / name).read_bytes()


def test_the_old_tasks_for_label_studio_come_back_into_the_store_once(store):
    ada = store.sign_in.by_pin("Ada", "1234", NOW)
    file = OLD / "label-studio" / "tasks.json"
    assert len(json.loads(file.read_text(encoding="utf-8"))) == 14
    assert import_from_source(store, ada, file, Terms(), LATER) == Imported(0, 14, 0, ())
    assert (store.verify(), store.snapshot_hash()) == ((), SNAPSHOT)


def test_the_old_training_folder_is_read_as_a_data_set():
    rows = read_folder(OLD / "training")
    assert [(row.place, row.aqi, row.fold, row.reading.pm25) for row in rows] == [
        ("Place 1", 76, 2, 11.5),
        ("ITO, Delhi", 156, 1, 12.5),
        ("=1+1", 90, 0, 13.5),
        ("Place 5", 126, 3, 12.25),
    ]
    assert [row.clock for row in rows[:2]] == [
        datetime(2023, 2, 1, 3, 0),
        datetime(2023, 2, 1, 8, 30),
    ]
    assert all(row.photo.is_file() for row in rows)


def test_the_old_site_file_has_its_days_and_its_landmark():
    read = read_site(OLD / "site.json")
    site = read.site
    assert (read.faults, site.name, site.timezone) == ((), "My roof", "Asia/Kathmandu")
    assert (site.latitude, site.longitude, site.day_count) == (27.7172, 85.324, 5)
    assert [day.aqi for day in site.days] == [62, 88.5, 140, 171, 95, 120]
    assert site.days[0].reading == Reading(pm25=31, co=1)
    assert site.days[0].photo.extinction == {"Hill": 0.524}
    assert len(site.days[0].photo.embedding) == 128
    assert (site.days[5].standard, site.days[5].taken_at) == ("india", None)
    (hill,) = site.landmarks
    assert (hill.name, hill.distance_km, hill.sky.top) == ("Hill", 5.5, 0.435)
    assert site.reference.image.size == (80, 60)


def test_the_old_answer_of_live_stations_is_read():
    path = OLD / "openaq_+27.70_+85.30.json"
    kept = read_kept(path, "https://api.openaq.org", LATER)
    assert [measurement.station.name for measurement in kept.measurements] == [
        "काठमाडौं",
        "Lalitpur",
    ]
    assert [measurement.reading for measurement in kept.measurements] == [
        Reading(pm25=41.5, o3=58.86),
        Reading(pm10=90),
    ]
    assert kept.measurements[0].time.isoformat() == "2026-11-02T14:45:00+05:45"
    assert (kept.left_out.unknown_units, kept.fetched_at) == (2, NOW)


def test_the_old_model_predicts_the_same_to_six_digits(predictor):
    alone = predictor.predict(READING).fused
    assert (alone.aqi, alone.low, alone.high) == (164, 57, 322)
    assert tuple(alone.probabilities.values()) == pytest.approx(SENSORS, abs=5e-7)
    both = predictor.predict(READING, Photo.open(OLD / "photo.png"))
    assert tuple(both.fused.probabilities.values()) == pytest.approx(FUSED, abs=5e-7)
    assert both.photo_share == pytest.approx(0.134471, abs=5e-7)
    assert both.haze.score == 49
    assert [site.learned_as for site in predictor.known_sites()] == [
        "Alphaville",
        "Betatown, North",
        "ITO, Delhi",
    ]


def test_the_old_features_are_of_the_old_models_backbone(models, predictor):
    found = load_features(models / "model" / FEATURES, predictor.checkpoint.backbone_hash)
    assert [session.aqi for session in found.sessions] == [40, 90, 140, 190, 240, 290]
    assert found.features.shape == (6, 1280)


def test_the_old_report_comes_out_again(predictor):
    saved = read_report(OLD / "report.json")
    site = read_site(OLD / "site.json").site
    assert (saved.reading, saved.taken_at) == (READING, datetime(2023, 3, 3, 9, tzinfo=UTC))
    again = reproduce(saved, predictor.at(site), Photo.open(OLD / "photo.png"), LATER)
    assert again.differences == ()
    assert again.report.result.fused.aqi == 148


def test_the_old_registry_serves_its_version(models):
    registry = Registry(models / "registry", "mobilenetv2_100")
    assert registry.verify() == {FIRST: (), SECOND: ()}
    assert [(version.name, version.parent, version.passed) for version in registry.versions()] == [
        (FIRST, None, True),
        (SECOND, FIRST, False),
    ]
    assert [
        (promotion.version, promotion.by, promotion.reason) for promotion in registry.promotions()
    ] == [
        (FIRST, "Eva", "the gate let it pass"),
        (SECOND, "Eva", "the test part is small\nand old"),
        (FIRST, "Eva", f"back from {SECOND}"),
    ]
    served = registry.current()
    assert (served.version, served.warning) == (FIRST, None)
    aqi = load_model(served.model).predict(READING).fused.aqi
    second = load_model(str(models / "registry" / SECOND)).predict(READING).fused.aqi
    assert (aqi, second) == (164, 168)
