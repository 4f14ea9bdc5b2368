"""Hold-out predictions of the site process: at places it learned, and at others by their days."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, fields

import numpy as np
import torch
from torch import Tensor

from aqfusion.model.site_config import DAY_STEPS, ELSEWHERE, LEARNED
from aqfusion.network.site_gaussian_process import SiteProcess
from aqfusion.network.site_modules import SitePosterior
from aqfusion.training.holdout_predictions import ALL_SHOWN, MASKS
from aqfusion.training.sessions import Session, session_days
from aqfusion.training.site_process_training import fitted_site_process

_MASKS_BETWEEN = 3


@dataclass(frozen=True, eq=False)
class SiteHoldoutPredictions:
    """Q predictions of the site process for sessions.

    `session` (Q,) numbers the sessions and `mask` (Q,) the readings shown; `days` (Q,) of the place
    were known, `standing` (Q,) as in `STANDINGS`, `draw` (Q,) numbers the choice of days;
    `log_probabilities` (Q, 50) are of the bins.
    """

    session: Tensor
    mask: Tensor
    days: Tensor
    standing: Tensor
    draw: Tensor
    log_probabilities: Tensor

    def where(self, keep: Tensor) -> "SiteHoldoutPredictions":
        """Only those for which `keep` (Q,) is true."""
        return SiteHoldoutPredictions(*(getattr(self, field.name)[keep] for field in fields(self)))


def joined_answers(parts: Sequence[SiteHoldoutPredictions]) -> SiteHoldoutPredictions:
    """Several as one."""
    columns = [
        [getattr(part, field.name) for part in parts] for field in fields(SiteHoldoutPredictions)
    ]
    return SiteHoldoutPredictions(*(torch.cat(column) for column in columns))


class SiteHoldout:
    """Predicts by processes without the tested sessions; each process is fitted once.

    `sessions` are all there are; those of one `fold` are held out together.
    """

    def __init__(
        self, sessions: Sequence[Session], report: Callable[[str], None], draws: int, seed: int
    ) -> None:
        """Take `draws` choices of days at each number of them."""
        self.sessions, self._report = tuple(sessions), report
        self._draws, self._seed = draws, seed
        self.places = sorted({session.place for session in sessions})
        self._days = session_days(self.sessions, self.places)
        self._fold = torch.tensor([session.fold for session in self.sessions])
        self._fitted: dict[frozenset[int], SiteProcess] = {}

    def numbers_of(self, sessions: Sequence[Session]) -> list[int]:
        """Each session's number here."""
        numbers = {session.key: number for number, session in enumerate(self.sessions)}
        return [numbers[session.key] for session in sessions]

    def process(self, held_out_folds: Collection[int]) -> SiteProcess:
        """The process of all sessions whose fold is not held out."""
        key = frozenset(held_out_folds)
        if key not in self._fitted:
            self._report(f"fitting the site process without {sorted(key) or 'nothing'}")
            keep = torch.tensor([fold not in key for fold in self._fold.tolist()])
            self._fitted[key] = fitted_site_process(self._days.where(keep))
        return self._fitted[key]

    def at_learned_places(
        self, fold: int, others: Collection[int], masks: Sequence[int]
    ) -> SiteHoldoutPredictions:
        """About the sessions of `fold`, by all others' days but those of the folds `others`."""
        process = self.process({fold, *others})
        answers = []
        for number in self._of(fold):
            place = int(self._days.place[number])
            history = process.days.where(process.place == place)
            standing = LEARNED if len(history.aqi) else ELSEWHERE
            days = self._groups_of(fold, others, place)
            posterior = SitePosterior(process, history, place)
            answers.append(self._ask(posterior, [number], masks, (days, standing, 0)))
        return joined_answers(answers)

    def elsewhere(
        self, fold: int, others: Collection[int], masks: Sequence[int]
    ) -> SiteHoldoutPredictions:
        """About the sessions of places in `fold`, of which 0, 1, 2, 4 and 8 days are known.

        Days are drawn anew each time; a session of a drawn day is not predicted.
        """
        process = self.process({fold, *others})
        answers = []
        for steps, draw, support, query in self.choices(fold):
            history = self._days.where(torch.tensor(support, dtype=torch.long))
            for place in sorted({int(self._days.place[number]) for number in query}):
                here = [number for number in query if int(self._days.place[number]) == place]
                own = history.where(history.place == place)
                posterior = SitePosterior(process, own, place)
                answers.append(self._ask(posterior, here, masks, (steps, ELSEWHERE, draw)))
        return joined_answers(answers)

    def choices(self, fold: int) -> Iterator[tuple[int, int, list[int], list[int]]]:
        """Number of days, draw, sessions that are known, sessions to predict."""
        generator = np.random.default_rng([self._seed, fold])
        own = self._of(fold)
        for count in DAY_STEPS:
            for draw in range(self._draws if count else 1):
                order = generator.permutation(own).tolist()
                support: list[int] = []
                groups: set[str] = set()
                for number in order:
                    group = self.sessions[number].group
                    if len(support) < count and group not in groups:
                        support.append(number)
                        groups.add(group)
                query = [n for n in own if self.sessions[n].group not in groups]
                if len(support) == count and query:
                    yield count, draw, support, query

    def _of(self, fold: int) -> list[int]:
        return [n for n, session in enumerate(self.sessions) if session.fold == fold]

    def _groups_of(self, fold: int, others: Collection[int], place: int) -> int:
        return len(
            {
                session.group
                for session, number in zip(self.sessions, self._days.place.tolist(), strict=True)
                if number == place and session.fold != fold and session.fold not in others
            }
        )

    def _ask(
        self,
        posterior: SitePosterior,
        numbers: Sequence[int],
        masks: Sequence[int],
        about: tuple[int, int, int],
    ) -> SiteHoldoutPredictions:
        session = torch.tensor(numbers).repeat_interleave(len(masks))  # (Q,)
        mask = torch.tensor(list(masks)).repeat(len(numbers))  # (Q,)
        readings = self._days.readings[session].masked_fill(~MASKS[mask], float("nan"))
        log_probabilities = posterior.log_probabilities(readings, self._days.time[session])
        days, standing, draw = (torch.full_like(session, value) for value in about)
        return SiteHoldoutPredictions(session, mask, days, standing, draw, log_probabilities)


def fit_masks(seed: int) -> tuple[int, ...]:
    """Masks to fit on: no readings, and all of them about as often as choices between."""
    between = np.random.default_rng(seed).choice(
        np.arange(1, ALL_SHOWN), _MASKS_BETWEEN, replace=False
    )
    return (0, *sorted(between.tolist()), *[ALL_SHOWN] * _MASKS_BETWEEN)
