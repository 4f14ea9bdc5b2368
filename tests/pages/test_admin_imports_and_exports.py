"""The Admin page's imports and exports, and what becomes of hostile and half-good uploads."""

import io
import json
import zipfile

import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from aqfusion.active_learning import scoring_process
from aqfusion.background_jobs import JobProgress, RunError
from aqfusion.labels.imports.item_import import SourceError, Terms, import_items
from aqfusion.labels.imports.photo_sources import Upload, list_uploads
from aqfusion.labels.search import Filters
from aqfusion.permissions import RoleError
from aqfusion.settings import ROOT
from tests.labels.pictures import save
from tests.labels.planted import NOW, PIN, say

SECONDS = 60
EVIL = "../<img src=x onerror=alert(1)>.jpg"


@pytest.fixture
def admin(labels):
    return labels.accounts.first_admin("Ada", PIN, NOW)


@pytest.fixture(autouse=True)
def started(monkeypatch) -> list[str]:
    """Who would have started a scoring: the page's part is tested here, the process elsewhere."""
    names: list[str] = []
    monkeypatch.setattr(scoring_process, "start", lambda settings, actor: names.append(actor.name))
    return names


@pytest.fixture
def photos(tmp_path) -> list[tuple[str, bytes]]:
    """Three photos, as their sender calls them."""
    for number in (1, 2, 3):
        save(tmp_path / f"{number}.jpg", number)
    names = ("1.jpg", "2.jpg", EVIL)
    return [(name, (tmp_path / f"{n}.jpg").read_bytes()) for n, name in enumerate(names, start=1)]


def opened(actor) -> AppTest:
    page = AppTest.from_file(str(ROOT / "pages" / "admin.py"), default_timeout=SECONDS)
    page.session_state["account_actor"] = actor
    page.session_state["admin_choice_part"] = "Import and export"
    page.run()
    assert not page.exception
    return page


def bring(page: AppTest, files: list[tuple[str, bytes]]) -> AppTest:
    (uploader,) = page.get("file_uploader")
    uploader.set_value([(name, content, "application/octet-stream") for name, content in files])
    return press(page, "Import the photos")


def press(page: AppTest, label: str) -> AppTest:
    next(button for button in page.button if button.label == label).click().run()
    assert not page.exception
    return page


def told(page: AppTest) -> str:
    said = [*page.success, *page.error, *page.warning]
    return " ".join(one.value for one in said).replace("\\", "").replace("\u2060", "")


def items(labels, admin):
    return labels.search(admin, Filters(), None, 50).items


def test_photos_come_in_once_and_with_what_the_table_tells(labels, admin, photos):
    page = bring(opened(admin), photos[:2])
    assert told(page) == "New items: 2. Already in the store: 0."
    table = b"photo,pm25,place,gold\nsub/1.jpg,12,Here,\n2.jpg,x,There,\n9.jpg,1,,\n3.jpg,5,,180\n"
    page = bring(page, [("t.csv", table), *photos[:2], ("3.jpg", photos[2][1]), ("4.jpg", b"no")])
    text = told(page)
    assert "New items: 2. Already in the store: 1. Photos or rows not imported: 2." in text
    assert "Cells left out of imported rows: 1." in text
    assert "pm25 must be a number" in text
    assert "photo must be one of the photos that came with the table, got '9.jpg'" in text
    assert "file must be named in the table, got '4.jpg'" in text
    known = {item.source: item for item in items(labels, admin)}
    assert known["t.csv: sub/1.jpg"].task.reading.pm25 == 12
    assert known["t.csv: 3.jpg"].known_aqi == 180


def test_a_hostile_name_is_no_path_and_no_html(labels, admin, photos, tmp_path):
    page = bring(opened(admin), [photos[2], ("b.jpg", b"\xff\xd8\xffnot a photo")])
    assert "New items: 1." in told(page)
    assert not [one for one in (tmp_path, tmp_path.parent) if (one / "<img src=x onerror").exists()]
    assert [item.source for item in items(labels, admin)] == [f"upload: {EVIL}"]
    page = bring(opened(admin), [(EVIL, b"\xff\xd8\xffnot a photo")])
    assert "1 faults" in told(page)
    assert r"\<img" in page.error[0].value


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        ([], "import must have a photo, got none"),
        (["a.csv"], "import must have a photo, got none"),
        (["a.csv", "b.csv", "1.jpg"], "import must have one table or none, got 2"),
        (["a.csv", "1.jpg", "1.jpg"], "photos must have different names"),
    ],
)
def test_what_does_not_go_together_is_refused(names, sentence, tmp_path):
    (tmp_path / "0").write_bytes(b"photo\n1.jpg\n")
    with pytest.raises(SourceError, match=sentence):
        list_uploads([Upload(name, tmp_path / "0") for name in names], NOW)


