"""`site landmark`: boxes on a reference photo, photos measured there, a sentence for bad input."""

import json
from datetime import UTC, datetime

import pytest

from aqfusion.cli import main
from aqfusion.labels.store import LabelStore
from aqfusion.settings import load_settings
from aqfusion.sites.landmark import sky_above
from aqfusion.sites.site import Site
from aqfusion.sites.site_file import read_site, write_site
from tests.sites.views import View, landmarks, photo, truth

NOW = datetime(2026, 11, 2, tzinfo=UTC)
TOWER = landmarks()[1]
BOX = ",".join(str(side) for side in vars(TOWER.box).values())


@pytest.fixture(autouse=True)
def _home(monkeypatch, tmp_path):
    for name in ("LABELS", "MODEL", "MODELS"):
        monkeypatch.delenv(f"AQFUSION_{name}", raising=False)
    monkeypatch.setenv("AQFUSION_HOME", str(tmp_path / "home"))


@pytest.fixture
def file(tmp_path):
    write_site(tmp_path / "town.json", Site("Town"))
    return tmp_path / "town.json"


@pytest.fixture(scope="module")
def shots(tmp_path_factory):
    """Photos by visibility in km, and one of another town."""
    folder = tmp_path_factory.mktemp("shots")
    for km in (5, 9, 15):
        photo(View(km, seed=km)).image.save(folder / f"{km}.png")
    photo(View(15), town=8).image.save(folder / "other.png")
    return folder


def answer(capsys, *arguments):
    assert main([str(argument) for argument in arguments]) == 0, capsys.readouterr().err
    return json.loads(capsys.readouterr().out)


def refusal(capsys, *arguments):
    assert main([str(argument) for argument in arguments]) == 2
    out, err = capsys.readouterr()
    assert (out, "Traceback" in err) == ("", False)
    return err.splitlines()[-1]


def draw(capsys, file, shots, *more):
    return answer(
        capsys, "site", "landmark", file, "--photo", shots / "15.png", "--box", BOX, *more
    )


def test_a_box_becomes_a_landmark_of_the_file(capsys, file, shots):
    said = draw(capsys, file, shots, "--distance-km", "3", "--name", "tower")
    site = read_site(file).site
    assert site.landmarks == (TOWER,)
    assert site.reference.digest == photo(View(15, seed=15)).digest
    seen = said["on_the_reference_photo"]
    assert seen["extinction"] == pytest.approx(truth(View(15), "tower"), rel=0.15)
    assert seen["visual_range_km"]["low"] < 15 < seen["visual_range_km"]["high"]
    assert seen["extinction_per_km"]["low"] < 3.912 / 15 < seen["extinction_per_km"]["high"]


def test_names_and_skies_may_be_left_out(capsys, file, shots):
    assert [draw(capsys, file, shots)["landmark"] for _ in range(2)] == ["landmark 1", "landmark 2"]
    first, second = read_site(file).site.landmarks
    assert first.sky == second.sky == sky_above(first.box)
    assert first.distance_km is None


def test_another_photo_is_measured_where_its_landmarks_are(capsys, file, shots):
    draw(capsys, file, shots, "--name", "tower")
    said = answer(capsys, "site", "landmark", file, "--photo", shots / "5.png")
    (tower,) = said["landmarks"]
    assert tower["seen"]["extinction"] == pytest.approx(truth(View(5), "tower"), rel=0.15)
    assert "visual_range_km" not in tower["seen"]
    assert said["evidence"] is None
    other = answer(capsys, "site", "landmark", file, "--photo", shots / "other.png")
    assert other["refused"].startswith("the photo must show the reference photo's view")
    assert other["landmarks"][0]["seen"] is None


def test_a_landmark_can_be_taken_away(capsys, file, shots):
    draw(capsys, file, shots, "--name", "tower")
    said = answer(capsys, "site", "landmark", file, "--remove", "tower")
    assert (said["removed"], said["landmarks"]) == ("tower", [])
    assert read_site(file).site == Site("Town")
    assert "got 'mill'" in refusal(capsys, "site", "landmark", file, "--remove", "mill")


