"""Settings: folders, database and model, from the environment or the secrets file.

The environment wins over `.streamlit/secrets.toml`; neither is needed.
"""

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from aqfusion.errors import InputError
from aqfusion.text_validation import read_whole_number

_PACKAGE = Path(__file__).resolve().parent
_BUNDLED = _PACKAGE / "bundled"  # only in an installed package: pyproject.toml fills it
# The folder of app.py, pages/, assets/ and .streamlit/config.toml.
ROOT = _BUNDLED if _BUNDLED.is_dir() else _PACKAGE.parent
ASSETS = ROOT / "assets"
# Secrets do not belong in an installed package: Streamlit reads them where it is started.
SECRETS = (Path() if ROOT == _BUNDLED else ROOT) / ".streamlit" / "secrets.toml"
DEFAULT_MODEL = "mobilenetv2_100"
OPENAQ_URL = "https://api.openaq.org/v3/"
SIGN_IN_DAYS, IDLE_MINUTES = 14, 12 * 60
BACKUP_KEEP = 7
UPLOADS_MB, CONNECTIONS = 150, 100
BATCH_PHOTOS = 200
_HOST = re.compile(r"[A-Za-z0-9.-]+|\[?[0-9A-Fa-f:]+\]?")
_SITE = re.compile(r"(\*\.)?[A-Za-z0-9.-]+(:[0-9]{1,5})?")
LEAST_DISK_MB = 500
_SHORTEST_TOKEN, _SHORTEST_PIN = 16, 4
_YES, _NO = ("yes", "on", "true", "1"), ("no", "off", "false", "0")


class SettingsError(InputError):
    """A setting that cannot be used, or a secrets file that cannot be read."""

    for_strangers = "a setting of this server cannot be used. The server's log says which"


@dataclass(frozen=True)
class Settings:
    """The program's settings by a user; `None` means none.

    `data` is a folder in the layout of the public data set, `weights` one with pretrained
    backbones, `home` is the only folder that the program writes to on its own account, `model`
    is the name of a folder in `assets/models` or the path of one. `openaq_key` opens the live
    stations; it is a secret, which no printed settings show. `openaq_url` ends with a slash.
    `stations` is a CSV file of a user's own stations.
    `labels` is the label store's database and `photos` the folder or bucket of its photos; with
    `None` both lie in `home`. A password may stand in them, so they are not printed either.
    `models` is the folder of retrained models' versions, in `home` where it is `None`.
    A sign-in ends after `sign_in_days`, and after `idle_minutes` without use. New PINs have at
    least `pin_length` characters; with `None` the server decides by who can reach it.
    `backups` is the folder of scheduled backups, in `home` where it is `None`; the app makes one
    a day where `backup_daily` is set, and keeps the newest `backup_keep`.
    The Batch page takes at most `batch_photos` at once.
    """

    data: Path | None
    weights: Path | None
    home: Path
    model: str
    openaq_key: str | None = field(default=None, repr=False)
    openaq_url: str = OPENAQ_URL
    stations: Path | None = None
    labels: str | None = field(default=None, repr=False)
    photos: str | None = field(default=None, repr=False)
    models: Path | None = None
    sign_in_days: int = SIGN_IN_DAYS
    idle_minutes: int = IDLE_MINUTES
    backups: Path | None = None
    backup_daily: bool = False
    backup_keep: int = BACKUP_KEEP
    pin_length: int | None = None
    batch_photos: int = BATCH_PHOTOS


