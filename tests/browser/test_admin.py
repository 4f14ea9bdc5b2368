"""Accounts, backup and giving a photo away, in a real browser and on a server of their own."""

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from aqfusion.settings import ASSETS
from tests.browser.conftest import Visitor, serve

pytestmark = [pytest.mark.browser, pytest.mark.long]

WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
CARD = ".st-key-account_card"
PHONE = {"viewport": {"width": 375, "height": 812}, "color_scheme": "dark"}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def server(home: Path) -> Iterator[str]:
    """A server whose store nobody else writes to."""
    with serve(home, "-m", "streamlit") as address:
        yield address


def fill(visitor: Visitor, **fields: str) -> None:
    for key, text in fields.items():
        visitor.page.locator(f".st-key-{key} input").fill(text)


def test_from_the_code_in_the_log_to_an_invited_person_and_a_backup(
    visitor: Visitor, chromium: Browser, server: str, home: Path
):
    visitor.open("/admin", until=CARD)
    log = (home / "server.log").read_text(encoding="utf-8")
    (code,) = re.findall("Code for the first admin: ([0-9a-f]+)", log)
    fill(visitor, account_code=code, account_new_name="Ada", account_new_pin="1234")
    visitor.press("Create the account")
    visitor.page.wait_for_selector(".st-key-card_invite")
    visitor.keep_screenshot("admin-people-wide-light")

    visitor.press("Create a link")
    link = visitor.page.locator(".st-key-card_invite code").inner_text()
    assert link.startswith(f"{server}/label?invite=")
    context = chromium.new_context(**PHONE)
    guest = Visitor(context.new_page(), server)
    guest.open(link.removeprefix(server).replace("/label", "/admin"), until=CARD)
    guest.keep_screenshot("account-join-phone-dark")
    assert guest.page.evaluate(WIDER) <= 0
    fill(guest, account_new_name="Ben", account_new_pin="5678")
    guest.press("Join")
    guest.page.wait_for_selector("text=This page is for admins. You are signed in as Ben")
    assert "invite" not in guest.page.url
    context.close()

    visitor.page.get_by_role("radio", name="Store", exact=True).click()
    visitor.settle()
    visitor.press("Prepare a backup")
    with visitor.page.expect_download() as download:
        visitor.page.get_by_role("button", name=re.compile("Download,")).click()
    with zipfile.ZipFile(download.value.path()) as archive:
        assert "tables/users.jsonl" in archive.namelist()
    visitor.settle()
    assert visitor.page.get_by_role("button", name="Discard").count() == 0
    assert visitor.outside == []


@pytest.mark.parametrize("visitor", [pytest.param(PHONE, id="phone-dark")], indirect=True)
def test_a_photo_is_given_only_after_the_box_is_ticked(visitor: Visitor, home: Path):
    def kept() -> list[Path]:
        return list((home / "labels").rglob("*.jpg"))

    visitor.open("/predict")
    visitor.page.get_by_role("radio", name="Upload").click()
    visitor.settle()
    field = visitor.page.locator(".st-key-photo_upload input[type=file]")
    field.set_input_files(ASSETS / "scenes" / "haze.jpg")
    visitor.page.wait_for_selector("img[alt='The photo you uploaded']")
    visitor.settle()
    visitor.page.get_by_text("Contribute this photo to AQFusion").click()
    give = visitor.page.get_by_role("button", name="Contribute")
    give.click()
    visitor.page.wait_for_selector("text=first tick the box to agree to the text")
    assert kept() == []
    visitor.page.get_by_text("I agree to this text").click()
    visitor.settle()
    give.click()
    visitor.page.wait_for_selector("text=Thank you. An expert will check your photo")
    visitor.keep_screenshot("contribute-phone-dark")
    assert len(kept()) == 1
    assert visitor.page.evaluate(WIDER) <= 0
    assert visitor.outside == []