def test_days_that_are_added_are_measured_and_evaluate_tells_what_it_helps(
    capsys, file, shots, site_model_folder
):
    draw(capsys, file, shots, "--name", "tower")
    (shots / "days.csv").write_text(
        "photo,time,aqi\n5.png,2026-03-01T08:00Z,190\n9.png,2026-03-02T08:00Z,120\n"
        "15.png,2026-03-03T08:00Z,80\nother.png,2026-03-04T08:00Z,90\n",
        encoding="utf-8",
    )
    model = ("--model", site_model_folder)
    said = answer(capsys, "site", "add", file, shots / "days.csv", "--trust-photo", *model)
    assert said["photos"] == 4
    ((line, reason),) = [(one["line"], one["reason"]) for one in said["left_out"]]
    assert line == 5
    assert reason.startswith("cannot be measured at a landmark: the photo must show")
    kept = [day.photo.extinction for day in read_site(file).site.days]
    assert [set(one) for one in kept] == [{"tower"}, {"tower"}, {"tower"}, set()]
    assert kept[0]["tower"] > kept[1]["tower"] > kept[2]["tower"]
    scores = answer(capsys, "site", "evaluate", file, *model)["scores"]
    assert scores["all"]["rmse"] != scores["without the landmarks"]["rmse"]
    today = ("--site", file, "--image", shots / "5.png", "--trust-photo", *model)
    said = answer(capsys, "predict", *today)
    assert (said["landmarks"]["days"], said["landmarks"]["shift"] > 0.1) == (3, True)
    hazy = answer(capsys, "site", "landmark", file, "--photo", shots / "5.png")["evidence"]
    assert hazy["days"] == 3
    assert hazy["times_the_usual_aqi"] > 1.1
    used = refusal(
        *(capsys, "site", "landmark", file, "--photo", shots / "15.png", "--box", BOX),
        *("--name", "tower"),
    )
    assert used.endswith(
        "landmark name must be new to the site and to what its days have measured, got 'tower'"
    )


def test_a_site_of_the_store_keeps_its_landmark(capsys, shots):
    store = LabelStore.from_settings(load_settings())
    ana = store.accounts.add_user(store.accounts.operator(NOW), "Ana", "1234", "annotator", NOW)
    store.sites.create(ana, Site("My town"), "r", NOW)
    store.close()
    assert draw(capsys, "My town", shots, "--name", "tower")["landmarks"] == ["tower"]
    said = answer(capsys, "site", "landmark", "My town", "--photo", shots / "9.png")
    assert said["landmarks"][0]["seen"]["extinction"] == pytest.approx(
        truth(View(9), "tower"), rel=0.15
    )


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--box", "1,2,3"), "--box must be four numbers from 0 to 1"),
        (("--box", "nan,0,1,1"), "box: left and right must be shares of 0 to 1"),
        (("--box", "0.4,0.001,0.5,0.5"), "the box must leave some sky above it"),
        (("--box", BOX, "--distance-km", "far"), "--distance-km must be a number, got 'far'"),
        (("--box", BOX, "--distance-km", "0"), "distance must be 0.05 to 300 km, got 0"),
        (("--box", BOX, "--name", "a\nb"), "landmark name must have 1 to 40 printable"),
        (("--box", "0.4,0.2,0.5,0.3"), "must stand out from the sky on the reference photo"),
        (("--box", BOX, "--sky", "0.4,0.7,0.6,0.9"), "the sky above the landmark must vary"),
        (("--name", "tower"), "--name needs --box"),
        (("--remove", "tower"), "must have either --photo or --remove"),
        ((), "The site has no landmarks"),
    ],
)
def test_what_breaks_a_rule_is_told_and_changes_nothing(capsys, file, shots, options, says):
    before = file.read_bytes()
    said = refusal(capsys, "site", "landmark", file, "--photo", shots / "15.png", *options)
    assert says in said
    assert file.read_bytes() == before


def test_landmarks_are_drawn_on_one_photo(capsys, file, shots):
    draw(capsys, file, shots)
    said = refusal(capsys, "site", "landmark", file, "--photo", shots / "9.png", "--box", BOX)
    assert said.startswith("landmarks must be drawn on the site's reference photo")
