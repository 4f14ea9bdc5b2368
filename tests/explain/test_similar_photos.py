"""Nearest photos with planted embeddings, and an index that is whole and fitting, or made anew."""

import hashlib
import math
import os
import threading
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save

from aqfusion.air.readings import Reading
from aqfusion.data.dataset_folder import DatasetRow, read_folder
from aqfusion.explain import similar_photos
from aqfusion.explain.similar_photos import FRAMES, Neighbour, SimilarPhotos, frames_of
from aqfusion.images.photo import Photo
from aqfusion.model.predictor import Embedding, load_model

# Grey levels by session: an embedding is turned by one degree per level.
LEVELS = {"a": (10, 90), "b": (40, 41, 42), "c": (200,), "d": (60, 61)}
MEASURED = {"a": 50.0, "b": 150.4, "c": 250.0, "d": 350.0}


class Killed(BaseException):
    """What a kill -9, or a visitor who leaves, would be."""


class PlantedModel:
    """Embeds a flat grey photo as the angle of its level in degrees; counts what it looked at."""

    name = "planted"

    def __init__(self, sha256="ab12") -> None:
        self.checkpoint = SimpleNamespace(sha256=sha256, config=SimpleNamespace(image_size=96))
        self.looks = 0

    def embed(self, photo: Photo) -> Embedding:
        """Give (cos, sin, 0, ...), of any length."""
        self.looks += 1
        return at(photo.image.getpixel((0, 0))[0])


def at(degrees: float) -> Embedding:
    vector = np.zeros((1, 128), dtype=np.float32)
    vector[0, 0], vector[0, 1] = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return Embedding(3 * vector, None)


def plant(path: Path, level: int) -> None:
    Image.new("RGB", (40, 40), (level,) * 3).save(path)


@pytest.fixture
def rows(tmp_path) -> list[DatasetRow]:
    (tmp_path / "photos").mkdir()
    planted = []
    for session, levels in LEVELS.items():
        for number, level in enumerate(levels):
            path = tmp_path / "photos" / f"{session}-{number}.png"
            plant(path, level)
            aqi = MEASURED[session]
            planted.append(
                DatasetRow(path, "Alphaville", session, session, 0, Reading(pm25=1.0), aqi)
            )
    return planted


@pytest.fixture
def home(tmp_path) -> Path:
    return tmp_path / "home"


def silent(done, of):
    """Report to nobody."""


def told(neighbours: tuple[Neighbour, ...]) -> list[tuple[str, int]]:
    """Sessions and angles in degrees."""
    return [(n.row.session, round(math.degrees(math.acos(n.similarity)))) for n in neighbours]


def test_the_nearest_frame_of_each_session_in_order(rows, home):
    index = SimilarPhotos(PlantedModel(), rows, home).build(silent)
    found = index.nearest(at(44), 4)
    assert told(found) == [("b", 2), ("d", 16), ("a", 34), ("c", 90)]  # 156 degrees is opposite
    assert [n.row for n in found] == [rows[4], rows[6], rows[0], rows[5]]
    assert not any(n.is_query for n in found)
    assert index.nearest(at(44), 2) == found[:2]
    assert index.nearest(at(44), 0) == ()


def test_the_very_photo_comes_first_and_is_marked(rows, home):
    photo = Photo.open(rows[3].photo)
    index = SimilarPhotos(PlantedModel(), rows, home).build(silent)
    found = index.nearest(at(40.0001), 2, photo.digest)  # nearer to b-0 than to itself
    assert found[0] == Neighbour(rows[3], 1.0, True)
    assert (found[1].row.session, found[1].is_query) == ("d", False)


