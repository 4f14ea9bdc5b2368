"""Seeded mutation of small files, and bounds of time and memory around what reads them."""

import faulthandler
import os
import struct
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

# A long run: FUZZ_ROUNDS=20000 FUZZ_SEED=1 pytest -m long tests/images/test_decoder_fuzz.py ...
LONG_ROUNDS = int(os.environ.get("FUZZ_ROUNDS", "3000"))
SEED = int(os.environ.get("FUZZ_SEED", "7"))
_HANGS_AFTER = 120  # seconds, after which the process ends with all stacks: no test waits for ever
_STATUS = Path("/proc/self/status")
_NUMBERS = (0, 1, 2, 7, 255, 256, 4096, 30_000, 65_535, 65_536, 2**24, 2**31 - 1, 2**31, 2**32 - 1)


def mutated_bytes(data: bytes, generator: np.random.Generator, other: bytes = b"") -> bytes:
    """Cut, flip, drop, double, blank; numbers of another size; pieces of another file."""
    out = bytearray(data)
    for _ in range(generator.integers(1, 6)):
        if len(out) < 16:
            break
        limit = min(200, len(out)) if generator.random() < 0.5 else len(out)
        at, kind, span = int(generator.integers(limit)), generator.integers(9), 1
        span = int(generator.integers(1, 12))
        if kind == 0 and generator.random() < 0.3:
            del out[max(at, 4) :]
        elif kind == 1:
            del out[at : at + span]
        elif kind == 2:
            out[at:at] = out[at : at + span * (40 if generator.random() < 0.2 else 1)]
        elif kind == 3:
            out[at : at + span] = bytes(generator.choice([0, 0xFF], 1)) * span
        elif kind in (4, 5):
            number = _NUMBERS[generator.integers(len(_NUMBERS))]
            form = (">I", "<I", ">H", "<H")[generator.integers(4)]
            piece = struct.pack(form, number & (0xFFFF if form[1] == "H" else 0xFFFFFFFF))
            out[at : at + len(piece)] = piece
        elif kind == 6 and other:
            begin = int(generator.integers(len(other)))
            out[at : at + 8 * span] = other[begin : begin + 8 * span]
        else:
            out[at] = int(generator.integers(256))
    return bytes(out)


def with_right_sums(data: bytes) -> bytes:
    """A PNG whose chunks have right checksums again, so that a decoder reads what was mutated."""
    out, at = bytearray(data[:8]), 8
    while at + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        kind_and_body = data[at + 4 : at + 8 + length]
        if len(kind_and_body) < length + 4:
            break
        out += data[at : at + 4] + kind_and_body + struct.pack(">I", zlib.crc32(kind_and_body))
        at += 12 + length
    return bytes(out) + data[at:]


@contextmanager
def bounded(what: str, seconds: float, megabytes: float) -> Iterator[None]:
    """Fail where the work takes more of the processor or of memory; end where it hangs.

    Time is that of this process on the processor, so that a busy machine fails nothing.
    """
    faulthandler.dump_traceback_later(_HANGS_AFTER, exit=True)
    _reset_peak()
    before, started = _megabytes("VmRSS"), time.process_time()
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()
    took, grew = time.process_time() - started, _megabytes("VmHWM") - before
    assert took <= seconds, f"{what} took {took:.1f} s"
    assert grew <= megabytes, f"{what} took {grew:.0f} MB"


def _reset_peak() -> None:
    """Let Linux measure the highest memory anew: https://man7.org/linux/man-pages/man5/proc.5.html"""
    if _STATUS.exists():
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def _megabytes(name: str) -> float:
    if not _STATUS.exists():
        return 0.0
    line = next(x for x in _STATUS.read_text().splitlines() if x.startswith(f"{name}:"))
    return int(line.split()[1]) * 1024 / 1e6
