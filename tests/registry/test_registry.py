"""Versions, the pointer to the current one, and what is served when something is damaged."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from aqfusion.permissions import Actor, RoleError
from aqfusion.registry.registry import TERMINAL, Registry
from aqfusion.registry.serving import CURRENT, Served
from aqfusion.registry.version import MANIFEST, RegistryError, Version
from aqfusion.settings import ROOT
from tests.planted_retrain import NOW

PASSED = {"passed": True, "reasons": []}
REFUSED = {"passed": False, "reasons": ["it got worse"]}
EXPERT = Actor(3, "Eva", "expert")


@pytest.fixture
def registry(tmp_path) -> Registry:
    return Registry(tmp_path / "models", "shipped")


def made(registry: Registry, gate=PASSED, promote: bool = True, base: str = "shipped") -> Version:
    """A version after the current one."""
    parent = registry.current().version

    def fill(folder: Path) -> None:
        (folder / "config.json").write_text(json.dumps({"parent": parent}))
        (folder / "model.safetensors").write_bytes(f"weights after {parent}".encode())

    version = registry.add(fill, {"base": base, "parent": parent, "gate": gate})
    if promote:
        registry.promote(EXPERT, version.name, "", NOW)
    return version


def damage(version: Version, name: str = "model.safetensors") -> None:
    path = version.folder / name
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def serving(registry: Registry) -> tuple[str | None, bool]:
    served = registry.current()
    return served.version, served.warning is not None


def test_without_versions_the_shipped_model_is_served(registry):
    assert registry.current() == Served("shipped", None)
    assert registry.versions() == ()
    assert registry.verify() == {}


def test_a_version_is_served_once_it_is_promoted_and_not_before(registry):
    first = made(registry, promote=False)
    assert registry.current() == Served("shipped", None)
    registry.promote(EXPERT, first.name, "better at Delhi", NOW)
    assert registry.current() == Served(str(first.folder), first.name)
    assert [
        (promotion.version, promotion.by, promotion.reason) for promotion in registry.promotions()
    ] == [(first.name, "Eva", "better at Delhi")]
    assert registry.promotions()[0].at == "2026-11-02T09:00:00+00:00"


def test_a_version_succeeds_its_parent_and_nobody_else(registry):
    first, rival = made(registry, promote=False), made(registry, promote=False)
    with pytest.raises(RoleError):
        registry.succeed(Actor(4, "Ana", "annotator"), first, NOW)
    assert registry.succeed(EXPERT, first, NOW)
    assert not registry.succeed(EXPERT, rival, NOW)
    assert not registry.succeed(EXPERT, made(registry, REFUSED, promote=False), NOW)
    assert [promotion.version for promotion in registry.promotions()] == [first.name]


def test_numbers_rise_and_parents_are_kept(registry):
    versions = [made(registry) for _ in range(3)]
    assert [version.number for version in versions] == [1, 2, 3]
    assert [version.parent for version in registry.versions()] == [
        None,
        versions[0].name,
        versions[1].name,
    ]


def test_what_the_gate_refused_needs_a_reason(registry):
    refused = made(registry, REFUSED, promote=False)
    with pytest.raises(RegistryError, match="reason must be given to deploy"):
        registry.promote(EXPERT, refused.name, "  ", NOW)
    assert registry.current().version is None
    registry.promote(EXPERT, refused.name, "the frozen part is too small to tell", NOW)
    assert registry.current().version == refused.name


def test_only_experts_may_promote_roll_back_and_prune(registry):
    version = made(registry)
    annotator = Actor(4, "Ana", "annotator")
    for change in (
        lambda: registry.promote(annotator, version.name, "because", NOW),
        lambda: registry.rollback(annotator, "because", NOW),
        lambda: registry.prune(annotator),
    ):
        with pytest.raises(RoleError, match="expert or above is needed"):
            change()
    assert len(registry.promotions()) == 1


def test_rolling_back_ends_at_the_shipped_model(registry):
    first, second = made(registry), made(registry)
    assert registry.rollback(EXPERT, "", NOW).version == first.name
    assert registry.current().version == first.name
    assert registry.rollback(EXPERT, "worse at night", NOW).version is None
    assert registry.current() == Served("shipped", None)
    with pytest.raises(RegistryError, match="the shipped model is in use"):
        registry.rollback(EXPERT, "", NOW)
    registry.promote(TERMINAL, second.name, "after all", NOW)
    assert registry.current().version == second.name


def test_a_damaged_version_gives_way_to_its_parent_and_says_so(registry):
    first, second, third = made(registry), made(registry), made(registry)
    damage(third)
    served = registry.current()
    assert (served.version, served.model) == (second.name, str(second.folder))
    assert served.warning == (
        f"version {third.name}: model.safetensors must have the SHA-256 "
        f"{third.manifest['files']['model.safetensors'][:12]}, got another; "
        "an earlier version is used instead"
    )
    damage(second, MANIFEST)
    assert serving(registry) == (first.name, True)
    (first.folder / "config.json").unlink()
    assert registry.current().model == "shipped"
    assert registry.current().warning is not None
    found = registry.verify()
    assert all(found[version.name] for version in (first, second, third))


def test_a_version_that_is_served_and_then_damaged_is_noticed(registry):
    first, second = made(registry), made(registry)
    assert serving(registry) == (second.name, False)
    damage(second)
    assert serving(registry) == (first.name, True)


def test_a_file_too_many_is_damage_too(registry):
    version = made(registry)
    (version.folder / "more.txt").write_text("what is this?")
    assert registry.verify() == {
        version.name: (f"version {version.name}: 'more.txt' must not be there",)
    }


@pytest.mark.parametrize("content", ["", "{", "[]", '{"format": 9}', '{"format": 1}'])
def test_a_damaged_pointer_serves_the_shipped_model_until_the_next_promotion(registry, content):
    version = made(registry)
    (registry.home / CURRENT).write_text(content)
    served = registry.current()
    assert (served.model, served.version) == ("shipped", None)
    assert "must say which version is current" in (served.warning or "")
    assert "current" in registry.verify()
    registry.promote(EXPERT, version.name, "", NOW)
    assert serving(registry) == (version.name, False)


def test_a_damaged_pointer_is_named_with_its_place(registry):
    entry = {"version": None, "by": 3, "at": "2026-11-02T09:00:00+00:00", "reason": ""}
    registry.home.mkdir(parents=True, exist_ok=True)
    (registry.home / CURRENT).write_text(json.dumps({"format": 1, "promotions": [entry]}))
    with pytest.raises(RegistryError, match=r"promotions\[0\]\.by must be a text, got 3"):
        registry.promotions()


def test_a_damaged_version_cannot_be_promoted(registry):
    version = made(registry, promote=False)
    damage(version)
    with pytest.raises(RegistryError, match="got another"):
        registry.promote(EXPERT, version.name, "", NOW)


@pytest.mark.parametrize("name", ["v0009-0123456789ab", "../models", "", "current.json"])
def test_a_version_that_is_not_there_is_refused(registry, name):
    made(registry)
    with pytest.raises(RegistryError, match="version must be"):
        registry.promote(EXPERT, name, "", NOW)


def test_a_version_of_another_model_is_not_served(registry):
    version = made(registry)
    other = Registry(registry.home, "resnet18")
    assert other.current() == Served("resnet18", None)
    assert registry.current().version == version.name
    with pytest.raises(RegistryError, match="version must come from resnet18, got v0001"):
        other.promote(EXPERT, version.name, "", NOW)


def test_rolling_back_goes_to_what_was_in_force_not_to_the_parent(registry):
    first, second = made(registry), made(registry)
    registry.rollback(EXPERT, "", NOW)
    third = made(registry)  # its parent is the first
    registry.promote(EXPERT, second.name, "after all", NOW)
    registry.promote(EXPERT, third.name, "no, the third", NOW)
    damage(second)
    assert registry.rollback(EXPERT, "", NOW).version == first.name
    registry.promote(EXPERT, third.name, "once more", NOW)
    assert registry.rollback(EXPERT, "", NOW).version == first.name  # before it first was


def test_pruning_leaves_what_was_current_and_its_ancestors(registry):
    first = made(registry)
    refused = [made(registry, REFUSED, promote=False) for _ in range(3)]
    last = made(registry)
    assert {*registry.prune(EXPERT)} == {version.name for version in refused}
    assert [version.name for version in registry.versions()] == [first.name, last.name]
    assert registry.current().version == last.name
    assert made(registry).number == 6


def test_what_fails_midway_leaves_nothing(registry):
    def fill(folder: Path) -> None:
        (folder / "config.json").write_text("{}")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        registry.add(fill, {"base": "shipped", "gate": PASSED})
    assert [path.name for path in registry.home.iterdir()] == ["registry.lock"]


def test_another_process_serves_the_new_version_within_a_moment(registry):
    made(registry)
    program = (
        "import sys, time; from pathlib import Path\n"
        "from aqfusion.registry.serving import current_model\n"
        "home = Path(sys.argv[1]); first = current_model(home, 'shipped').version\n"
        "print(first, flush=True)\n"
        "while (now := current_model(home, 'shipped').version) == first: time.sleep(0.01)\n"
        "print(now, time.time(), flush=True)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(registry.home)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    ) as reader:
        assert reader.stdout is not None
        assert reader.stdout.readline().strip() == registry.current().version
        second, promoted = made(registry), time.time()
        name, seen = reader.stdout.readline().split()
    assert name == second.name
    assert float(seen) - promoted < 5


def test_asking_what_is_current_is_cheap(registry):
    made(registry)
    registry.current()
    start = time.perf_counter()
    for _ in range(100):
        registry.current()
    assert time.perf_counter() - start < 0.5  # a look at five files, no hashing
