"""Spreadsheets: the first sheet, read only, within the limits of a table."""

import io
import time
import zipfile
from datetime import UTC, date, datetime
from datetime import time as clock

import pytest
from openpyxl import Workbook

from aqfusion.csv_table import reader
from aqfusion.csv_table.header import CsvTableError
from aqfusion.stations.import_report import as_json
from aqfusion.stations.station_table import Parsed, parse_stations

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def book(*rows: list[object]) -> bytes:
    workbook = Workbook()
    for row in rows:
        workbook.active.append(row)
    workbook.create_sheet("other").append(["id", "nothing"])
    stream = io.BytesIO()
    workbook.save(stream)
    return stream.getvalue()


def read(*rows: list[object]) -> Parsed:
    return parse_stations(book(*rows), NOW)


def test_dates_are_dates_and_numbers_are_plain():
    parsed = read(
        ["Report of a station"],
        [],
        ["id", "lat", "lon", "time", "pm25", "NO2 (ppb)", "aqi"],
        [7, 28.6, 77.2, datetime(2026, 1, 5, 8), 0.1 + 0.2, "#N/A", 160.0],
        [7, 28.6, 77.2, "2026-01-05T09:00Z", -0.4, 20],
    )
    assert as_json(parsed)["measurements"] == [
        {
            "id": "7",
            "time": "2026-01-05T08:00:00+05:30",
            "lat": 28.6,
            "lon": 77.2,
            "readings": {"pm25": 0.3},
            "aqi": 160,
        },
        {
            "id": "7",
            "time": "2026-01-05T09:00:00+00:00",
            "lat": 28.6,
            "lon": 77.2,
            "readings": {"no2": 37.6},
            "aqi": None,
        },
    ]
    (fault,) = parsed.faults
    assert (fault.line, fault.column, fault.row_kept) == (5, "pm25", True)


def test_a_day_and_a_clock_in_two_columns():
    parsed = read(
        ["id", "lat", "lon", "date", "time", "pm25"],
        ["a", 28.6, 77.2, date(2026, 1, 5), clock(8, 30), 80],
    )
    assert parsed.measurements[0].time.isoformat() == "2026-01-05T08:30:00+05:30"


def test_what_unpacks_to_too_much_is_refused(monkeypatch):
    monkeypatch.setattr(reader, "MOST_UNPACKED_BYTES", 1000)
    with pytest.raises(CsvTableError, match="the spreadsheet must unpack to at most"):
        read(["id"])


def test_a_bomb_is_refused_before_it_is_unpacked():
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"<workbook/>")
        archive.writestr("xl/worksheets/sheet1.xml", b" " * 200_000_000)
    start = time.perf_counter()
    with pytest.raises(CsvTableError, match="must unpack to at most 80 MB, got 200 MB"):
        parse_stations(stream.getvalue(), NOW)
    assert time.perf_counter() - start < 1


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9, 0.99])
def test_a_broken_spreadsheet_is_a_sentence(share):
    content = book(["id", "lat", "lon", "time", "pm25"], ["a", 28.6, 77.2, "x", 80])
    broken = bytearray(content)
    broken[int(len(content) * share / 2) : int(len(content) * share / 2) + 40] = b"\0" * 40
    for damaged in (content[: int(len(content) * share)], bytes(broken)):
        try:
            parsed = parse_stations(damaged, NOW)
        except CsvTableError:
            continue
        assert parsed.faults


def test_too_many_rows_are_refused(monkeypatch):
    monkeypatch.setattr("aqfusion.stations.station_table.MOST_ROWS", 2)
    row = ["a", 28.6, 77.2, "2026-01-05T08:00Z", 80]
    with pytest.raises(CsvTableError, match="at most 2 rows"):
        read(["id", "lat", "lon", "time", "pm25"], row, row, row)
