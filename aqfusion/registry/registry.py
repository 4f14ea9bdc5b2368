"""The folder of model versions: list, promote, roll back, verify, prune."""

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from aqfusion.io.file_lock import locked
from aqfusion.io.temporary_files import sweep, temporary_name
from aqfusion.permissions import Actor, RoleError
from aqfusion.registry.serving import (
    Promotion,
    Served,
    current_model,
    now_text,
    promotions,
    put_current,
)
from aqfusion.registry.version import (
    RegistryError,
    Version,
    faults,
    number_of,
    read_version,
    version_names,
    write_version,
)
from aqfusion.settings import Settings
from aqfusion.text_validation import several_lines

__all__ = ["TERMINAL", "Registry"]

TERMINAL = Actor(0, "the terminal", "operator")  # whoever can write the folder may do anything
_PATIENCE = 20.0  # seconds
_ANCESTORS_KEPT = 3
_PASSED = "passed the promotion gate"


class Registry:
    """Model versions in one folder; processes and threads may share it."""

    def __init__(self, home: Path, model: str) -> None:
        """Name the folder, and the model that the settings name: the root of all versions."""
        self.home = home
        self.model = model

    @classmethod
    def of(cls, settings: Settings) -> "Registry":
        """The registry that the settings name, or the one in the program's own folder."""
        return cls(settings.models or settings.home / "models", settings.model)

    def current(self) -> Served:
        """The model to serve now; cheap enough for every click."""
        return current_model(self.home, self.model)

    def promotions(self) -> tuple[Promotion, ...]:
        """All promotions, oldest first."""
        return promotions(self.home)

    def versions(self) -> tuple[Version, ...]:
        """All versions whose manifest is whole, oldest first."""
        versions = []
        for name in version_names(self.home):
            try:
                versions.append(read_version(self.home, name))
            except RegistryError:  # `verify` reports it
                continue
        return tuple(versions)

    def read(self, name: str) -> Version:
        """One version; `RegistryError` where there is none."""
        return read_version(self.home, name)

    def add(self, fill: Callable[[Path], None], about: Mapping[str, Any]) -> Version:
        """Keep what `fill` writes as a version; it is not current yet."""
        with self._writing():
            sweep(self.home)
            made = [number_of(promotion.version or "") for promotion in self._readable_promotions()]
            return write_version(self.home, fill, about, above=max(made, default=0))

    def promote(self, actor: Actor, name: str, reason: str, now: datetime) -> Promotion:
        """Make a version current; one that the gate refused needs an expert with a reason."""
        version = read_version(self.home, name)
        base = version.manifest.get("base")
        if base != self.model:  # it would not be served
            raise RegistryError(f"version must come from {self.model}, got {name} from {base}")
        kept = self._allowed(actor, reason, f"promote {name}")
        if not kept and not version.passed:
            raise RegistryError(
                f"reason must be given to deploy {name} against the promotion gate, got none"
            )
        promotion = Promotion(name, actor.name, now_text(now), kept or _PASSED)
        with self._writing():
            put_current(self.home, promotion)
        return promotion

    def succeed(self, actor: Actor, version: Version, now: datetime) -> bool:
        """Make a version that the gate let pass current, if its parent still is; whether it is."""
        self._allowed(actor, "", f"promote {version.name}")
        with self._writing():
            # Else it was compared with another one than it would replace.
            if not version.passed or self.current().version != version.parent:
                return False
            put_current(self.home, Promotion(version.name, actor.name, now_text(now), _PASSED))
        return True

    def rollback(self, actor: Actor, reason: str, now: datetime) -> Promotion:
        """Go back to what was current before the present version first was."""
        kept = self._allowed(actor, reason, "roll back")
        with self._writing():
            all_promotions = promotions(self.home)
            if not all_promotions or all_promotions[-1].version is None:
                raise RegistryError(
                    "there is no earlier version to go back to: the shipped model is in use"
                )
            why = kept or f"went back from {all_promotions[-1].version}"
            promotion = Promotion(self._before(all_promotions), actor.name, now_text(now), why)
            put_current(self.home, promotion)
        return promotion

    def verify(self) -> dict[str, tuple[str, ...]]:
        """Faults by version; and under "current" where that file is damaged."""
        faults_by_version = {name: faults(self.home, name) for name in version_names(self.home)}
        try:
            named = {promotion.version for promotion in promotions(self.home)[-1:]} - {
                None,
                *faults_by_version,
            }
        except RegistryError as error:
            return {**faults_by_version, "current": (str(error),)}
        gone = tuple(
            f"the current version {name} is missing; deploy another version or restore its folder"
            for name in named
        )
        return {**faults_by_version, **({"current": gone} if gone else {})}

    def prune(self, actor: Actor, ancestors: int = _ANCESTORS_KEPT) -> tuple[str, ...]:
        """Delete versions, and return which; what was ever current or is an ancestor stays."""
        self._allowed(actor, "", "prune")
        with self._writing():
            sweep(self.home)
            all_promotions = promotions(self.home)
            kept = {promotion.version for promotion in all_promotions}
            name = all_promotions[-1].version if all_promotions else None
            for _ in range(ancestors + 1):
                kept.add(name)
                try:
                    name = read_version(self.home, name).parent if name else None
                except RegistryError:
                    break
            gone = [name for name in version_names(self.home) if name not in kept]
            for name in gone:
                # Renamed first: a version is whole or not there, for those who read meanwhile.
                aside = temporary_name(self.home / name)
                (self.home / name).rename(aside)
                shutil.rmtree(aside, ignore_errors=True)  # else a sweep does it
        return tuple(gone)

    def _before(self, all_promotions: Sequence[Promotion]) -> str | None:
        """The last whole version in force before the present one first was; `None`: none."""
        first = next(
            n
            for n, promotion in enumerate(all_promotions)
            if promotion.version == all_promotions[-1].version
        )
        for promotion in reversed(all_promotions[:first]):
            if promotion.version is None or not faults(self.home, promotion.version):
                return promotion.version
        return None

    def _readable_promotions(self) -> tuple[Promotion, ...]:
        try:
            return promotions(self.home)
        except RegistryError:
            return ()

    def _allowed(self, actor: Actor, reason: str, what: str) -> str:
        if not actor.may("expert"):
            raise RoleError(
                f"The role expert or above is needed to {what}, and your role is {actor.role}. "
                "Ask an admin to change it."
            )
        return several_lines("reason", reason, 500)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with locked(self.home / "registry.lock", _PATIENCE) as held:
            if not held:
                raise RegistryError("another process is writing versions; try again later")
            yield
