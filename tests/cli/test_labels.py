"""`python -m aqfusion labels`: JSON on stdout, sentences on stderr, 2 for bad input."""

import io
import json
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from aqfusion.cli import main
from aqfusion.data.dataset_folder import read_folder
from aqfusion.labels.answer import Answer
from aqfusion.labels.sign_in import SignInError
from aqfusion.labels.store import LabelStore
from aqfusion.settings import ROOT
from tests.labels.pictures import save
from tests.labels.planted import NOW, PIN, say


@pytest.fixture(autouse=True)
def home(monkeypatch, tmp_path, empty_labels):
    """The program's own folder, with an empty store in it."""
    for name in ("LABELS", "PHOTOS", "DATA"):
        monkeypatch.delenv(f"AQFUSION_{name}", raising=False)
    monkeypatch.setenv("AQFUSION_HOME", str(tmp_path / "home"))
    (tmp_path / "home" / "labels").mkdir(parents=True)
    (tmp_path / "home" / "labels" / "labels.db").write_bytes(empty_labels)
    return tmp_path / "home"


@pytest.fixture
def source(tmp_path):
    """A table of three photos, one of which is not there."""
    for number in (1, 2):
        save(tmp_path / "mine" / f"{number}.jpg", number)
    lines = ("photo,pm25,place,note", "1.jpg,12,Here,x", "2.jpg,80,There,", "3.jpg,1,\x1b[31m,")
    (tmp_path / "mine" / "photos.csv").write_text("\n".join(lines))
    return tmp_path / "mine" / "photos.csv"


def run(capsys, *arguments: object, status: int = 0) -> tuple[dict, str]:
    """Run a command; return its JSON and what it told on stderr."""
    assert main(["labels", *map(str, arguments)]) == status
    out, err = capsys.readouterr()
    assert "Traceback" not in err
    return json.loads(out) if out else {}, err


def refusal(capsys, *arguments: object) -> str:
    output, err = run(capsys, *arguments, status=2)
    assert output == {}
    return err.rstrip("\n")


def opened(home) -> LabelStore:
    return LabelStore.open(str(home / "labels" / "labels.db"), str(home / "labels" / "photos"))


def test_photos_come_in_get_labels_and_leave_as_a_training_folder(capsys, home, source, tmp_path):
    terms = ("--overlap", 2, "--licence", "CC BY 4.0")
    done, err = run(capsys, "import", source, *terms)
    fault = {
        "line": 4,
        "column": "photo",
        "rule": "must be that of a file below the folder of this file",
        "value": "3.jpg",
        "row_kept": False,
    }
    assert done == {
        "source": str(source),
        "new": 2,
        "known": 0,
        "duplicates": 0,
        "faults": [fault],
        "ignored": ["note"],
        "notes": ["pm25 has no unit in its title and is taken in ug/m3"],
    }
    assert "2 of 2 photos read, 2 of them new\n" in err
    assert (
        "line 4: photo must be that of a file below the folder of this file, got '3.jpg'\n" in err
    )
    assert "columns that are not read: 'note'\n" in err
    store = opened(home)
    operator = store.accounts.operator(NOW)
    for name in ("Ana", "Ben"):
        person = store.accounts.add_user(operator, name, PIN, "annotator", NOW)
        for item in (1, 2):
            say(store, person, item, Answer(aqi=100 * item))
    store.close()
    done, _ = run(capsys, "export", "--format", "training", "--out", tmp_path / "training")
    assert done == {
        "format": "training",
        "wrote": [str(tmp_path / "training")],
        "count": 2,
        "left_out": [],
        "missing_photos": [],
    }
    assert [row.aqi for row in read_folder(tmp_path / "training")] == [100, 200]
    stats, _ = run(capsys, "stats")
    assert (stats["items"], stats["status"]["answered"], stats["answers"]) == (2, 2, 4)
    assert run(capsys, "verify")[0] == {"sound": True, "faults": []}


def test_frozen_photos_are_for_measuring(capsys, source):
    run(capsys, "import", source, "--frozen")
    assert run(capsys, "stats")[0]["frozen"] == 2


def test_a_backup_and_an_export_fill_another_store(capsys, source, tmp_path, monkeypatch):
    run(capsys, "import", source)
    before, _ = run(capsys, "stats")
    saved, _ = run(capsys, "backup", tmp_path / "labels.zip")
    assert (saved["photos"], saved["rows"]["items"], saved["missing"]) == (2, 2, [])
    run(capsys, "export", "--format", "jsonl", "--out", tmp_path / "labels.jsonl")
    for command, file in (("restore", "labels.zip"), ("import", "labels.jsonl")):
        monkeypatch.setenv("AQFUSION_HOME", str(tmp_path / command))
        run(capsys, command, tmp_path / file)
        assert run(capsys, "stats")[0] == before
    refused = refusal(capsys, "restore", tmp_path / "labels.zip")
    assert refused.startswith("The label store is not empty: it has ")


