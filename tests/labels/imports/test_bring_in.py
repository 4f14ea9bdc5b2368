"""Photos come in once, without what gives them away, and nothing is dropped in silence."""

from datetime import UTC, datetime

import pytest

from aqfusion.csv_table.errors import TableFault
from aqfusion.data.dataset_folder import CSV_NAME, PHOTO_FOLDER
from aqfusion.images.perceptual_hash import fingerprint_value, hamming_distance, perceptual_hash
from aqfusion.images.photo import Photo
from aqfusion.labels.imports import item_import
from aqfusion.labels.imports.import_source import import_from_source
from aqfusion.labels.imports.item_import import Imported, SourceError, Terms
from aqfusion.labels.imports.photo_sources import SUFFIXES, list_kaggle_folder
from aqfusion.labels.item import ItemError
from aqfusion.labels.search import Filters
from aqfusion.permissions import RoleError
from tests.labels.pictures import bomb, picture, save, with_exif
from tests.labels.planted import NOW
from tests.planted import planted_records, record, write_csv, write_folder


@pytest.fixture
def bring(store, admin):
    def bring(source, terms=None, **more):
        return import_from_source(store, admin, source, terms or Terms(), NOW, **more)

    return bring


@pytest.fixture
def held(store, expert):
    """All items as an expert sees them, the first one first."""
    return lambda: store.search(expert, Filters(), most=200).items[::-1]


def kaggle(tmp_path, *records):
    """A data folder whose photos are far from each other, the n-th of seed n."""
    folder = write_folder(tmp_path / "set", records)
    for number, entry in enumerate(records):
        save(folder / "Combined_Dataset" / PHOTO_FOLDER / entry["Filename"], number)
    return folder


def test_a_data_folder_comes_in_with_its_own_labels_as_guesses(tmp_path, bring, held, store):
    records = [
        record("Good_1.jpg", Location="ITO, Delhi", AQI=151),
        record("b.jpg", Location="Nowhere", AQI=90.5, SO2="", Hour="16:00"),
    ]
    terms = Terms(overlap=2, split="frozen", licence="CC BY 4.0")
    note = (
        "times at 'Nowhere' are left out (1 photos), as its time zone is not known: "
        "name it in a column timezone, or with --timezone"
    )
    done = bring(kaggle(tmp_path, *records), terms)
    assert done == Imported(2, 0, 0, (), notes=(note,))
    first, second = held()
    assert first.task.taken_at == datetime(2023, 2, 1, 2, 30, tzinfo=UTC)
    assert first.task.taken_text == "1 Feb 2023, 08:00 (UTC+05:30)"
    assert second.task.taken_at is None  # nobody knows what the clock is at Nowhere
    assert (first.task.place, first.group) == ("ITO, Delhi", "ITO, Delhi|2023|2|1")
    assert first.guess == {"standard": "us", "category": 3, "aqi": 151, "cant_tell": None}
    assert second.guess["aqi"] == 91
    assert (second.task.reading.pm25, second.task.reading.so2) == (40.5, None)
    assert (first.overlap, first.split, first.task.licence) == (2, "frozen", "CC BY 4.0")
    assert (first.known_aqi, first.origin, first.source) == (None, "import", "set: Good_1.jpg")
    photo = Photo.decode(store.photos.get(first.task.photo_hash))
    assert hamming_distance(fingerprint_value(first.fingerprint), perceptual_hash(photo)) <= 1


def test_an_annotator_sees_neither_the_given_label_nor_a_file_name(tmp_path, bring, store, ana):
    bring(kaggle(tmp_path, record("BENGR_Good_1.jpg", AQI=43)))
    task = store.queue.next_item(ana, NOW).task
    assert "Good" not in repr(task)
    assert "43" not in repr(task.reading)
    assert not hasattr(task, "model_view")