def test_frames_are_evenly_spread_and_hold_the_middle_one(rows):
    frames = [replace(rows[0], photo=Path(f"{n:03}.jpg"), session="long") for n in range(100)]
    spread = frames_of([*reversed(frames), rows[5]])
    assert [int(row.photo.stem) for row in spread[:-1]] == [7, 21, 35, 50, 64, 78, 92]
    assert len(spread) == FRAMES + 1
    assert frames[100 // 2] in spread  # what the gallery shows


def test_building_tells_how_far_it_is(rows, home):
    heard = []
    SimilarPhotos(PlantedModel(), rows, home).build(lambda done, of: heard.append((done, of)))
    assert heard == [(done, 8) for done in range(1, 9)]


def test_what_is_built_is_found_again_without_a_look(rows, home):
    built = SimilarPhotos(PlantedModel(), rows, home).build(silent)
    later = PlantedModel()
    cached = SimilarPhotos(later, rows, home).cached()
    assert told(cached.nearest(at(44), 4)) == told(built.nearest(at(44), 4))
    assert (cached.rows, cached.digests, cached.key) == (built.rows, built.digests, built.key)
    assert SimilarPhotos(later, rows, home).build(pytest.fail).key == built.key
    assert later.looks == 0


def test_nothing_is_known_before_it_is_built(rows, home):
    assert SimilarPhotos(PlantedModel(), rows, home).cached() is None
    assert not home.exists()


def stored(home: Path) -> Path:
    (file,) = home.iterdir()
    return file


def flipped(content: bytes, at: int) -> bytes:
    return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[:7],
        lambda content: content[: len(content) // 2],
        lambda content: content[:-1],
        lambda content: content + b"x",
        lambda content: flipped(content, len(content) - 100),
        lambda content: flipped(content, len(content) // 2),
        lambda content: content.replace(b'"F32"', b'"I32"'),
        lambda content: content.replace(b'"F32"', b'"XYZ"'),
        lambda content: b"\xff" * 400,
        lambda content: b"no tensors, but a text that a person wrote",
    ],
)
def test_a_damaged_file_is_made_anew(rows, home, damage):
    SimilarPhotos(PlantedModel(), rows, home).build(silent)
    sound = stored(home).read_bytes()
    stored(home).write_bytes(damage(sound))
    model = PlantedModel()
    again = SimilarPhotos(model, rows, home)
    assert again.cached() is None
    again.build(silent)
    assert model.looks == len(rows)
    assert stored(home).read_bytes() == sound


def test_a_file_of_another_model_or_other_photos_is_foreign(rows, home, tmp_path):
    built = SimilarPhotos(PlantedModel("cd34"), rows, home).build(silent)
    assert SimilarPhotos(PlantedModel("ab12"), rows, home).cached() is None
    other = SimilarPhotos(PlantedModel("cd34"), [replace(rows[0], aqi=51.0), *rows[1:]], home)
    assert other.cached() is None
    SimilarPhotos(PlantedModel("ab12"), rows, home).build(silent)
    assert SimilarPhotos(PlantedModel("ab12"), rows, home).cached().key != built.key
    stored(home)  # replaced, not piled up


def test_a_file_without_a_seal_is_not_trusted(tmp_path):
    path = tmp_path / "x.safetensors"
    path.write_bytes(save({"frames": torch.zeros(1)}))
    assert similar_photos.kept(path, "key") is None


def test_a_file_in_the_format_of_before_is_made_anew(tmp_path):
    path = tmp_path / "x.safetensors"
    tensors = {
        "frames": torch.zeros(1, dtype=torch.int64),
        "embeddings": torch.zeros(1, 128),
        "digests": torch.zeros(1, 32, dtype=torch.uint8),
    }
    for joint, is_read in (("", False), ("\n", True)):
        seal = hashlib.sha256(f"key{joint}".encode() + save(tensors)).digest()
        path.write_bytes(save({**tensors, "seal": torch.tensor(list(seal), dtype=torch.uint8)}))
        assert (similar_photos.kept(path, "key") is not None) == is_read


@pytest.mark.parametrize("change", ["rewritten", "touched", "gone"])
def test_a_changed_photo_is_noticed_at_once_and_later(rows, home, change):
    similar = SimilarPhotos(PlantedModel(), rows, home)
    similar.build(silent)
    if change == "rewritten":
        plant(rows[5].photo, 45)
    elif change == "touched":
        os.utime(rows[5].photo, ns=(1, 1))
    else:
        rows[5].photo.unlink()
    assert similar.cached() is None
    assert SimilarPhotos(PlantedModel(), rows, home).cached() is None
    nearest = similar.build(silent).nearest(at(45), 1)[0].row.session
    assert nearest == ("c" if change == "rewritten" else "b")


def test_a_photo_that_cannot_be_read_is_left_out_and_counted(rows, home):
    rows[0].photo.write_bytes(rows[0].photo.read_bytes()[:60])
    rows[5].photo.unlink()
    built = SimilarPhotos(PlantedModel(), rows, home).build(silent)
    cached = SimilarPhotos(PlantedModel(), rows, home).cached()
    for index in (built, cached):
        assert index.unreadable == 2
        assert told(index.nearest(at(44), 9)) == [("b", 2), ("d", 16), ("a", 46)]


def test_a_folder_without_any_readable_photo_gives_no_neighbours(rows, home):
    for row in rows:
        row.photo.write_bytes(b"no image")
    SimilarPhotos(PlantedModel(), rows, home).build(silent)
    index = SimilarPhotos(PlantedModel(), rows, home).cached()
    assert (index.nearest(at(44), 6), index.unreadable) == ((), 8)


def test_a_building_that_is_cut_off_leaves_no_file_and_goes_on(rows, home):
    model = PlantedModel()
    similar = SimilarPhotos(model, rows, home)

    def leave(done, of):
        if done == 5:
            raise Killed

    with pytest.raises(Killed):
        similar.build(leave)
    assert not home.exists()
    assert similar.cached() is None
    similar.build(silent)
    assert model.looks == len(rows)


def test_killed_while_writing_leaves_the_old_file(rows, home, monkeypatch):
    SimilarPhotos(PlantedModel("old"), rows, home).build(silent)
    old = stored(home).read_bytes()

    def killed(*_):
        raise Killed

    monkeypatch.setattr(Path, "replace", killed)
    with pytest.raises(Killed):
        SimilarPhotos(PlantedModel("new"), rows, home).build(silent)
    assert stored(home).read_bytes() == old


def test_a_home_that_cannot_be_written_costs_time_only(rows, home):
    home.write_text("a file where the folder should be")
    similar = SimilarPhotos(PlantedModel(), rows, home)
    assert told(similar.build(silent).nearest(at(44), 1)) == [("b", 2)]
    assert similar.cached() is not None
    assert SimilarPhotos(PlantedModel(), rows, home).cached() is None


def test_of_two_visitors_at_once_one_builds_and_both_hear_how_far_it_is(rows, home, monkeypatch):
    monkeypatch.setattr("aqfusion.explain.similar_photos._PATIENCE", 0.01)
    model = PlantedModel()
    similar = SimilarPhotos(model, rows, home)
    begun, other_waits = threading.Event(), threading.Event()
    heard, given = [], []

    def slow(done, of):
        begun.set()
        assert other_waits.wait(10)

    def waiting(done, of):
        heard.append((done, of))
        other_waits.set()

    first = threading.Thread(target=lambda: given.append(similar.build(slow)))
    first.start()
    assert begun.wait(10)
    given.append(similar.build(waiting))
    first.join(10)
    assert given[0] is given[1]
    assert model.looks == len(rows)
    assert heard[0] == (1, 8)


def test_a_real_model_finds_a_photo_of_the_folder_again(data_folder, checkpoint_folder, home):
    model, known_rows = load_model(checkpoint_folder), read_folder(data_folder)
    photo = Photo.open(known_rows[4].photo)
    index = SimilarPhotos(model, known_rows, home).build(silent)
    found = index.nearest(model.embed(photo), 6, photo.digest)
    assert found[0] == Neighbour(known_rows[4], 1.0, True)
    assert len({n.row.session for n in found}) == 6
    similarities = [n.similarity for n in found]
    assert similarities == sorted(similarities, reverse=True)
    assert index.nearest(model.embed(photo), 1)[0].similarity == pytest.approx(1, abs=1e-6)
