"""The Models page: what serves, the way back, the gate's word, and who may do what."""

from datetime import UTC, datetime

import pytest
from streamlit.testing.v1 import AppTest

from aqfusion.io.file_lock import locked
from aqfusion.permissions import RoleError
from aqfusion.registry.registry import TERMINAL
from aqfusion.retraining import process
from aqfusion.settings import ROOT
from aqfusion.ui.markup import plain
from tests.labels.planted import NOW, PIN
from tests.planted_versions import (
    REFUSAL,
    damage,
    keep_progress,
    planted_version,
    registry_in,
)

SECONDS = 60


@pytest.fixture
def registry(labels, tmp_path, monkeypatch):
    monkeypatch.delenv("AQFUSION_MODELS", raising=False)
    monkeypatch.setenv("AQFUSION_MODELS", str(tmp_path / "models"))
    return registry_in(tmp_path)


@pytest.fixture
def admin(labels):
    return labels.accounts.first_admin("Ada", PIN, NOW)


@pytest.fixture
def eva(labels, admin):
    return labels.accounts.add_user(admin, "Eva", PIN, "expert", NOW)


def opened(actor, part: str = "Now") -> AppTest:
    page = AppTest.from_file(str(ROOT / "pages" / "models.py"), default_timeout=SECONDS)
    page.session_state["account_actor"] = actor
    page.session_state["models_choice_part"] = part
    page.run()
    assert not page.exception
    return page


def press(page: AppTest, label: str) -> AppTest:
    next(button for button in page.button if button.label == label).click().run()
    assert not page.exception
    return page


def words(page: AppTest) -> str:
    """All that it says, without the signs that keep names from being Markdown."""
    drawn = [*page.markdown, *page.success, *page.warning, *page.error, *page.caption, *page.info]
    tables = [block.proto.body for block in page.get("html")]
    text = " ".join([*(one.value for one in drawn), *tables])
    return text.replace("\\", "").replace("\u2060", "")


def test_without_a_version_the_shipped_model_serves(registry, eva):
    page = opened(eva)
    assert "The shipped model" in words(page)
    assert "No label has been settled since the shipped model" in words(page)
    assert not [button for button in page.button if button.label.startswith("Go back")]
    assert "There is no retrained version yet" in words(opened(eva, "Versions"))


def test_an_annotator_sees_none_of_it_and_the_registry_refuses_them(
    registry, labels, admin, checkpoint_folder
):
    ben = labels.accounts.add_user(admin, "Ben", PIN, "annotator", NOW)
    version = planted_version(registry, checkpoint_folder)
    page = opened(ben)
    assert "This page is for experts and above" in words(page)
    assert not page.button(key="account_out").disabled
    assert len(page.button) == 1
    for act in (
        lambda: registry.promote(ben, version.name, "mine", NOW),
        lambda: registry.rollback(ben, "mine", NOW),
        lambda: registry.prune(ben),
        lambda: process.start(registry.home, ben),
        lambda: process.cancel(registry.home, ben),
    ):
        with pytest.raises(RoleError):
            act()
    assert registry.current().version is None


def test_a_version_serves_and_one_click_goes_back(registry, eva, checkpoint_folder):
    first = planted_version(registry, checkpoint_folder)
    registry.promote(eva, first.name, "", NOW)
    second = planted_version(registry, checkpoint_folder, after=30.0)
    page = opened(eva, "Versions")
    assert "error 45.0 before, 30.0 after" in words(page)
    assert "its error is 31 AQI; before, it was 80" in words(page)
    press(page, "Deploy")
    assert "Version 2 is now deployed" in words(page)
    assert registry.current().version == second.name
    page = opened(eva)
    assert "Version 2" in words(page)
    assert "by Eva" in words(page)
    page.text_input(key="models_back_reason").set_value("it reads fog as smoke")
    press(page, "Go back from version 2")
    assert "Version 1 is deployed again" in words(page)
    assert registry.promotions()[-1].reason == "it reads fog as smoke"


def test_what_the_gate_refused_serves_only_with_a_reason(registry, eva, checkpoint_folder):
    version = planted_version(registry, checkpoint_folder, passed=False)
    page = opened(eva, "Versions")
    (warning,) = page.warning
    assert plain(REFUSAL) in warning.value
    assert "<b>" not in warning.value
    press(page, "Deploy anyway")
    assert "Reason must be given to deploy" in words(page)
    assert registry.current().version is None
    page.text_area(key=f"models_reason_{version.name}").set_value("only Alphaville is asked here")
    press(page, "Deploy anyway")
    assert registry.current().version == version.name
    assert registry.promotions()[-1].reason == "only Alphaville is asked here"


def test_a_demoted_expert_on_an_open_page_promotes_nothing(
    registry, labels, admin, eva, checkpoint_folder
):
    planted_version(registry, checkpoint_folder)
    page = opened(eva, "Versions")
    labels.accounts.set_role(admin, eva.id, "annotator")
    press(page, "Deploy")
    assert registry.current().version is None
    assert "This page is for experts and above" in words(page)


def test_a_damaged_version_is_told_and_the_one_before_serves(registry, eva, checkpoint_folder):
    first, second = (planted_version(registry, checkpoint_folder) for _ in range(2))
    for one in (first, second):
        registry.promote(eva, one.name, "", NOW)
    damage(second)
    page = opened(eva)
    assert "an earlier version is used instead" in words(page)
    assert "**Version 1**" in words(page)
    page = press(opened(eva, "Versions"), "Check every file")
    assert "model.safetensors must have the SHA-256" in words(page)


def test_a_run_is_seen_by_every_page_and_is_ended_by_a_click(registry, eva, monkeypatch):
    asked = []
    monkeypatch.setattr(process, "cancel", lambda home, actor: asked.append(actor.name) or True)
    keep_progress(
        registry, state="running", by="Uma_*", step="extracted features of 3 of 9 sessions"
    )
    with locked(registry.home / "run.lock", 1) as held:
        assert held
        page = opened(eva)
        assert "extracted features of 3 of 9 sessions" in words(page)
        assert not [button for button in page.button if button.label == "Retrain"]
        with pytest.raises(process.RunError, match="retraining is running already"):
            process.start(registry.home, eva)
        press(page, "Stop retraining")
        assert asked == ["Eva"]


@pytest.mark.parametrize(
    ("state", "says"),
    [("failed", "failed after 60 s: no room"), ("killed", "killed"), ("out of time", "out of")],
)
def test_what_came_of_a_run_is_told(registry, eva, state, says):
    keep_progress(registry, state=state, by="Uma", said="no room")
    assert says in words(opened(eva))


def test_one_page_run_answers_by_one_version_and_the_next_by_the_new_one(
    registry, checkpoint_folder
):
    page = AppTest.from_file(str(ROOT / "pages" / "predict.py"), default_timeout=SECONDS)
    page.run()
    assert "Model: mobilenetv2_100. " in words(page)
    version = planted_version(registry, checkpoint_folder)
    registry.promote(TERMINAL, version.name, "", datetime.now(UTC))
    page.run()
    assert not page.exception
    assert "Model: mobilenetv2_100, retrained: version 1. " in words(page)
