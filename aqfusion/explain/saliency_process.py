"""Saliency maps from a process of their own, the only one of a server that loads torch.

Torch and grad-cam take seconds of imports and half a gigabyte, which a server must not keep for the
few visitors who look at a map. The process gives way to all others, computes one map at a time, and
ends when nobody has asked for a while or when the process that began it has ended.
"""

import logging
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from aqfusion.errors import InputError
from aqfusion.explain.photo_overlays import SaliencyMap
from aqfusion.explain.saliency_targets import (
    RAISES,
    HeatMapError,
    check_method,
    check_target,
)
from aqfusion.images.decoding import trim_memory
from aqfusion.images.photo import Photo
from aqfusion.model.predictor import Predictor
from aqfusion.own_process import ROOM
from aqfusion.settings import ROOT

__all__ = ["SaliencyProcess", "saliency_map"]

IDLE = 300.0  # seconds after the last map
_PATIENCE = 90.0  # seconds for one map, imports on a busy machine among them
_GIVES_WAY = 10  # niceness
_FAILED = "The saliency map could not be computed. Try again in a minute."
_log = logging.getLogger(__name__)


class SaliencyProcess:
    """Begins the process when a map is asked for, and again where it has ended since."""

    def __init__(self, idle: float = IDLE, program: Sequence[str] = ("-m", __name__)) -> None:
        """It ends after `idle` seconds without a request; Python runs the `program`."""
        self._idle, self._program = idle, program
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The number of the process while it runs."""
        child = self._child
        return None if child is None or child.poll() is not None else child.pid

    def ask(self, *request: Any) -> Any:
        """Send the arguments of `_computed` and return what it returns; waits for earlier ones."""
        with self._lock, ROOM.taken(self.end):
            for _ in range(2):  # it may have ended as idle just now
                answer = self._answer(self._running(), request)
                if answer is not None:
                    break
            else:
                raise HeatMapError(_FAILED)
        if isinstance(answer, str):
            raise HeatMapError(answer)
        return answer

    def end(self) -> None:
        """End it at once."""
        child, self._child = self._child, None
        if child is not None:
            child.kill()
            for pipe in (child.stdin, child.stdout):
                with suppress(OSError):  # what could not be sent any more
                    if pipe is not None:
                        pipe.close()
            child.wait()

    def _running(self) -> "subprocess.Popen[bytes]":
        if self.pid is None or self._child is None:
            self.end()
            path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
            self._child = subprocess.Popen(
                [sys.executable, *self._program, str(self._idle)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env={**os.environ, "PYTHONPATH": path, "MALLOC_ARENA_MAX": "1"},
                start_new_session=True,  # Ctrl+C is for the server, whose end this one notices
            )
        return self._child

    def _answer(self, child: "subprocess.Popen[bytes]", request: tuple[Any, ...]) -> Any:
        """`None` where the process ended or did not answer in time."""
        assert child.stdin is not None
        assert child.stdout is not None
        limit = threading.Timer(_PATIENCE, child.kill)
        limit.start()
        try:
            pickle.dump(request, child.stdin)
            child.stdin.flush()
            return pickle.load(child.stdout)  # what our own process wrote
        except (EOFError, OSError, pickle.UnpicklingError):
            self.end()
            return None
        finally:
            limit.cancel()


_process = SaliencyProcess()


def saliency_map(
    predictor: Predictor, folder: Path, photo: Photo, method: str = "GradCAM", target: str = RAISES
) -> SaliencyMap:
    """As `aqfusion.explain.saliency.saliency_map`; `folder` is where the predictor's model lies.

    Where torch is loaded here already, another process would save nothing.
    """
    check_method(method)
    check_target(target)
    if "torch" in sys.modules:
        from aqfusion.explain.saliency import saliency_map as computed_here

        return computed_here(predictor, photo, method, target)
    pixels = np.asarray(predictor.pixels(photo))
    sha256 = predictor.checkpoint.sha256
    return SaliencyMap(_process.ask(str(folder), sha256, pixels, method, target))


def _computed(folder: str, sha256: str, pixels: Any, method: str, target: str) -> Any:
    """The values (h, w) of the map of pixels (3, S, S), in the process that has torch."""
    import torch

    from aqfusion.explain.saliency import map_of, target_of

    checkpoint = _checkpoint(folder, sha256)
    if checkpoint.sha256 != sha256:
        raise HeatMapError("The model's weights have been replaced. Restart the app.")
    wanted = target_of(target, checkpoint.config.temperature["image_only"])
    return map_of(checkpoint.network, torch.from_numpy(pixels)[None], method, wanted).values


@lru_cache(maxsize=3)  # the backbones that Explain compares
def _checkpoint(folder: str, _sha256: str) -> Any:
    from aqfusion.network.checkpoint import load_checkpoint

    return load_checkpoint(Path(folder))


def _serve(requests: BinaryIO, answers: BinaryIO, idle: float) -> None:
    """Answer until the process that asks has ended, or does not ask any more."""
    import aqfusion.explain.saliency  # noqa: F401  # before the first request

    trim_memory()  # imports leave a tenth of it behind
    while True:
        limit = threading.Timer(idle, os._exit, (0,))
        limit.daemon = True
        limit.start()
        try:
            request = pickle.load(requests)
        except EOFError:
            return
        limit.cancel()
        try:
            answer = _computed(*request)
        except InputError as error:
            answer = str(error)
        except Exception:  # noqa: BLE001  # the next map may come out
            _log.exception("A saliency map could not be computed")
            answer = _FAILED
        pickle.dump(answer, answers)
        answers.flush()
        trim_memory()


if __name__ == "__main__":
    if hasattr(os, "nice"):
        os.nice(_GIVES_WAY)
    output, sys.stdout = sys.stdout.buffer, sys.stderr  # whatever a library prints is no answer
    _serve(sys.stdin.buffer, output, float(sys.argv[1]))
