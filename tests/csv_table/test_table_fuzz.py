"""Mutated tables of every kind are read or refused in a sentence, in bounded time and memory."""

import contextlib
import io
import json
import shutil
import zipfile
from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from openpyxl import Workbook

from aqfusion.data.dataset_folder import read_folder
from aqfusion.errors import InputError
from aqfusion.explain.report import as_json
from aqfusion.explain.saved_report import parse_report
from aqfusion.labels.exports.export import export
from aqfusion.labels.imports import full_state, photo_sources
from aqfusion.labels.imports.label_studio_file import answer_of, read_label_studio
from aqfusion.settings import ROOT
from aqfusion.sites.days_table import parse_days
from aqfusion.sites.site_file import parse_site, site_bytes
from aqfusion.stations.station_table import Parsed, parse_stations
from tests.explain.planted_report import report
from tests.mutation import LONG_ROUNDS, SEED, bounded, mutated_bytes
from tests.planted_labels import planted_store
from tests.planted_sites import site_of

NOW = datetime(2026, 6, 1, tzinfo=UTC)
_SECONDS, _MEGABYTES = 3.0, 160.0  # of one file
CASES = ROOT / "tests" / "cases"
KEPT = sorted((CASES / "damaged-tables").glob("*"))

STATIONS = """id,name,lat,lon,time,timezone,pm25 (µg/m³),pm10,o3 (ppb),co (mg/m³),so2,no2,aqi
a,"Roof, north",28.61,77.21,2026-01-05T08:30+05:30,,80,150,30,1.2,9,20,160
b,Château,28.70,77.10,05.01.2026 09:00,Asia/Kolkata,<5,n/a,,0.9,,12,
"""
DAYS = """date,time,aqi,standard,pm25,no2,photo,source
2026-01-05,08:30,160,us,80,20,a.jpg,"board, north"
2026-01-06,8 am,91,india,35,,b.jpg,
"""
PHOTOS = """photo,place,time,timezone,lat,lon,pm25,aqi,gold,licence
a.jpg,Chennai,2026-01-05T05:00,Asia/Kolkata,13.08,80.27,80,160,,CC BY 4.0
b.jpg,Delhi,2026-01-05T06:00+05:30,,28.6,77.2,12,,55,
"""
KAGGLE = (CASES / "kaggle-case" / "IND_and_Nep_AQI_Dataset.csv").read_text(encoding="utf-8")
LABEL_STUDIO = (CASES / "label-studio" / "documented.json").read_text(encoding="utf-8")


@cache
def _book() -> bytes:
    workbook = Workbook()
    for row in [line.split(",") for line in STATIONS.replace('"Roof, north"', "Roof").splitlines()]:
        workbook.active.append(row)
    stream = io.BytesIO()
    workbook.save(stream)
    return stream.getvalue()


def _stations(content: bytes, folder: Path) -> None:
    parsed = parse_stations(content, NOW)
    assert isinstance(parsed, Parsed)
    for measurement in parsed.measurements:
        station = measurement.station
        assert abs(station.latitude) <= 90
        assert abs(station.longitude) <= 180
        assert measurement.time <= NOW + timedelta(days=2)
        assert measurement.reading.present
    json.dumps([str(fault) for fault in parsed.faults])


def _days(content: bytes, folder: Path) -> None:
    for row in parse_days(content, lambda text: folder / "a.jpg", UTC, NOW).rows:
        assert row.day.aqi >= 0
        assert row.day.taken_at is None or row.day.taken_at <= NOW + timedelta(days=2)


def _photos(content: bytes, folder: Path) -> None:
    listing = photo_sources.list_photo_rows(content, "t.csv", lambda text: folder / "a.jpg", NOW)
    assert listing.candidates or listing.faults
    for candidate in listing.candidates:
        assert candidate.known_aqi is None or 0 <= candidate.known_aqi <= 500


def _kaggle(content: bytes, folder: Path) -> None:
    if not (folder / "data").exists():
        shutil.copytree(CASES / "kaggle-case", folder / "data")
    (folder / "data" / "IND_and_Nep_AQI_Dataset.csv").write_bytes(content)
    for row in read_folder(folder / "data"):
        assert row.aqi >= 0


def _label_studio(content: bytes, folder: Path) -> None:
    file = folder / "export.json"
    file.write_bytes(content)
    for task in read_label_studio(file)[0]:
        for annotation in task.annotations:
            with contextlib.suppress(InputError):
                answer_of(annotation)


def _state(content: bytes, folder: Path) -> None:
    file = folder / "state.jsonl"
    file.write_bytes(content)
    full_state._check(file)


@cache
def _exported() -> bytes:
    """All of a small label store, as JSON Lines."""
    with TemporaryDirectory() as folder:
        store = planted_store(Path(folder), 2)
        operator = store.accounts.operator(NOW)
        file = export(store, operator, "jsonl", Path(folder) / "labels.jsonl").wrote[0]
        store.close()
        return file.read_bytes()