def load_settings(
    environment: Mapping[str, str] | None = None, secrets_file: Path = SECRETS
) -> Settings:
    """Read the settings; an absent folder or a bad address raises `SettingsError`."""
    values = {**_secrets(secrets_file), **(os.environ if environment is None else environment)}
    home = values.get("AQFUSION_HOME") or str(Path.home() / ".aqfusion")
    models = values.get("AQFUSION_MODELS", "").strip()
    backups = values.get("AQFUSION_BACKUPS", "").strip()
    return Settings(
        data=_folder(values, "AQFUSION_DATA"),
        weights=_folder(values, "AQFUSION_WEIGHTS"),
        home=_expanded("AQFUSION_HOME", home),
        model=values.get("AQFUSION_MODEL") or DEFAULT_MODEL,
        openaq_key=values.get("AQFUSION_OPENAQ_KEY", "").strip() or None,
        openaq_url=_address(values, "AQFUSION_OPENAQ_URL") or OPENAQ_URL,
        stations=_file(values, "AQFUSION_STATIONS"),
        labels=values.get("AQFUSION_LABELS", "").strip() or None,
        photos=values.get("AQFUSION_PHOTOS", "").strip() or None,
        models=_expanded("AQFUSION_MODELS", models) if models else None,
        sign_in_days=_number(values, "AQFUSION_SIGN_IN_DAYS", 400) or SIGN_IN_DAYS,
        idle_minutes=_number(values, "AQFUSION_IDLE_MINUTES", 400 * 1440) or IDLE_MINUTES,
        backups=_expanded("AQFUSION_BACKUPS", backups) if backups else None,
        backup_daily=bool(_yes_or_no(values, "AQFUSION_BACKUP_DAILY")),
        backup_keep=_number(values, "AQFUSION_BACKUP_KEEP", 1000) or BACKUP_KEEP,
        pin_length=_number(values, "AQFUSION_PIN_LENGTH", 64, _SHORTEST_PIN),
        batch_photos=_number(values, "AQFUSION_BATCH_PHOTOS", 10_000) or BATCH_PHOTOS,
    )


@dataclass(frozen=True)
class ServerSettings:
    """What the server's gate rests on; a mistake in it ends the start, not a page.

    `trusted_proxies` are addresses and networks that are believed whom they forward for.
    `allowed_hosts` are the names that the server answers to, all where there are none, and on the
    loopback only its own. Sites of `embed_on` may show pages in frames. Uploads take `uploads_mb`
    of memory at most, and an address has at most so many `connections` (tabs) at one time.
    `metrics_token` opens the metrics; without one they answer on loopback only. `log` is the format
    of log lines, json or text. Below `least_disk_mb` of room the server is not ready. Whoever
    signs in chooses from a list of names where `list_names` is set, and else types theirs; with
    `None` only those who sit at the server's own machine see a list.
    """

    trusted_proxies: tuple[str, ...] = ()
    allowed_hosts: tuple[str, ...] = ()
    embed_on: tuple[str, ...] = ()
    uploads_mb: int = UPLOADS_MB
    connections: int = CONNECTIONS
    metrics_token: str | None = field(default=None, repr=False)
    log: Literal["json", "text"] = "text"
    least_disk_mb: int = LEAST_DISK_MB
    list_names: bool | None = None


def load_server_settings(
    environment: Mapping[str, str] | None = None, secrets_file: Path = SECRETS
) -> ServerSettings:
    """Read the settings of the server; a value that cannot be used raises `SettingsError`."""
    values = {**_secrets(secrets_file), **(os.environ if environment is None else environment)}
    return ServerSettings(
        trusted_proxies=_networks(values, "AQFUSION_TRUSTED_PROXIES"),
        allowed_hosts=_hosts(values, "AQFUSION_ALLOWED_HOSTS"),
        embed_on=_sites(values, "AQFUSION_EMBED_ON"),
        uploads_mb=_number(values, "AQFUSION_UPLOADS_MB", 100_000, least=10) or UPLOADS_MB,
        connections=_number(values, "AQFUSION_CONNECTIONS", 100_000) or CONNECTIONS,
        metrics_token=_token(values, "AQFUSION_METRICS_TOKEN"),
        log=_log_format(values),
        least_disk_mb=_number(values, "AQFUSION_LEAST_DISK_MB", 1_000_000) or LEAST_DISK_MB,
        list_names=_yes_or_no(values, "AQFUSION_LIST_NAMES"),
    )


