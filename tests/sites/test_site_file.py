"""A site's file comes home exactly, and nothing that a stranger writes into one does harm."""

import contextlib
import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aqfusion.air.readings import Reading
from aqfusion.images.photo import Photo
from aqfusion.io.json_models import TableError
from aqfusion.sites.landmark import Box, Landmark
from aqfusion.sites.reference_photo import ReferencePhoto
from aqfusion.sites.site import SOURCES, Day, DayPhoto, Site
from aqfusion.sites.site_file import (
    LARGEST,
    ReadSite,
    parse_site,
    read_site,
    site_bytes,
    write_site,
)
from tests.hostile import encode, sky

DIGEST, MODEL = "ab" * 32, "cd" * 32
TIME = datetime(2026, 3, 1, 8, 30, tzinfo=timezone(timedelta(hours=5, minutes=30)))
PHOTO = DayPhoto(DIGEST, MODEL, (0.1234, -1.5, 0.0), 40.5, {"hill": 1.25})
HILL = Landmark("hill", Box(0.1, 0.4, 0.2, 0.5), Box(0.1, 0.2, 0.2, 0.3), 12.5)
REFERENCE = ReferencePhoto.from_photo(Photo.decode(encode(sky(), "PNG")))
FULL = Site(
    "दिल्ली, ITO",
    28.6,
    77.2,
    "Asia/Kolkata",
    (Day(180, "monitor", TIME, reading=Reading(pm25=88.25, co=0), photo=PHOTO), Day(90, "table")),
    (HILL,),
    learned_as="Delhi/ITO",
    reference=REFERENCE,
)


def file(**changes):
    """The full site's file with other fields."""
    return json.dumps(json.loads(site_bytes(FULL)) | changes).encode()


def with_day(**changes):
    day, other = json.loads(site_bytes(FULL))["days"]
    return file(days=[day | changes, other])


def faults(content):
    return parse_site(content, "site.json").faults


def test_a_site_comes_home_exactly(tmp_path):
    write_site(tmp_path / "site.json", FULL)
    read = read_site(tmp_path / "site.json")
    assert (read.site, read.faults) == (FULL, ())
    assert site_bytes(read.site) == site_bytes(FULL)


def test_embeddings_keep_four_digits():
    day = Day(90, "table", photo=DayPhoto(DIGEST, MODEL, (1 / 3, -2 / 3), 0))
    [read] = parse_site(site_bytes(Site("x", days=(day,)))).site.days
    assert read.photo.embedding == (0.3333, -0.6667)


names = st.text(min_size=1, max_size=80).filter(lambda text: text.strip() and text.isprintable())
times = st.datetimes(
    datetime(1970, 1, 2),
    datetime(2199, 12, 30),
    timezones=st.integers(-14 * 60, 14 * 60).map(lambda m: timezone(timedelta(minutes=m))),
)
days = st.builds(
    Day,
    aqi=st.floats(0, 500),
    source=st.sampled_from(SOURCES),
    taken_at=st.none() | times,
    standard=st.sampled_from(["us", "india"]),
    reading=st.builds(Reading, pm25=st.none() | st.floats(0, 500), o3=st.none() | st.floats(0, 90)),
    photo=st.none()
    | st.builds(
        DayPhoto,
        digest=st.just(DIGEST),
        model=st.just(MODEL),
        embedding=st.lists(st.floats(-9, 9).map(lambda v: round(v, 4)), max_size=4).map(tuple),
        haze=st.floats(0, 100),
        extinction=st.dictionaries(names.map(lambda n: n[:40]), st.floats(-5, 9), max_size=2),
    ),
)


@settings(max_examples=150, deadline=None)
@given(names, st.lists(days, max_size=4), st.none() | st.floats(-90, 90))
def test_every_site_comes_home(name, of, degrees):
    site = Site(name, degrees, degrees, None, tuple(of))
    assert parse_site(site_bytes(site)) == ReadSite(site)


