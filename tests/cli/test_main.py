"""The program as a whole: its commands are loaded late, completed by shells, and all listed."""

import os
import subprocess
import sys

import pytest

from aqfusion.air.aqi import STANDARDS
from aqfusion.cli import labels, main
from aqfusion.labels import item_insertion
from aqfusion.labels.exports.export import FORMATS
from aqfusion.permissions import ROLES
from aqfusion.settings import ROOT

HEAVY = ["torch", "timm", "streamlit", "sqlalchemy", "numpy", "PIL", "pandas", "scipy"]


def help_of(capsys, *words: str) -> str:
    with pytest.raises(SystemExit) as stop:
        main([*words, "--help"])
    assert stop.value.code == 0
    return capsys.readouterr().out


def completions(monkeypatch, capsys, line: str) -> set[str]:
    """What a press of the tabulator key at the end of a line offers."""
    words = line.split(" ")
    monkeypatch.setenv("_AQFUSION_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", line)
    monkeypatch.setenv("COMP_CWORD", str(len(words) - 1))
    assert main([]) == 0
    return {offer.partition(",")[2] for offer in capsys.readouterr().out.split()}


def test_every_command_is_listed_and_has_a_help(capsys):
    listed = help_of(capsys).partition("Commands:\n")[2]
    names = [line.split()[0] for line in listed.splitlines() if line[2:3].strip()]
    assert names == [
        *("app", "predict", "explain", "aqi", "export", "train", "evaluate", "cards", "fetch-data"),
        *("features", "retrain", "models", "render-scenes", "site", "stations", "labels"),
        *("bench", "completion"),
    ]
    for name in names:
        assert help_of(capsys, name).startswith(f"Usage: aqfusion {name} ")


@pytest.mark.parametrize("words", [["--help"], ["predict", "--help"], ["labels", "--help"]])
def test_help_loads_nothing_that_takes_time(words):
    program = (
        "import sys; from aqfusion.cli import main\n"
        f"try: main({words!r})\n"
        "except SystemExit: pass\n"
        f"print({{*{HEAVY!r}}} & {{*sys.modules}}, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stderr == "set()\n"


def test_a_command_is_loaded_when_it_is_asked_for():
    program = (
        "import sys; from aqfusion.cli import main; main(['aqi', '--pm25', '1'])\n"
        "print({'aqfusion.cli.labels', 'aqfusion.cli.models'} & {*sys.modules}, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stderr == "set()\n"


TRAINING = ["torch", "timm", "sklearn", "scipy", "matplotlib", "pandas", "streamlit", "cv2"]


@pytest.mark.parametrize("words", [["labels", "stats"], ["labels", "verify"], ["models", "list"]])
def test_the_store_of_labels_is_read_without_what_training_needs(words, tmp_path):
    program = (
        f"import sys; from aqfusion.cli import main; main({words!r})\n"
        f"print({{*{TRAINING!r}}} & {{*sys.modules}}, file=sys.stderr)"
    )
    home = {**os.environ, "AQFUSION_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={**home, "AQFUSION_LABELS": f"sqlite:///{tmp_path / 'labels.db'}"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr.splitlines()[-1] == "set()"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_gets_a_script_that_asks_the_program(capsys, shell):
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert f"_AQFUSION_COMPLETE={shell}_complete" in script
    assert f'eval "$(aqfusion completion {shell})"' in help_of(capsys, "completion") or (
        shell == "fish" and "aqfusion completion fish | source" in help_of(capsys, "completion")
    )


def test_another_shell_is_refused(capsys):
    assert main(["completion", "cmd"]) == 2
    assert capsys.readouterr() == ("", "SHELL must be one of bash, zsh, fish, got 'cmd'\n")


@pytest.mark.parametrize(
    ("line", "offers"),
    [
        ("aqfusion ev", {"evaluate"}),
        ("aqfusion labels i", {"import", "invite"}),
        ("aqfusion aqi --standard ", {*STANDARDS}),
        ("aqfusion labels invite --role a", {"annotator", "admin"}),
        ("aqfusion outl", set()),
    ],
)
def test_words_are_completed(monkeypatch, capsys, line, offers):
    assert completions(monkeypatch, capsys, line) == offers


@pytest.mark.parametrize(
    ("former", "script"),
    [
        ("bench --queue 100 1000", "-m benchmarks, or benchmarks/label_queue.py or retraining.py"),
        ("outline --source land-50m.json", "tools/land_outline.py"),
        ("stations make-samples --data x --out y", "tools/sample_stations.py"),
        ("stations make-samples --help", "tools/sample_stations.py"),
    ],
)
def test_a_command_that_left_names_the_script_that_does_it_now(capsys, former, script):
    assert main(former.split()) == 2
    name = " ".join(word for word in former.split(" --")[0].split())
    assert capsys.readouterr() == (
        "",
        f"aqfusion {name} is now a script of the repository: python {script}\n",
    )


def test_the_words_of_the_store_are_those_of_its_commands():
    assert (*labels.ROLES, "operator") == ROLES
    assert labels.FORMATS == FORMATS
    assert labels.MOST_ANSWERS == item_insertion._MOST_OVERLAP


@pytest.mark.parametrize("option", ["--status --cancel", "--cancel --status"])
@pytest.mark.parametrize("command", ["retrain", "labels score"])
def test_a_run_is_told_of_or_cancelled_but_not_both(capsys, command, option):
    assert main([*command.split(), *option.split()]) == 2
    assert capsys.readouterr().err == "--cancel is not allowed with --status\n"
