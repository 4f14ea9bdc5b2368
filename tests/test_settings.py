"""Settings come from the environment, then the secrets file, then a default."""

from pathlib import Path

import pytest

from aqfusion.settings import (
    DEFAULT_MODEL,
    OPENAQ_URL,
    Settings,
    SettingsError,
    load_server_settings,
    load_settings,
)


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    return tmp_path / "secrets.toml"


def test_nothing_is_needed(secrets):
    home = Path.home() / ".aqfusion"
    assert load_settings({}, secrets) == Settings(None, None, home, DEFAULT_MODEL)


def test_the_secrets_file_is_read(secrets, tmp_path):
    secrets.write_text(f'AQFUSION_DATA = "{tmp_path}"\nAQFUSION_MODEL = "mine"\nport = 1\n')
    settings = load_settings({}, secrets)
    assert (settings.data, settings.model) == (tmp_path, "mine")


def test_the_environment_wins_over_the_secrets_file(secrets):
    secrets.write_text('AQFUSION_MODEL = "secret"\nAQFUSION_LABELS = "sqlite:///a"\n')
    settings = load_settings({"AQFUSION_MODEL": "env", "AQFUSION_LABELS": ""}, secrets)
    assert (settings.model, settings.labels) == ("env", None)


def test_the_process_environment_is_the_default(secrets, monkeypatch, tmp_path):
    monkeypatch.setenv("AQFUSION_WEIGHTS", str(tmp_path))
    assert load_settings(secrets_file=secrets).weights == tmp_path


def test_a_tilde_is_the_home_folder(secrets):
    assert load_settings({"AQFUSION_HOME": "~/air"}, secrets).home == Path.home() / "air"


@pytest.mark.parametrize("content", [b"AQFUSION_MODEL = mine", b"\xff\xfe", b"[["])
def test_a_bad_secrets_file_is_named(secrets, content):
    secrets.write_bytes(content)
    with pytest.raises(SettingsError, match=r"secrets\.toml must be valid TOML: "):
        load_settings({}, secrets)


@pytest.mark.parametrize("name", ["AQFUSION_DATA", "AQFUSION_WEIGHTS"])
@pytest.mark.parametrize("folder", ["/no/such/folder", __file__, "~nobody-of-this-name/data"])
def test_a_folder_that_is_absent_is_named(secrets, name, folder):
    with pytest.raises(SettingsError) as refused:
        load_settings({name: folder}, secrets)
    assert str(refused.value) == f"{name} must name a folder that exists, got {folder!r}"


def test_a_home_of_nobody_is_named(secrets):
    with pytest.raises(
        SettingsError, match="AQFUSION_HOME must name a folder that exists, got '~nobody-of"
    ):
        load_settings({"AQFUSION_HOME": "~nobody-of-this-name"}, secrets)


def test_a_password_of_the_label_store_is_never_printed(secrets):
    given = {
        "AQFUSION_LABELS": " postgresql://me:5ecret@host/labels ",
        "AQFUSION_PHOTOS": "sftp://me:5ecret@host/photos",
    }
    settings = load_settings(given, secrets)
    assert settings.labels == "postgresql://me:5ecret@host/labels"
    assert settings.photos == "sftp://me:5ecret@host/photos"
    assert "5ecret" not in f"{settings!r} {settings}"


def test_live_stations_are_off_and_openaq_is_asked_itself(secrets):
    settings = load_settings({}, secrets)
    assert (settings.openaq_key, settings.openaq_url) == (None, OPENAQ_URL)


def test_the_openaq_key_comes_from_the_secrets_file_and_is_never_printed(secrets):
    secrets.write_text('AQFUSION_OPENAQ_KEY = " 5ecret\\n"\n')
    settings = load_settings({}, secrets)
    assert settings.openaq_key == "5ecret"
    assert "5ecret" not in f"{settings!r} {settings}"


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/"),
        ("https://proxy.example/openaq/v3/", "https://proxy.example/openaq/v3/"),
        (" https://[::1]:8443/v3 ", "https://[::1]:8443/v3/"),
        ("", OPENAQ_URL),
    ],
)
def test_an_openaq_address_ends_with_one_slash(secrets, given, used):
    assert load_settings({"AQFUSION_OPENAQ_URL": given}, secrets).openaq_url == used


@pytest.mark.parametrize(
    "given",
    [
        *(
            "api.openaq.org/v3",
            "ftp://host/",
            "file:///etc/passwd",
            "javascript:alert(1)",
            "http://",
        ),
        *(
            "https://host:99999/",
            "https://host:x/",
            "https://host:0/",
            "https://[::1/",
            "https:///v3",
        ),
        *(
            "https://host/?a=b",
            "https://host/#x",
            "https://ho st/",
            "https://a\nb/",
            "https://höst/",
        ),
        "https://host\\x/",
    ],
)
def test_another_openaq_address_is_named(secrets, given):
    with pytest.raises(SettingsError) as refused:
        load_settings({"AQFUSION_OPENAQ_URL": given}, secrets)
    rule = "AQFUSION_OPENAQ_URL must be an address like https://host/path/"
    assert str(refused.value) == f"{rule}, got {given!r}"


def test_a_password_in_an_address_is_refused_and_not_repeated(secrets):
    with pytest.raises(SettingsError, match="without a user's name") as refused:
        load_settings({"AQFUSION_OPENAQ_URL": "https://me:hidden@host/"}, secrets)
    assert "hidden" not in str(refused.value)


@pytest.mark.parametrize("name", ["AQFUSION_IDLE_MINUTES", "AQFUSION_SIGN_IN_DAYS"])
@pytest.mark.parametrize("given", ["0", "-1", "1.5", "ten", "999999999", "１"])
def test_times_of_a_sign_in_are_whole_numbers(name, given, secrets):
    with pytest.raises(SettingsError, match=f"{name} must be a whole number from 1 to "):
        load_settings({name: given}, secrets)


_ANSWERS = (
    *(("", None), ("Yes", True), ("on", True), ("1", True), ("true", True)),
    *(("no", False), ("OFF", False), ("0", False), ("false", False)),
)


def test_how_people_sign_in_comes_from_settings(secrets):
    assert load_settings({}, secrets).pin_length is None
    assert load_settings({"AQFUSION_PIN_LENGTH": "12"}, secrets).pin_length == 12
    with pytest.raises(SettingsError, match="AQFUSION_PIN_LENGTH must be a whole number from 4 "):
        load_settings({"AQFUSION_PIN_LENGTH": "3"}, secrets)
    for given, expected in _ANSWERS:
        settings = load_server_settings({"AQFUSION_LIST_NAMES": given}, secrets)
        assert settings.list_names is expected
        settings = load_settings({"AQFUSION_BACKUP_DAILY": given}, secrets)
        assert settings.backup_daily is bool(expected)
    with pytest.raises(SettingsError, match="AQFUSION_LIST_NAMES must be yes or no, got 'maybe'"):
        load_server_settings({"AQFUSION_LIST_NAMES": "maybe"}, secrets)


def test_times_of_a_sign_in_come_from_settings(secrets):
    secrets.write_text('AQFUSION_IDLE_MINUTES = 10\nAQFUSION_SIGN_IN_DAYS = "2"\n')
    settings = load_settings({}, secrets)
    assert (settings.idle_minutes, settings.sign_in_days) == (10, 2)
    assert load_settings({"AQFUSION_IDLE_MINUTES": " 5 "}, secrets).idle_minutes == 5