def test_people_get_in_by_account_or_invitation(capsys, home, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO("1234\nmore"))
    made, _ = run(capsys, "add-user", "Ada", "--role", "admin", "--pin-stdin")
    assert (made["name"], made["role"]) == ("Ada", "admin")
    invited, _ = run(capsys, "invite", "--role", "annotator")
    store = opened(home)
    assert store.sign_in.by_pin("Ada", "1234", NOW).role == "admin"
    assert store.sign_in.by_invite(invited["invitation"], "Bo", PIN, NOW).role == "annotator"
    store.close()


def test_the_terminal_ends_the_wait_after_wrong_pins(capsys, home):
    store = opened(home)
    store.accounts.add_user(store.accounts.operator(NOW), "Ana", PIN, "annotator", NOW)
    at = datetime.now(UTC)
    for arguments in (["ANA"], ["--all"]):
        for _ in range(6):
            with pytest.raises(SignInError):
                store.sign_in.by_pin("Ana", "0000", at)
        assert run(capsys, "unlock", *arguments)[0] == {"unlocked": arguments[0].strip("-")}
        assert store.sign_in.by_pin("Ana", PIN, at).name == "Ana"
    store.close()
    assert refusal(capsys, "unlock", "Nobody") == "name must be one of the list, got 'Nobody'"
    for arguments in ([], ["Ana", "--all"]):
        assert refusal(capsys, "unlock", *arguments) == "unlock needs either a NAME or --all"


def test_the_terminal_gives_no_role_that_there_is_not(capsys, monkeypatch):
    for role in ("operator", "god"):
        monkeypatch.setattr(sys, "stdin", io.StringIO("1234\n"))
        assert "role" in refusal(capsys, "add-user", "Eve", "--role", role, "--pin-stdin")


def test_a_pin_is_asked_twice_and_only_at_a_terminal(capsys, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO("1234\n"))
    refused = refusal(capsys, "add-user", "Ada", "--role", "admin")
    assert refused == "add-user asks for a PIN at a terminal. Without one, use --pin-stdin"
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    typed = iter(["1234", "1243", "1234", "1234"])
    monkeypatch.setattr("getpass.getpass", lambda _: next(typed))
    refused = refusal(capsys, "add-user", "Ada", "--role", "admin")
    assert refused == "The two PINs differ. Type the same PIN twice"
    assert run(capsys, "add-user", "Ada", "--role", "admin")[0]["name"] == "Ada"


def test_a_store_that_is_not_sound_is_told_twice(capsys, source, home):
    run(capsys, "import", source)
    store = opened(home)
    store.database.write(
        lambda connection: connection.exec_driver_sql(
            "UPDATE items SET status='settled' WHERE id=1"
        )
    )
    store.close()
    output, err = run(capsys, "verify", status=2)
    assert output["sound"] is False
    assert output["faults"][0].startswith("item 1 must have status open, got settled")
    assert err.startswith("The store has 1 faults, the first: item 1 must have status open")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("", "Missing command (see aqfusion labels --help)"),
        ("import", "Missing argument 'FOLDER_OR_FILE'"),
        ("import none", "import must be a folder, a CSV file of photos, a .jsonl export or Label"),
        ("import mine --overlap 0", "--overlap must be a whole number from 1 to 20, got '0'"),
        ("import mine --overlap -1", "--overlap must be a whole number from 1 to 20, got '-1'"),
        ("import mine --overlap ²", "--overlap must be a whole number from 1 to 20, got '²'"),
        ("import mine --licence a\0", "licence must have no control characters"),
        ("export --out x", "Missing option '--format'"),
        ("export --out x --format xml", "--format must be one of csv, jsonl, events, label"),
        ("export --out mine --format csv", "export must be a file, got the folder mine"),
        ("export --out file/x --format csv", "File exists: file"),
        ("export --out mine --format training", "folder to write must be new or empty, got mine"),
        ("backup file", "The file file exists already"),
        ("restore none", "none is damaged or is not a backup"),
        ("invite --role king", "--role must be one of visitor, annotator, expert, admin, got 'k"),
        ("invite --role operator", "--role must be one of visitor, annotator, expert, admin, got"),
    ],
)  # fmt: skip
def test_bad_input_is_one_sentence(capsys, monkeypatch, source, tmp_path, arguments, sentence):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    refused = refusal(capsys, *arguments.split(" ")) if arguments else refusal(capsys)
    assert refused.startswith(sentence)
    assert "\n" not in refused


def test_the_store_is_opened_without_torch_and_streamlit(tmp_path):
    arguments = ["labels", "export", "--format", "csv", "--out", str(tmp_path / "x.csv")]
    program = (
        f"import sys; from aqfusion.cli import main; code = main({arguments!r}); "
        "print(code, sorted({'torch', 'timm', 'streamlit'} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stderr == "0 []\n"