def _token(values: Mapping[str, str], name: str) -> str | None:
    token = values.get(name, "").strip()
    if token and (len(token) < _SHORTEST_TOKEN or not token.isascii() or len(token.split()) > 1):
        raise SettingsError(
            f"{name} must have at least {_SHORTEST_TOKEN} characters without spaces, got others"
        )
    return token or None


def _log_format(values: Mapping[str, str]) -> Literal["json", "text"]:
    text = values.get("AQFUSION_LOG", "").strip().lower() or "text"
    if text == "json":
        return "json"
    if text != "text":
        raise SettingsError(f"AQFUSION_LOG must be json or text, got {text!r}")
    return "text"


def _listed(values: Mapping[str, str], name: str) -> tuple[str, ...]:
    return tuple(values.get(name, "").replace(",", " ").split())


def _networks(values: Mapping[str, str], name: str) -> tuple[str, ...]:
    listed = _listed(values, name)
    for network in listed:
        try:
            ip_network(network)
        except ValueError as error:
            rule = f"{name} must be addresses or networks like 10.0.0.5, 10.0.0.0/8"
            raise SettingsError(f"{rule}, got {network!r}") from error
    return listed


def _hosts(values: Mapping[str, str], name: str) -> tuple[str, ...]:
    hosts = _listed(values, name)
    for host in hosts:
        if not _HOST.fullmatch(host):
            rule = f"{name} must be names like aqi.example.org, without https:// and port"
            raise SettingsError(f"{rule}, got {host!r}")
    return hosts


def _sites(values: Mapping[str, str], name: str) -> tuple[str, ...]:
    sites = _listed(values, name)
    for site in sites:
        scheme, _, rest = site.partition("://")
        if scheme not in {"http", "https"} or not _SITE.fullmatch(rest):
            raise SettingsError(f"{name} must be sites like https://example.org, got {site!r}")
    return sites


def _number(values: Mapping[str, str], name: str, most: int, least: int = 1) -> int | None:
    text = values.get(name, "").strip()
    if not text:
        return None
    return read_whole_number(text, name, least, most, SettingsError)


def _yes_or_no(values: Mapping[str, str], name: str) -> bool | None:
    text = values.get(name, "").strip().lower()
    if text not in {"", *_YES, *_NO}:
        raise SettingsError(f"{name} must be yes or no, got {text!r}")
    return text in _YES if text else None


def _secrets(path: Path) -> dict[str, str]:
    if not path.is_file():
        return {}
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path.name} must be valid TOML: {error}") from error
    numbers = {n: str(v) for n, v in table.items() if isinstance(v, int)}  # True is no number then
    return numbers | {name: value for name, value in table.items() if isinstance(value, str)}


def _folder(values: Mapping[str, str], name: str) -> Path | None:
    if not values.get(name):
        return None
    folder = _expanded(name, values[name])
    if not folder.is_dir():
        rule = f"{name} must name a folder that exists"
        raise SettingsError(f"{rule}, got {values[name]!r}", public=rule)
    return folder


def _file(values: Mapping[str, str], name: str) -> Path | None:
    if not values.get(name):
        return None
    file = _expanded(name, values[name])
    if not file.is_file():
        rule = f"{name} must name a file that exists"
        raise SettingsError(f"{rule}, got {values[name]!r}", public=rule)
    return file


def _expanded(name: str, text: str) -> Path:
    try:
        return Path(text).expanduser()
    except RuntimeError as error:  # ~nobody
        raise SettingsError(f"{name} must name a folder that exists, got {text!r}") from error


def _address(values: Mapping[str, str], name: str) -> str | None:
    text = values.get(name, "").strip()
    if not text:
        return None
    rule = f"{name} must be an address like https://host/path/"
    if "@" in text:  # a password comes before it
        raise SettingsError(f"{rule}, without a user's name")
    try:
        parts = urlsplit(text)
        is_valid = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:  # no port, or half of an IPv6 address
        is_valid = False
    if not is_valid or not text.isascii() or {*"?#\\"} & {*text} or len(text.split()) > 1:
        raise SettingsError(f"{rule}, got {text!r}")
    return text.rstrip("/") + "/"
