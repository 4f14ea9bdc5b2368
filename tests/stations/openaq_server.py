"""A server on this computer that speaks OpenAQ's API v3, in its recorded form, or fails as told."""

import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

KEY = "5ec12e7" + "0" * 57
UNITS = {"pm25": "µg/m³", "pm10": "µg/m³", "o3": "ppm", "co": "ppm", "so2": "ppb", "no2": "ppb"}
UTC_HOUR = "2026-09-24T17:00:00Z"


def sensor(number: int, name: str, units: str | None = None) -> dict:
    units = UNITS.get(name, "c") if units is None else units
    parameter = {"id": number % 100, "name": name, "units": units, "displayName": name.upper()}
    return {"id": number, "name": f"{name} {units}", "parameter": parameter}


def location(number: int, sensors: list[dict], north: float = 28.56, **other: object) -> dict:
    """One of the API's, as recorded from R K Puram in Delhi in September 2026."""
    first = {"utc": "2016-02-05T14:55:00Z", "local": "2016-02-05T20:25:00+05:30"}
    return {
        "id": number,
        "name": "R K Puram, Delhi - DPCC",
        "locality": None,
        "timezone": "Asia/Kolkata",
        "country": {"id": 9, "code": "IN", "name": "India"},
        "owner": {"id": 8524, "name": "Delhi Pollution Control Committee"},
        "provider": {"id": 168, "name": "CPCB"},
        "isMobile": False,
        "isMonitor": True,
        "instruments": [{"id": 2, "name": "Government Monitor"}],
        "sensors": sensors,
        "coordinates": {"latitude": north, "longitude": 77.19},
        "licenses": None,
        "bounds": [77.19, north, 77.19, north],
        "distance": None,
        "datetimeFirst": first,
        "datetimeLast": {"utc": UTC_HOUR, "local": "2026-09-24T22:30:00+05:30"},
        **other,
    }


def row(sensors_id: int, value: object, utc: object = UTC_HOUR, locations_id: int = 17) -> dict:
    return {
        "datetime": {"utc": utc, "local": utc},
        "value": value,
        "coordinates": {"latitude": 28.563262, "longitude": 77.186937},
        "sensorsId": sensors_id,
        "locationsId": locations_id,
    }


def page(results: object) -> bytes:
    meta = {"name": "openaq-api", "website": "/", "page": 1, "limit": 1000, "found": ">1000"}
    return json.dumps({"meta": meta, "results": results}).encode()


class OpenAQServer:
    """Answers with `locations` and `latest`; `fail` is asked first and answers in their place."""

    def __init__(self) -> None:
        """Know one station, of PM2.5."""
        self.locations = [location(17, [sensor(35, "pm25")])]
        self.latest: dict[int, list] = {17: [row(35, 80.5)]}
        self.headers = {"x-ratelimit-remaining": "50", "x-ratelimit-reset": "31"}
        self.fail: Callable[[BaseHTTPRequestHandler], bool] = lambda request: False
        self.asked: list[str] = []
        self.keys: set[str | None] = set()
        self.delay_s = 0.0
        self.over = threading.Event()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}/v3/"
        threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self.over.set()
        self._http.shutdown()
        self._http.server_close()

    def answer(self, status: int, body: bytes = b"{}", **headers: str) -> None:
        """Answer every request so from now on."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}

        def fail(request: BaseHTTPRequestHandler) -> bool:
            send(request, status, body, self.headers | named)
            return True

        self.fail = fail

    def works(self) -> None:
        self.fail = lambda request: False

    def _results(self, path: str) -> object:
        address = urlsplit(path)
        if address.path == "/v3/locations":
            limit = int(parse_qs(address.query)["limit"][0])
            return self.locations[:limit]
        return self.latest[int(address.path.split("/")[3])]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            """One request."""

            def do_GET(self) -> None:
                server.asked.append(self.path)
                server.keys.add(self.headers["X-API-Key"])
                time.sleep(server.delay_s)
                if not server.fail(self):
                    send(self, 200, page(server._results(self.path)), server.headers)

            def log_message(self, *args: object) -> None:
                pass

        return Handler


def send(request: BaseHTTPRequestHandler, status: int, body: bytes, headers: dict) -> None:
    request.send_response(status)
    for name, value in ({"content-length": str(len(body))} | headers).items():
        request.send_header(name, value)
    request.end_headers()
    try:
        request.wfile.write(body)
    except OSError:  # the other side has had enough
        request.close_connection = True
