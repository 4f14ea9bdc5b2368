"""Settings of the gate: what cannot be used is refused in a sentence before the server starts."""

import pytest

from aqfusion.settings import SettingsError, load_server_settings


@pytest.mark.parametrize(
    ("name", "given"),
    [
        *(("AQFUSION_TRUSTED_PROXIES", v) for v in ("*", "10.0.0.1/8", "proxy.example")),
        *(("AQFUSION_ALLOWED_HOSTS", v) for v in ("https://a.example", "a.example:80", "*", "a/b")),
        *(("AQFUSION_EMBED_ON", v) for v in ("a.example", "*", "https://a.example/x;", "http://")),
        *(("AQFUSION_UPLOADS_MB", v) for v in ("0", "9", "many")),
        *(("AQFUSION_CONNECTIONS", v) for v in ("0", "-1")),
    ],
)
def test_a_value_that_cannot_be_used_is_refused(name, given, tmp_path):
    with pytest.raises(SettingsError, match=f"{name} must be "):
        load_server_settings({name: given}, tmp_path / "none")


def test_settings_of_the_server(tmp_path):
    given = {
        "AQFUSION_TRUSTED_PROXIES": "127.0.0.1, ::1 10.0.0.0/8",
        "AQFUSION_ALLOWED_HOSTS": "aqi.example.org, [::1]",
        "AQFUSION_EMBED_ON": "https://example.org https://*.example.net:8443",
        "AQFUSION_UPLOADS_MB": "50",
    }
    settings = load_server_settings(given, tmp_path / "none")
    assert settings.trusted_proxies == ("127.0.0.1", "::1", "10.0.0.0/8")
    assert settings.allowed_hosts == ("aqi.example.org", "[::1]")
    assert settings.embed_on == ("https://example.org", "https://*.example.net:8443")
    assert (settings.uploads_mb, settings.connections) == (50, 100)
