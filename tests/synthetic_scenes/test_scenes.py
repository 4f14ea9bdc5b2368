"""A rendered scene obeys Koschmieder's law, and the shipped files are what the code renders."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from aqfusion.errors import InputError
from aqfusion.images.photo import Photo
from aqfusion.synthetic_scenes import outdoor
from aqfusion.synthetic_scenes.atmosphere import KINDS, Air, extinction_per_km, through_air
from aqfusion.synthetic_scenes.camera import Canvas
from aqfusion.synthetic_scenes.catalog import SCENES, SyntheticScene, scenes
from aqfusion.synthetic_scenes.outdoor import radiance, render

SMALL = (160, 120)
HAZE = SyntheticScene("haze", "haze.jpg", "Haze", "Haze", "haze", 6, 40, -60, 0, 3, True)


def test_contrast_of_a_dark_hill_falls_as_the_law_says():
    airlight, distance_km = np.array([0.6, 0.7, 0.8]), np.array([0.0, 1.0, 5.0, 10.0])
    seen = through_air(np.zeros((4, 3)), distance_km, 0.3, airlight)
    contrast = 1 - seen / airlight
    assert contrast == pytest.approx(np.exp(-0.3 * distance_km)[:, None].repeat(3, 1), abs=1e-6)


def test_contrast_at_the_visibility_is_two_percent():
    for visibility_km in (0.8, 6.0, 40.0):
        kept = np.exp(-extinction_per_km(visibility_km) * visibility_km)
        assert kept == pytest.approx(0.02, rel=1e-3)


def test_black_boards_in_the_picture_keep_the_law(monkeypatch):
    """Boards planted at 0.5, 2 and 8 km below the horizon: each row shows its own distance."""
    boards_km = np.array([0.5, 2.0, 8.0])
    canvas = Canvas(*SMALL)
    canvas.distance_km[80:] = 1.0
    canvas.distance_km[[80, 90, 100]] = boards_km[:, None]
    monkeypatch.setattr(outdoor, "_land", lambda *_: canvas)
    light, _ = radiance(HAZE, SMALL)
    lost = 1 - np.exp(-3.912 / 6 * boards_km)
    seen = light[[80, 90, 100]] / light[100]
    assert seen == pytest.approx(np.broadcast_to((lost / lost[2])[:, None, None], seen.shape))


def test_slanted_path_is_shorter_than_the_level_one():
    air = Air(KINDS["clear"], 10, 0.6, 0)
    path_km = air.slanted_km(np.array([20.0, 20.0]), np.array([0.0, 0.05]))
    layers = 20 * np.tan(0.05) / KINDS["clear"].layer_km
    assert path_km == pytest.approx([20.0, 20 * (1 - np.exp(-layers)) / layers])


def test_colour_fades_and_far_detail_goes_as_visibility_falls():
    colours, details = [], []
    for visibility_km in (40.0, 10.0, 3.0, 0.8):
        scene = dataclasses.replace(HAZE, visibility_km=visibility_km)
        hsv = np.asarray(render(scene, SMALL).convert("HSV")).astype(float)
        colours.append(hsv[..., 1].mean())
        details.append(np.diff(hsv[70:80, :, 2], axis=1).std())  # the town 2 to 4 km away
    assert colours == sorted(colours, reverse=True)
    assert details == sorted(details, reverse=True)


def test_sky_whitens_with_haze_and_brightens_towards_the_sun():
    up, ahead = np.array([0.35]), np.array([0.0])
    blue = [Air(KINDS["clear"], v, 0.7, 1.0).sky(up, ahead)[0] @ [-1, 0, 1] for v in (40, 10, 5)]
    assert blue == sorted(blue, reverse=True)
    air = Air(KINDS["smog"], 3, 0.3, 0.2)
    assert air.sky(np.array([0.3]), np.array([0.1])).sum() > air.sky(up, np.array([-0.3])).sum()


def test_same_seed_same_pixels_other_seed_other_town():
    first, again = render(HAZE, SMALL), render(HAZE, SMALL)
    other = render(dataclasses.replace(HAZE, seed=4), SMALL)
    assert first.tobytes() == again.tobytes() != other.tobytes()


@pytest.mark.long
def test_shipped_file_is_what_the_code_renders():
    scene = next(scene for scene in scenes() if scene.id == "clear-morning")
    shipped = np.asarray(Photo.open(SCENES / scene.file).image).astype(float)
    off = np.abs(shipped - np.asarray(render(scene)))
    assert shipped.shape == (600, 800, 3)
    assert off.mean() < 2.5, "run `python -m aqfusion render-scenes`"


def test_every_scene_ships_small_and_the_visibilities_span_the_scale():
    for scene in scenes():
        file = SCENES / scene.file
        assert file.stat().st_size < 70_000
        assert Photo.open(file).original_size == (800, 600)
    seen = {scene.visibility_km for scene in scenes() if scene.kind != "dust"}
    assert seen >= {40, 20, 10, 6, 3, 1.5, 0.8}


def test_writing_replaces_files_and_leaves_nothing_behind(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(outdoor, "scenes", lambda _folder: (HAZE,))
    monkeypatch.setattr(outdoor, "render", lambda scene, size: render(scene, SMALL))
    (tmp_path / "haze.jpg").write_text("old")
    outdoor.write_scenes(tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["haze.jpg"]
    with Image.open(tmp_path / "haze.jpg") as image:
        assert (image.format, image.size) == ("JPEG", SMALL)


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch):
    def full(*_: Path) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(outdoor, "scenes", lambda _folder: (HAZE,))
    monkeypatch.setattr(outdoor, "render", lambda scene, _size: Image.new("RGB", SMALL))
    monkeypatch.setattr(Path, "replace", full)
    (tmp_path / "haze.jpg").write_text("old")
    with pytest.raises(OSError, match="disk full"):
        outdoor.write_scenes(tmp_path)
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("haze.jpg", "old")]


FAULTS = {
    "not JSON": ("[", "scenes.json must be valid JSON"),
    "empty": ([], "scenes.json must be a list of scenes"),
    "a word": (["x"], "scene 0 must be an object, got 'x'"),
    "unknown field": ([{"fog": 1}], "scene 0 must have exactly the fields"),
    "visibility in words": ([{"visibility_km": "6"}], "visibility_km must be float, got '6'"),
    "visibility 0": ([{"visibility_km": 0}], "visibility_km must be 0.05 to 100, got 0"),
    "true as a seed": ([{"seed": True}], "seed must be int, got True"),
    "unknown kind": ([{"kind": "fog"}], "kind must be one of clear, haze, smog, dust, got 'fog'"),
    "path": ([{"file": "../x.jpg"}], "file must be the id and .jpg, got '../x.jpg'"),
    "claims to be real": ([{"rendered": False}], "rendered must be true, got false"),
    "twice": ([{}, {}], "must have each id once"),
}


@pytest.mark.parametrize("case", FAULTS)
def test_faulty_list_is_named(case, tmp_path: Path):
    rows, sentence = FAULTS[case]
    if isinstance(rows, list):
        whole = dataclasses.asdict(HAZE)
        rows = json.dumps([{**whole, **row} if isinstance(row, dict) else row for row in rows])
    (tmp_path / "scenes.json").write_text(rows)
    with pytest.raises(InputError) as caught:
        scenes(tmp_path)
    assert sentence in str(caught.value)


def test_absent_list_is_named(tmp_path: Path):
    with pytest.raises(InputError, match=r"scenes\.json must be readable"):
        scenes(tmp_path)