READERS = {
    "stations": (STATIONS.encode, _stations),
    "stations of OpenAQ": ((CASES / "openaq-long" / "archive.csv").read_bytes, _stations),
    "stations of a board": ((CASES / "cpcb-export" / "t.csv").read_bytes, _stations),
    "spreadsheet": (_book, _stations),
    "days": (DAYS.encode, _days),
    "photos": (PHOTOS.encode, _photos),
    "data folder": (KAGGLE.encode, _kaggle),
    "Label Studio": (LABEL_STUDIO.encode, _label_studio),
    "label store": (_exported, _state),
    "site": (lambda: site_bytes(site_of(100, 150, 200)), lambda data, _: parse_site(data)),
    "report": (lambda: json.dumps(as_json(report())).encode(), lambda data, _: parse_report(data)),
}
_ENCODINGS = (
    "utf-8-sig",
    "utf-16",
    "utf-16-le",
    "utf-16-be",
    "utf-32",
    "cp1252",
    "cp437",
    "shift_jis",
)
_CELLS = (
    *("nan", "inf", "-inf", "1e999", "-0", "1e-400", "9" * 400, "0x10", "1_000", "１２", "٣", "½"),
    *(
        "",
        " ",
        "\t",
        "\0",
        "\u202e",
        "\ud800",
        "=1+1",
        "@x",
        "'",
        '"',
        '""',
        "NULL",
        "#N/A",
        "None",
    ),
    *(
        "0000-00-00",
        "9999-12-31T23:59:59Z",
        "2026-02-30",
        "24:00",
        "1e400",
        "true",
        "🌫️",
        "-1",
        "1,5",
    ),
    *(
        "../../etc/passwd",
        "a\nb",
        "x" * 40_000,
        "<script>",
        "Asia/Nowhere",
        "+99:99",
        "1" + "0" * 60,
    ),
)


def mutated_text(text: str, generator: np.random.Generator) -> bytes:
    """Odd cells, separators, quotes, line ends, rows, columns, depth and encodings."""

    def draw(values):
        return values[generator.integers(len(values))]

    lines = text.split("\n")
    for _ in range(generator.integers(1, 4)):
        kind, row = generator.integers(10), int(generator.integers(len(lines)))
        if kind <= 2:
            cells = lines[row].split(draw(",,,:"))
            cells[generator.integers(len(cells))] = draw(_CELLS)
            lines[row] = ",".join(cells)
        elif kind == 3:
            lines = [line.replace(",", draw(";\t|:,")) for line in lines]
        elif kind == 4:
            at = int(generator.integers(len(lines[row]) + 1))
            lines[row] = lines[row][:at] + draw(('"', "\r", '""', "{", "[", "}", "\\", "\\u0000"))
            lines[row] += lines[row][at:]
        elif kind == 5:
            lines[row : row + 1] = [lines[row]] * int(generator.integers(0, 5))
            lines = lines or [""]
        elif kind == 6:
            lines[row] += "," * int(draw((1, 50, 5000)))
        elif kind == 7:
            depth = int(draw((3, 200, 20_000)))
            lines[row] = draw(("[", '{"a":', "(")) * depth + lines[row]
        elif kind == 8:
            lines[0] = ",".join(reversed(lines[0].split(",")))
        else:
            lines.insert(row, draw(("", "sep=;", "# remark", "total,,", lines[0])))
    data = draw(("\n", "\n", "\r\n", "\r")).join(lines)
    if generator.random() < 0.7:
        return data.encode("utf-8", "surrogatepass")
    return data.encode(draw(_ENCODINGS), "replace")


def mutated(data: bytes, generator: np.random.Generator) -> bytes:
    """A spreadsheet also by its parts: what the ZIP's checksums would hide from its reader."""
    if not data.startswith(b"PK"):
        text = data.decode("utf-8")
        return (
            mutated_text(text, generator)
            if generator.random() < 0.8
            else mutated_bytes(data, generator)
        )
    if generator.random() < 0.4:
        return mutated_bytes(data, generator)
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as book, zipfile.ZipFile(out, "w") as changed:
        names = book.namelist()
        hit = names[generator.integers(len(names))]
        for name in names:
            part = book.read(name)
            if name == hit:
                part = mutated_bytes(part, generator)
                if generator.random() < 0.3:
                    part = mutated_text(part.decode("utf-8", "replace"), generator)
            changed.writestr(name, part)
    return out.getvalue()


def outcome(name: str, data: bytes, folder: Path, what: str) -> str:
    with bounded(what, _SECONDS, _MEGABYTES):
        try:
            READERS[name][1](data, folder)
        except InputError as error:
            sentence = str(error)
            assert 5 < len(sentence) < 1000, sentence[:2000]
            return "refused"
    return "read"


def fuzz(name: str, rounds: int, seed: int, folder: Path) -> Counter:
    generator = np.random.default_rng([seed, len(name), *name.encode()])
    counts: Counter = Counter()
    for number in range(rounds):
        data = mutated(READERS[name][0](), generator)
        counts[outcome(name, data, folder, f"{name}, mutation {number} of seed {seed}")] += 1
    return counts


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", READERS)
def test_a_mutated_table_is_read_or_refused(name, tmp_path):
    assert outcome(name, READERS[name][0](), tmp_path, name) == "read"
    assert fuzz(name, 100, SEED, tmp_path)["refused"] > 0


@pytest.mark.parametrize("file", KEPT, ids=lambda file: file.name)
def test_what_breaks_careless_readers_is_read_or_refused(file, tmp_path):
    """A file is called by its reader, a dash and what is wrong with it."""
    outcome(file.name.partition("-")[0].replace("_", " "), file.read_bytes(), tmp_path, file.name)


@pytest.mark.long
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", READERS)
def test_many_mutated_tables_are_read_or_refused(name, tmp_path):
    assert fuzz(name, LONG_ROUNDS, SEED + 1, tmp_path)["refused"] > 0
