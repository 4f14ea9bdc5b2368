"""A soak test of seconds: visitors and an annotator, on a server of its own."""

import json

import pytest

from aqfusion.cli.main import main
from aqfusion.load_test.annotation_plan import AnnotationPlan
from aqfusion.load_test.measurements import AnswerLedger
from aqfusion.load_test.soak import SoakPlan, soak


@pytest.mark.long
def test_a_soak_of_seconds_passes_and_leaves_its_figures(tmp_path):
    lines, out = [], tmp_path / "soak.json"
    figures = soak(SoakPlan(45, visitors=2, annotators=1, out=out, hurry=2), lines.append)
    assert figures["reasons"] == ()
    assert figures["answers"]["acknowledged"] > 3
    assert figures["answers"]["stored"] >= figures["answers"]["acknowledged"]
    assert {"open predict", "sign in", "answer"} <= {*figures["run_times"]}
    assert json.loads(out.read_text())["run_times"] == figures["run_times"]
    assert lines[-1].startswith("0.5 min: ")


def test_the_store_is_counted_against_what_was_acknowledged(tmp_path):
    plan = AnnotationPlan.prepare(tmp_path, annotators=2, seconds=0)
    ledger = AnswerLedger()
    ledger.send("a")
    ledger.acknowledge("a")
    check = plan.check(ledger)
    assert (check.acknowledged, check.stored, check.lost) == (1, 0, 1)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("--soak 0", "--soak must be more than 0 minutes and at most 20160, got 0"),
        ("--soak nan", "--soak must be a number, got 'nan'"),
        (
            "--soak 1 --visitors 0",
            "--visitors and --annotators must be more than 0 together, got 0",
        ),
        ("--soak 1 --annotators 1 --url http://x", "--annotators is not allowed with --url"),
        ("--soak 1 --url x", "--url must start with http:// or https://, got 'x'"),
    ],
)
def test_a_soak_that_cannot_be_is_one_sentence(capsys, arguments, sentence):
    assert main(["bench", *arguments.split()]) == 2
    assert capsys.readouterr() == ("", f"{sentence}\n")