@pytest.mark.parametrize("titled", [False, True])
def test_a_data_folder_states_units_where_every_title_of_a_reading_does(tmp_path, titled):
    folder = kaggle(tmp_path, *(record(f"{n}.jpg") for n in range(2)))
    table = folder / "Combined_Dataset" / CSV_NAME
    if titled:
        titles, *rows = table.read_text(encoding="utf-8").splitlines()
        for name in ("PM2.5", "PM10", "O3", "SO2", "NO2"):
            titles = titles.replace(f"{name},", f"{name} (ug/m3),")
        titles = titles.replace("CO,", "CO (mg/m3),")
        table.write_text("\n".join([titles, *rows]) + "\n", encoding="utf-8")
    listed = list_kaggle_folder(folder).candidates
    assert [candidate.units_stated for candidate in listed] == [titled, titled]
    assert all(candidate.reading.present for candidate in listed)


def test_the_whole_planted_folder_comes_in_and_again_brings_nothing(tmp_path, bring, held):
    folder = write_folder(tmp_path / "set", planted_records())
    messages = []
    first = bring(folder, report=messages.append)
    assert (first.new, first.known, first.faults) == (36, 0, ())
    assert messages == ["36 of 36 photos read, 36 of them new"]
    before = held()
    again = bring(folder)
    assert (again.new, again.known, again.duplicates) == (0, 36, 0)
    assert held() == before


@pytest.mark.parametrize("calls", [0, 1, 2, 3])
def test_an_import_that_was_cut_off_goes_on_and_ends_as_if_it_had_not_been(
    tmp_path, bring, held, store, monkeypatch, calls
):
    names = [f"{number}.jpg" for number in range(8)]
    folder = kaggle(tmp_path, *(record(name) for name in names))
    for twin, quality in ((3, 80), (7, 70)):
        save(folder / "Combined_Dataset" / PHOTO_FOLDER / names[twin], 1, quality)
    monkeypatch.setattr(item_import, "_BATCH", 3)
    left = iter(range(calls))
    add_many = store.items.add_many

    def cut(*arguments):
        if next(left, None) is None:
            raise KeyboardInterrupt
        return add_many(*arguments)

    with monkeypatch.context() as patched:
        patched.setattr(store.items, "add_many", cut)
        with pytest.raises(KeyboardInterrupt):
            bring(folder)
    there = len(held())
    assert there == (0, 3, 5, 6)[calls]  # call 2 adds what is served of a batch, 3 what is near it
    done = bring(folder)
    assert (done.new, done.known) == (8 - there, there)
    (second,) = [item.task.id for item in held() if item.source == "set: 1.jpg"]
    marked = {item.source: item.duplicate_of for item in held()}
    assert marked == {f"set: {name}": second if name[0] in "37" else None for name in names}


def test_near_duplicates_are_kept_and_not_served_within_place_and_day_only(
    tmp_path, bring, held, store, ana
):
    records = [
        record("a.jpg"),
        record("again.jpg", Hour="12:00", CO=3),
        record("other-day.jpg", Day=2),
        record("elsewhere.jpg", Location="Betatown"),
    ]
    folder = kaggle(tmp_path, *records)
    for number, entry in enumerate(records):
        path = folder / "Combined_Dataset" / PHOTO_FOLDER / entry["Filename"]
        save(path, 5, quality=95 - 5 * number)
    assert bring(folder).duplicates == 1
    first, *_ = held()
    assert [item.duplicate_of for item in held()] == [None, None, None, first.task.id]
    assert held()[-1].source == "set: again.jpg"
    served = [store.queue.lease(ana, item.task.id, NOW) for item in held() if not item.duplicate_of]
    assert len(served) == 3


def test_a_later_import_finds_its_near_duplicate_in_the_store(tmp_path, bring, held):
    (tmp_path / "one").mkdir()
    bring(kaggle(tmp_path / "one", record("a.jpg")))
    later = kaggle(tmp_path, record("b.jpg", AQI=300, CO=9))
    save(later / "Combined_Dataset" / PHOTO_FOLDER / "b.jpg", 0, quality=70)
    assert bring(later).duplicates == 1
    assert held()[1].duplicate_of == held()[0].task.id


