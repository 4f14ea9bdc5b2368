"""Text from outside stays text: what a browser's Markdown would make of it is parted or escaped."""

import logging
import re

import pytest

from aqfusion.errors import InputError
from aqfusion.labels.store import LabelStore
from aqfusion.labels.store_errors import StoreError
from aqfusion.model.config import ModelError
from aqfusion.model.predictor import load_model
from aqfusion.settings import SettingsError, load_settings
from aqfusion.ui.markup import chart_text, plain, public_text

JOINER = "\u2060"
# What the browser's Markdown turns into links by itself, after it has resolved escapes and names.
ADDRESS = re.compile(r"(https?://|www(?=\.))([-.\w]+)|[-.\w+]+@[-\w]+(\.[-\w]+)+", re.IGNORECASE)
SHORT_CODE = re.compile(r":(material/)?[\w+-]*[A-Za-z_+-][\w+-]*:")


def read(text: str) -> str:
    """The text that the browser shows: backslash escapes are resolved."""
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", text)


@pytest.mark.parametrize(
    "hostile",
    [
        "![i](http://evil.example/i.png)",
        "[Sign in again](http://evil.example)",
        "<http://evil.example>",
        "http://evil.example",
        "HTTPS://EVIL.EXAMPLE",
        "www.evil.example",
        "WWW.evil.example and wWw.evil.example",
        "a@evil.example",
        "http&colon;//evil.example",
        "www&period;evil.example",
        "&#104;ttp://evil.example",
        "a&commat;evil.example",
        ":red[warning] :material/lock: :smile: :streamlit: :+1:",
        "$x$ `code` **b** _i_ ~~s~~ | a | b |",
        "[^1] [a]: http://evil.example",
        "# title",
        "1. list",
        "title\n===",
        "__all__ a__b",
        "<img src=x onerror=alert(1)>",
        "C:\\path\\http://evil.example",
    ],
)
def test_text_from_outside_stays_text(hostile):
    shown = read(plain(hostile))
    assert shown.replace(JOINER, "") == hostile
    assert not ADDRESS.search(shown)
    assert not SHORT_CODE.search(shown)
    unescaped = re.sub(r"\\[!-/:-@\[-`{-~]", "", plain(hostile))
    assert not re.search(r"[\[\]<>`*$&#|!~]|(?m:^\s*\d+[.)])|(?m:^=)", unescaped)


def test_names_of_settings_and_times_stay_as_they_are():
    for text in (
        "AQFUSION_DATA must name a folder",
        "12 µg/m³",
        "PM2.5, at 5 %",
        "metrics.json: wrong",
    ):
        assert plain(text) == text
    assert JOINER not in plain("2 Nov 2026, 09:01:30")


def test_text_in_a_chart_is_no_link():
    assert "<" not in chart_text('<a href="http://evil.example">x</a><br>')


SECRETS = ("/secret", "10.1.2.3", "5433", "hunter2", "keeper")


@pytest.mark.parametrize(
    "attempt",
    [
        lambda folder: LabelStore.open("postgresql://keeper:hunter2@10.1.2.3:x/secret", "p"),
        lambda folder: LabelStore.open("mysql://keeper:hunter2@10.1.2.3:5433/secret", "p"),
        lambda folder: LabelStore.open(str(folder / "secret"), "p"),
        lambda folder: LabelStore.open(str(folder / "secret" / "in" / "labels.db"), "p"),
        lambda folder: load_model(str(folder / "secret")),
        lambda folder: load_settings({"AQFUSION_DATA": "/secret/data"}),
        lambda folder: load_settings({"AQFUSION_STATIONS": "/secret/data"}),
    ],
)
def test_a_stranger_is_told_no_path_and_no_host(attempt, tmp_path, caplog):
    (tmp_path / "secret").write_bytes(b"no database at all, and longer than one page" * 200)
    with pytest.raises((StoreError, ModelError, SettingsError)) as caught:
        attempt(tmp_path)
    with caplog.at_level(logging.WARNING):
        words = public_text(caught.value)
    assert words
    assert not any(secret in words for secret in SECRETS)
    assert str(tmp_path) not in words
    assert "hunter2" not in str(caught.value)
    if words != str(caught.value):
        assert str(caught.value) in caplog.text


def test_what_is_hidden_is_logged_once_a_minute(caplog):
    error = InputError("/secret/once is gone", public="it is gone")
    with caplog.at_level(logging.WARNING):
        for _ in range(50):
            public_text(error)
    assert caplog.text.count("/secret/once") == 1
