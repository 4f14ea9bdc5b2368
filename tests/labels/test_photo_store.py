"""Photos lie under the hash of their bytes, whole or not at all."""

import hashlib
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from PIL import Image

from aqfusion.images.photo import Photo
from aqfusion.labels.database import StoreError
from aqfusion.labels.photo_store import PhotoMissingError, PhotoStore

PHOTO = Photo.from_image(Image.linear_gradient("L"))


@pytest.fixture(params=["folder", "bucket"])
def photos(request, tmp_path):
    """A folder, and what fsspec has in memory, which behaves like a bucket."""
    where = str(tmp_path / "photos") if request.param == "folder" else f"memory://{uuid4()}"
    return PhotoStore(where)


def test_a_photo_comes_back_under_its_hash(photos):
    digest = photos.put(PHOTO)
    data = photos.get(digest)
    assert (hashlib.sha256(data).hexdigest(), photos.exists(digest)) == (digest, True)
    assert photos.put(PHOTO) == digest
    assert Photo.decode(data).image.size == PHOTO.image.size
    assert not photos.exists("0" * 64)
    with pytest.raises(PhotoMissingError, match="Photo 000000000000 is missing in the store"):
        photos.get("0" * 64)


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "", "a" * 63, "A" * 64])
def test_no_path_is_made_of_anything_but_a_hash(photos, name):
    with pytest.raises(PhotoMissingError, match="photo hash must be 64 hex digits"):
        photos.get(name)


def test_a_damaged_photo_is_told_and_healed(tmp_path):
    photos = PhotoStore(str(tmp_path))
    digest = photos.put(PHOTO)
    path = tmp_path / digest[:2] / f"{digest}.jpg"
    whole = path.read_bytes()
    path.write_bytes(whole[:100])
    with pytest.raises(PhotoMissingError, match="is damaged in the store"):
        photos.get(digest)
    photos.put(PHOTO)
    assert path.read_bytes() == whole
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_only_old_photos_that_nobody_needs_are_swept(tmp_path):
    photos = PhotoStore(str(tmp_path))
    needed, old, fresh = (photos.put_bytes(bytes([n]) * 9) for n in range(3))
    now = datetime.now(UTC)
    long_ago = (now - timedelta(hours=2)).timestamp()
    for digest in (needed, old):
        os.utime(tmp_path / digest[:2] / f"{digest}.jpg", (long_ago, long_ago))
    (tmp_path / "notes.jpg").write_bytes(b"not ours")
    assert photos.sweep({needed}, now) == 1
    assert [photos.exists(digest) for digest in (needed, old, fresh)] == [True, False, True]
    assert (tmp_path / "notes.jpg").exists()


def test_a_photo_that_is_put_again_is_young_again(tmp_path):
    photos = PhotoStore(str(tmp_path))
    digest = photos.put(PHOTO)
    path: Path = tmp_path / digest[:2] / f"{digest}.jpg"
    os.utime(path, (0, 0))
    photos.put(PHOTO)  # and no sweep takes it before its item is there
    assert photos.sweep(set(), datetime.now(UTC)) == 0


def test_an_unknown_kind_of_address_is_told_without_its_password():
    with pytest.raises(StoreError) as refused:
        PhotoStore("nosuch://me:5ecret@host/photos").put(PHOTO)
    assert "'nosuch://host/photos'" in str(refused.value)
    assert "5ecret" not in str(refused.value)
