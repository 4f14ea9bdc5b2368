"""What takes the time or the memory, as lines of text without a path of this machine."""

import cProfile
import io
import pstats
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from aqfusion.settings import ROOT

_LINES = 14
_RATE = 100  # samples a second
_WAY = re.compile(
    r"(threading|runpy>|selectors|asyncio/\w+|concurrent/\S+|click/\w+|web/bootstrap|web/cli"
    r"|uvicorn/\w+|starlette_server|streamlit/__main__|exec_code|signal_util)(\.py)? "
)


def of_calls(step: Callable[[], object], repeats: int) -> list[str]:
    """Functions by their own milliseconds a call of `step`, the costliest first."""
    step()
    profile = cProfile.Profile()
    for _ in range(repeats):
        profile.runcall(step)
    stream = io.StringIO()
    figures = pstats.Stats(profile, stream=stream).stats  # type: ignore[attr-defined]
    rows = sorted(figures.items(), key=lambda row: -row[1][2])[:_LINES]
    return [
        f"{1000 * own / repeats:8.3f} ms own {1000 * whole / repeats:8.3f} ms all "
        f"{calls / repeats:6.1f} calls  {_place(file, line, function)}"
        for (file, line, function), (_, calls, own, whole, _) in rows
    ]


def of_imports(arguments: Sequence[str]) -> list[str]:
    """Imported packages of a Python command by their milliseconds, what they import included."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    pattern = r"import time:\s+(\d+) \|\s+(\d+) \|(\s+)(\S+)"
    own: Counter[str] = Counter()
    for microseconds, _, _, module in re.findall(pattern, done.stderr):
        parts = module.split(".")
        own[".".join(parts[:2] if parts[0] == "aqfusion" else parts[:1])] += int(microseconds)
    return [f"{spent / 1000:8.1f} ms  {name}" for name, spent in own.most_common(_LINES)]


@contextmanager
def of_process(process: int, lines: list[str], quick: bool = False) -> Iterator[None]:
    """Sample a running Python process by py-spy within `with`, and add its costliest to `lines`.

    Shares are of the samples in which a thread held the interpreter's lock or a processor.
    """
    program = shutil.which("py-spy") or str(Path(sys.executable).with_name("py-spy"))
    if quick or not Path(program).is_file():
        yield
        lines.append("py-spy is not installed: pip install -r requirements-dev.txt")
        return
    with tempfile.TemporaryDirectory(prefix="aqfusion-profile-") as folder:
        out = Path(folder) / "stacks"
        command = [program, "record", "--pid", str(process), "--rate", str(_RATE)]
        command += ["--format", "raw", "--output", str(out), "--nonblocking", "--full-filenames"]
        with subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as sampler:
            time.sleep(0.5)
            yield
            sampler.send_signal(2)
            sampler.wait(30)
        lines += _costliest(out.read_text(encoding="utf-8") if out.is_file() else "")


def _costliest(stacks: str) -> list[str]:
    """Functions by their share of the samples: on the stack, and at its top."""
    whole: Counter[str] = Counter()
    own: Counter[str] = Counter()
    total = 0
    for line in stacks.splitlines():
        stack, _, count = line.rpartition(" ")
        frames = [_frame(frame) for frame in stack.split(";")]
        total += int(count)
        own[frames[-1]] += int(count)
        for frame in set(frames):
            whole[frame] += int(count)
    rows = [row for row in whole.most_common(4 * _LINES) if _tells(row[0])][: 2 * _LINES]
    return [f"samples: {total}"] + [
        f"{100 * count / total:5.1f} % all {100 * own[frame] / total:5.1f} % own  {frame}"
        for frame, count in rows
    ]


def _tells(frame: str) -> bool:
    """Whether a frame is more than the way from the start to the work, or waiting for some."""
    return not _WAY.search(frame)


def _frame(text: str) -> str:
    match = re.fullmatch(r"(.+) \((.+?)(?::\d+)?\)", text)
    return f"{_short(match[2])} {match[1]}" if match else text


def of_memory(process: int) -> list[str]:
    """Files and blocks that a process holds in memory, in MB of its own and shared ones."""
    try:
        text = Path(f"/proc/{process}/smaps").read_text(encoding="utf-8")
    except OSError:
        return ["only Linux tells what a process holds"]
    sizes: Counter[str] = Counter()
    name = ""
    for line in text.splitlines():
        head = re.match(r"[0-9a-f]+-[0-9a-f]+ \S+ \S+ \S+ \S+\s*(.*)", line)
        if head:
            name = _short(head[1]) if head[1] else "blocks without a file (malloc, tensors)"
        elif line.startswith("Rss:"):
            sizes[name] += int(line.split()[1])
    return [f"{size * 1024 / 1e6:7.1f} MB  {name}" for name, size in sizes.most_common(_LINES)]


def _place(file: str, line: int, function: str) -> str:
    return f"{function}" if file == "~" else f"{_short(file)}:{line} {function}"


def _short(file: str) -> str:
    """A path from the package's or the repository's root on."""
    path = file.removeprefix(f"{ROOT}/")
    for folder in ("site-packages/", "dist-packages/", r"lib/python3\.\d+/"):
        path = re.sub(rf"^.*/{folder}", "", path)
    return path if not path.startswith("/") else Path(path).name