@pytest.mark.parametrize("name", ["مرصد القاهرة", "תל אביב", "北京 🌫", "Zürich\u0301", "a'\"<b>\\"])
def test_names_of_any_script_are_kept_as_they_are(name):
    assert parse_site(site_bytes(Site(name))).site.name == name


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "site.json must be a readable JSON table"),
        (b"\xff\xfe", "site.json must be a readable JSON table"),
        (b"[" * 9_000, "site.json must be a readable JSON table"),
        (b"[" * 10_001, r"site.json must be a site, got more than 10000 of '\['"),
        (b" " * (LARGEST + 1), "site.json must have at most 20 MB, got more"),
        (b"[]", "site.json: the table must be an object, got"),
        (file(format=2), "site.json: format must be 1, got 2"),
        (file(format=True), "site.json: format must be a whole number, got true"),
        (file(name=""), "site.json: name must be a text that is not empty"),
        (file(name=["x"]), "site.json: name must be a text"),
        (file(name="x" * 10**6), "site.json: site name must have 1 to 80 printable characters"),
        (file(name="a\u202eb"), "site.json: site name must have 1 to 80 printable characters"),
        (file(name="\ud800"), "site.json: name must be a text that is not empty, got"),
        (file(latitude=91), "site.json: latitude must be -90 to 90 degrees, got 91"),
        (file(latitude=None), "site.json: latitude and longitude must be given both or neither"),
        (file(latitude="28"), 'site.json: latitude must be a number, got "28"'),
        (file(latitude=float("nan")), "site.json: latitude must be a number, got NaN"),
        (file(latitude=float("inf")), "site.json: latitude must be a number, got Infinity"),
        (file(timezone="Mars/Base"), "site.json: timezone must be a time zone as in"),
        (file(timezone="../../etc/passwd"), "site.json: timezone must be a time zone as in"),
        (file(timezone="x" * 10**6), "site.json: timezone must have at most 64 printable"),
        (file(days={}), "site.json: days must be a list, got {}"),
        (file(days=[{}] * 2001), "site.json: days must have at most 2000 entries"),
        (
            file(landmarks=[json.loads(file())["landmarks"][0]] * 2),
            "landmarks must have different names, got hill, hill",
        ),
    ],
)
def test_a_file_that_is_no_site_is_refused_with_a_sentence(content, says):
    with pytest.raises(TableError, match=says) as caught:
        parse_site(content, "site.json")
    assert len(str(caught.value)) < 300
    str(caught.value).encode()  # can be printed


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (with_day(aqi=501), "site.json: days[0]: aqi must be 0 to 500, got 501"),
        (with_day(aqi=float("nan")), "site.json: days[0].aqi must be a number, got NaN"),
        (with_day(aqi=True), "site.json: days[0].aqi must be a number, got true"),
        (with_day(source="hearsay"), "site.json: days[0]: source must be one of"),
        (with_day(standard="mars"), "site.json: days[0]: standard must be one of us, india"),
        (with_day(taken_at="2026-03-01T08:30"), "site.json: days[0]: time must name its time zone"),
        (with_day(taken_at="tomorrow"), "site.json: days[0].taken_at must be a time as in"),
        (with_day(taken_at="9999-12-31T23:59-10:00"), "must be of the years 1970 to 2199, got"),
        (with_day(taken_at=5), "site.json: days[0].taken_at must be a text"),
    ],
)
def test_a_bad_day_costs_that_day(content, says):
    read = parse_site(content, "site.json")
    [told] = read.faults
    assert says in told
    assert read.site.days == FULL.days[1:]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"haze": 101}, "days[0].photo.haze must be a number from 0 to 100, got 101"),
        ({"digest": "x"}, "days[0].photo.digest must be 64 hexadecimal digits"),
        ({"embedding": [0] * 513}, "days[0].photo.embedding must have at most 512 entries"),
        ({"embedding": [1e9]}, "days[0].photo.embedding[0] must be a number from -1000 to 1000"),
        ({"embedding": "no"}, "days[0].photo.embedding must be a list"),
        ({"extinction": {"x" * 41: 1}}, "days[0].photo.extinction must have at most 20 names of"),
        ({"extinction": {"x": None}}, "days[0].photo.extinction.x must be a number from -1000"),
    ],
)
def test_a_bad_photo_costs_the_photo(change, says):
    photo = json.loads(site_bytes(FULL))["days"][0]["photo"] | change
    read = parse_site(with_day(photo=photo), "site.json")
    [told] = read.faults
    assert says in told
    assert [(day.aqi, day.photo) for day in read.site.days] == [(180, None), (90, None)]


def test_a_bad_reading_costs_that_reading():
    read = parse_site(with_day(readings={"pm25": -1, "co": 0, "soot": 3}), "site.json")
    assert read.site.days[0].reading == Reading(co=0)
    assert [fault.split(" must")[0] for fault in read.faults] == [
        "site.json: days[0].readings",
        "site.json: days[0].readings: pm25",
    ]


def test_a_bad_landmark_costs_the_landmark():
    landmark = {"name": "hill", "box": [0, 0, 2, 1], "sky": [0, 0, 1, 1]}
    read = parse_site(file(landmarks=[landmark]), "site.json")
    assert read.site.landmarks == ()
    assert "landmarks[0].box: box: left and right must be shares of 0 to 1" in read.faults[0]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"jpeg": 5}, "site.json: reference.jpeg must be a text, got 5"),
        ({"jpeg": "!"}, "site.json: reference: reference photo must be base64 text, got other"),
        ({"jpeg": "/9j/4AAQ"}, "site.json: reference: reference photo"),
        ({"digest": "x"}, "site.json: reference.digest must be 64 hexadecimal digits"),
    ],
)
def test_a_bad_reference_photo_costs_that_photo(change, says):
    stated = {"digest": REFERENCE.digest, "jpeg": REFERENCE.base64}
    read = parse_site(file(reference=stated | change), "site.json")
    [told] = read.faults
    assert says in told
    assert (read.site.reference, read.site.landmarks) == (None, (HILL,))


def test_names_that_are_not_of_the_format_are_told():
    [told] = faults(file(lattitude=28))
    assert told.startswith(
        "site.json: the table must have no other names than format, name, latitude"
    )
    assert told.endswith('got "lattitude"')


def test_faults_without_end_are_counted():
    told = faults(file(days=[{"aqi": -1, "source": "table", "x": 1}] * 2000))
    assert (len(told), told[-1]) == (201, "site.json: 3800 more faults")


def test_half_a_surrogate_pair_can_be_told():
    content = with_day(photo={"digest": "\ud800"})
    assert all(fault.encode() for fault in faults(content))


def test_a_missing_file_is_told_by_its_name_alone(tmp_path):
    with pytest.raises(TableError, match=r"^none\.json must be a readable file: No such file"):
        read_site(tmp_path / "none.json")


@settings(max_examples=200, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
        max_leaves=6,
    ),
    st.sampled_from(["name", "latitude", "timezone", "learned_as", "landmarks", "days", "day"]),
)
def test_no_value_of_a_field_is_a_traceback(value, field):
    day = {"aqi": value, "source": value, "taken_at": value, "readings": value, "photo": value}
    content = file(**({"days": [day]} if field == "day" else {field: value}))
    with contextlib.suppress(TableError):
        assert all(fault.encode() for fault in parse_site(content).faults)


def test_the_same_time_on_another_clock_is_the_same_time():
    site = Site("x", days=(Day(5, "table", TIME),))
    assert parse_site(site_bytes(site)).site.days[0].taken_at == TIME.astimezone(UTC)
