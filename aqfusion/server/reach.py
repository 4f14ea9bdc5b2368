"""Where this server is reached, and whether by strangers: on that rest names and short PINs."""

from collections.abc import Mapping
from ipaddress import ip_address

from streamlit import config, runtime

from aqfusion.settings import load_server_settings

_FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip")


def is_public() -> bool:
    """Tell whether the server listens to more than its own machine, or stands behind a proxy."""
    if not is_served():
        return False
    is_local = _is_loopback(str(config.get_option("server.address") or ""))
    return not is_local or bool(load_server_settings().trusted_proxies)


def is_served() -> bool:
    """Tell whether a server runs here: Streamlit's test runner gives all its pages one session."""
    return runtime.exists() and type(runtime.get_instance()) is runtime.Runtime


def is_at_this_machine(address: str, headers: Mapping[str, str]) -> bool:
    """Tell whether a visitor sits where the server runs, and no proxy stands between."""
    names = {name.lower() for name in headers}
    return _is_loopback(address) and not names & {*_FORWARDED}


def _is_loopback(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def base_path() -> str:
    """The path that Streamlit is served at, "" or one that begins with a slash."""
    base = str(config.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{base}" if base else ""