def test_only_an_admin_imports(labels, admin, photos, tmp_path):
    eva = labels.accounts.add_user(admin, "Eva", PIN, "expert", NOW)
    (tmp_path / "0").write_bytes(photos[0][1])
    listing = list_uploads([Upload("1.jpg", tmp_path / "0")], NOW)
    with pytest.raises(RoleError):
        import_items(labels, eva, listing, Terms(), NOW)
    assert opened(eva).get("file_uploader") == []


def test_each_format_is_one_file_to_take_away(labels, admin, photos):
    page = bring(opened(admin), photos[:2])
    ben = labels.accounts.add_user(admin, "Ben", PIN, "annotator", NOW)
    first = items(labels, admin)[-1]
    say(labels, ben, first.task.id, 3)
    inside = {}
    for chosen in ("csv", "events", "jsonl", "label-studio", "training"):
        page.selectbox(key="labels_export_format").set_value(chosen).run()
        press(page, "Prepare the export")
        ready = page.session_state["labels_export_ready"]
        inside[chosen] = zipfile.ZipFile(io.BytesIO(ready.take(admin)))
    names = {chosen: sorted(archive.namelist()) for chosen, archive in inside.items()}
    assert names["csv"] == ["labels-answers.csv", "labels.csv"]
    assert names["events"] == ["events.csv"]
    assert (len(names["jsonl"]), len(names["label-studio"])) == (3, 5)
    lines = inside["jsonl"].read("labels.jsonl").decode().splitlines()
    assert [json.loads(line)["number"] for line in lines] == [1, 2]
    picture = next(name for name in names["jsonl"] if name.endswith(".jpg"))
    assert Image.open(io.BytesIO(inside["jsonl"].read(picture))).size == (96, 96)
    assert any(name.endswith(".csv") for name in names["training"])


def test_an_invitation_can_be_taken_back(labels, admin):
    labels.invites.make(admin, "expert", NOW)
    (one,) = labels.invites.unused(admin, NOW)
    labels.invites.take_back(admin, one.id)
    assert labels.invites.unused(admin, NOW) == ()


def test_what_came_in_is_scored_by_itself_and_progress_is_shown(
    labels, admin, photos, started, monkeypatch
):
    page = bring(opened(admin), photos[:2])
    assert started == ["Ada"]
    assert "2 of the 2 items that wait for answers are not scored yet" in shown(page)
    press(page, "Score the unlabelled items")
    assert started == ["Ada", "Ada"]
    bring(page, photos[:2])  # known already: nothing to score
    assert started == ["Ada", "Ada"]
    now = JobProgress("running", "", "", 1, "Ada", "", done=137, total=364)
    monkeypatch.setattr(scoring_process, "status", lambda settings: now)
    asked = []
    monkeypatch.setattr(
        scoring_process, "cancel", lambda settings, actor: asked.append(actor.name) or True
    )
    page.run()
    assert "137 of 364 scored, started by Ada" in page.get("progress")[0].proto.text
    press(page, "Stop scoring")
    assert asked == ["Ada"]
    assert "Scoring is stopping." in told(page)


def test_what_keeps_a_scoring_from_starting_is_told_and_the_import_stays(
    labels, admin, photos, monkeypatch
):
    def refused(settings, actor):
        raise RunError("scoring is running already (process 7)")

    monkeypatch.setattr(scoring_process, "start", refused)
    page = bring(opened(admin), photos[:2])
    assert "New items: 2." in told(page)
    assert "Scoring of the new items did not start. Start it below." in told(page)
    press(page, "Score the unlabelled items")
    assert "scoring is running already (process 7)" in told(page).lower()


def shown(page: AppTest) -> str:
    return " ".join(one.value for one in [*page.markdown, *page.caption])
