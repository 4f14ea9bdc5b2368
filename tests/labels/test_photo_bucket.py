"""Photos in a bucket: a real driver (s3fs) against a server that answers as S3 does."""

import json
import logging
import sys
import zipfile

import pytest
from fsspec.registry import _registry
from PIL import Image

from aqfusion.cli.main import main
from aqfusion.images.photo import Photo
from aqfusion.labels.database import StoreError
from aqfusion.labels.photo_store import PhotoMissingError, PhotoStore
from aqfusion.labels.store import LabelStore
from tests.labels.planted import NOW, PIN

PHOTO = Photo.from_image(Image.linear_gradient("L"))


@pytest.fixture(scope="module")
def endpoint():
    """The address of an empty S3."""
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    yield "http://{}:{}".format(*server.get_host_and_port())
    server.stop()


@pytest.fixture
def bucket(endpoint, monkeypatch):
    """The URL of a new bucket, and the credentials for it."""
    import s3fs

    for name, value in {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }.items():
        monkeypatch.setenv(name, value)
    s3fs.S3FileSystem.clear_instance_cache()
    s3fs.S3FileSystem().mkdir("aqfusion-test")
    yield "s3://aqfusion-test/photos"
    s3fs.S3FileSystem().rm("aqfusion-test", recursive=True)
    s3fs.S3FileSystem.clear_instance_cache()


def test_photos_in_a_bucket_are_imported_served_verified_and_backed_up(
    bucket, tmp_path, monkeypatch, capsys
):
    monkeypatch.setenv("AQFUSION_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("AQFUSION_PHOTOS", bucket)
    folder = tmp_path / "photos"
    folder.mkdir()
    for number, angle in enumerate((0, 90)):
        Image.linear_gradient("L").rotate(angle).save(folder / f"{number}.jpg")
    assert main(["labels", "import", str(folder)]) == 0
    assert json.loads(capsys.readouterr().out)["new"] == 2

    store = LabelStore.open(str(tmp_path / "home" / "labels" / "labels.db"), bucket)
    asha = store.accounts.add_user(store.accounts.operator(NOW), "Asha", PIN, "annotator", NOW)
    leased = store.queue.next_item(asha, NOW)
    digest = leased.task.photo_hash
    assert Photo.decode(store.photos.get(digest)).image.size == (256, 256)
    with pytest.raises(PhotoMissingError, match="Photo 000000000000 is missing in the store"):
        store.photos.get("0" * 64)

    assert main(["labels", "verify"]) == 0
    backup, restored = tmp_path / "labels.zip", bucket.replace("photos", "restored")
    assert main(["labels", "backup", str(backup)]) == 0
    with zipfile.ZipFile(backup) as archive:
        assert sum(name.endswith(".jpg") for name in archive.namelist()) == 2
    monkeypatch.setenv("AQFUSION_HOME", str(tmp_path / "other"))
    monkeypatch.setenv("AQFUSION_PHOTOS", restored)
    assert main(["labels", "restore", str(backup)]) == 0
    assert PhotoStore(restored).get(digest) == store.photos.get(digest)
    assert store.photos.sweep(set(), NOW) == 0  # they have just been put
    store.close()


def test_a_bucket_that_cannot_be_reached_is_a_sentence(monkeypatch):
    import s3fs

    s3fs.S3FileSystem.clear_instance_cache()
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    photos = PhotoStore("s3://aqfusion-test/photos")
    for work in (lambda: photos.put(PHOTO), lambda: photos.get("0" * 64)):
        with pytest.raises(
            StoreError, match=r"The photos at 's3://aqfusion-test/photos' cannot be"
        ):
            work()


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        (
            "s3://bucket/x",
            "The photos at 's3://bucket/x' need a package that is not installed. "
            "Run: pip install s3fs",
        ),
        (
            "gs://bucket/x",
            "The photos at 'gs://bucket/x' need a package that is not installed. "
            "Run: pip install gcsfs",
        ),
        (
            "abfs://box/x",
            "The photos at 'abfs://box/x' need a package that is not installed. "
            "Run: pip install adlfs",
        ),
        (
            "sftp://me:5ecret@host/x",
            "The photos at 'sftp://host/x' need a package that is not installed. "
            'SFTPFileSystem requires "paramiko" to be installed',
        ),
        (
            "nosuch://bucket/x",
            "AQFUSION_PHOTOS must be a folder or an address of a known kind (s3://, gs://, az:// "
            "or another of fsspec's), got 'nosuch://bucket/x'",
        ),
    ],
)
def test_what_a_bucket_needs_is_told_once_and_not_for_each_photo(
    tmp_path, monkeypatch, capsys, address, sentence
):
    for package in ("s3fs", "gcsfs", "adlfs", "paramiko"):
        monkeypatch.setitem(sys.modules, package, None)  # as if it were not installed
    monkeypatch.delitem(sys.modules, "fsspec.implementations.sftp", raising=False)
    for kind in ("s3", "gs", "abfs", "sftp"):
        monkeypatch.delitem(_registry, kind, raising=False)  # what fsspec has imported already
    monkeypatch.setenv("AQFUSION_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("AQFUSION_PHOTOS", address)
    (tmp_path / "photos").mkdir()
    Image.linear_gradient("L").save(tmp_path / "photos" / "c.jpg")
    assert main(["labels", "import", str(tmp_path / "photos")]) == 2
    assert capsys.readouterr().err.splitlines()[-1] == sentence