def test_bad_rows_and_bad_photos_are_listed_and_the_others_come_in(tmp_path, bring, held):
    names = ["good.jpg", "broken.jpg", "bomb.png", "aqi.jpg", "also-good.jpg"]
    folder = kaggle(tmp_path, *(record(name) for name in names))
    photos = folder / "Combined_Dataset" / PHOTO_FOLDER
    (photos / "broken.jpg").write_bytes((photos / "good.jpg").read_bytes()[:500])
    bomb(photos / "bomb.png")
    changed = [record(name, **({"AQI": "high"} if name == "aqi.jpg" else {})) for name in names]
    write_csv(folder / "Combined_Dataset" / CSV_NAME, changed)
    done = bring(folder)
    sources = ["set: good.jpg", "set: aqi.jpg", "set: also-good.jpg"]
    assert [item.source for item in held()] == sources
    assert [item.guess is None for item in held()] == [False, True, False]
    assert done.faults == (
        TableFault(3, "Filename", "must be a valid image file, got a damaged JPEG", "broken.jpg"),
        TableFault(4, "Filename", "must have at most 50 megapixels, got 9000 x 9000", "bomb.png"),
        TableFault(5, "AQI", "must be a number from 0 to 500", "high", row_kept=True),
    )


def test_a_place_that_is_too_long_is_left_out_alone(tmp_path, bring):
    folder = kaggle(tmp_path, record("a.jpg"), record("b.jpg", Location="x" * 201))
    (fault,) = bring(folder).faults
    rule = "must have at most 180 characters"
    assert fault == TableFault(3, "Location", rule, "x" * 77 + "...", row_kept=True)
    assert len([*(tmp_path / "photos").rglob("*.jpg")]) == 2


def test_a_plain_folder_is_read_to_its_depths_without_leading_out_of_it(
    tmp_path, bring, held, store
):
    outside = save(tmp_path / "outside.jpg", 9)
    folder = tmp_path / "photos of mine"
    folder.mkdir()
    with_exif(folder / "a.jpg", 1)
    save(folder / "below" / "b.JPG", 2)
    picture(3).save(folder / "=1+1.png")
    (folder / "notes.txt").write_text("x")
    (folder / ".hidden").mkdir()
    save(folder / ".hidden" / "c.jpg", 4)
    (folder / "link.jpg").symlink_to(outside)
    (folder / "way-out").symlink_to(tmp_path, target_is_directory=True)
    done = bring(folder, Terms(licence="mine"))
    assert (done.new, done.known) == (3, 0)
    assert [(fault.rule, fault.value) for fault in done.faults] == [
        ("must not be a link", "link.jpg"),
        (f"must end with {', '.join(SUFFIXES)}", "notes.txt"),
        ("must not be a link", "way-out"),
    ]
    for item in held():
        assert (item.task.place, item.group, item.guess) == (None, None, None)
        kept = store.photos.get(item.task.photo_hash)
        assert b"SECRET" not in kept
        assert b"Exif" not in kept


def test_what_cannot_be_imported_is_one_sentence(tmp_path, bring):
    (tmp_path / "empty").mkdir()
    (tmp_path / "backup.zip").touch()
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "x.jpg").write_text("no photo")
    for name, sentence in (
        ("none", "import must be a folder, a CSV file of photos, a .jsonl export or Label "),
        ("backup.zip", "import must be a folder, a CSV file of photos, a .jsonl export or Label "),
        ("empty", "No photo could be imported from empty"),
        ("bad", "No photo could be imported from bad: 1 faults, the first in line 1: file must "),
    ):
        with pytest.raises(SourceError) as refused:
            bring(tmp_path / name)
        assert str(refused.value).startswith(sentence)


def test_terms_that_no_item_may_have_are_refused_before_any_photo_is_read():
    with pytest.raises(ItemError, match="overlap must be 1 to 20 people, got 21"):
        Terms(overlap=21)
    with pytest.raises(ItemError, match="split must be one of train, frozen, got 'test'"):
        Terms(split="test")


def test_only_an_admin_imports_and_others_leave_no_photo(tmp_path, store, expert):
    save(tmp_path / "new" / "a.jpg", 1)
    with pytest.raises(RoleError, match="admin or above is needed here, and your role is expert"):
        import_from_source(store, expert, tmp_path / "new", Terms(), NOW)
    assert not (tmp_path / "photos").exists()
