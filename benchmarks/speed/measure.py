"""Time and peak memory of whole processes."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

_MEBIBYTE = 1 << 20
_RSS_UNIT = 1 if sys.platform == "darwin" else 1024


@dataclass(frozen=True)
class Run:
    """One process: its wall time, its own peak resident memory, and what it printed."""

    seconds: float
    mebibytes: float
    output: str


def run(command: Sequence[str]) -> Run:
    """Run `command` to its end and measure it; raise `RuntimeError` with its last words when it fails."""
    start = time.perf_counter()
    with subprocess.Popen(list(command), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        output, complaint, usage = _collect(process)
        seconds = time.perf_counter() - start
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} failed ({process.returncode}):\n{complaint[-2000:]}")
    return Run(seconds, usage.ru_maxrss * _RSS_UNIT / _MEBIBYTE, output)


def _collect(process: subprocess.Popen[bytes]) -> tuple[str, str, resource.struct_rusage]:
    """Read both pipes to their ends, then ask the system for this one child's resources."""
    complaints: list[bytes] = []
    if process.stdout is None or process.stderr is None:
        raise RuntimeError("the process has no pipes")
    reader = threading.Thread(target=lambda stream: complaints.append(stream.read()), args=(process.stderr,))
    reader.start()
    output = process.stdout.read()
    reader.join()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return output.decode(errors="replace"), b"".join(complaints).decode(errors="replace"), usage


def alternate(commands: Sequence[Sequence[str]], *, rounds: int) -> list[list[Run]]:
    """Run the commands in turn, A B A B …, so that a busy moment hits all of them; return the runs of each."""
    runs: list[list[Run]] = [[] for _ in commands]
    for _ in range(rounds):
        for done, command in zip(runs, commands, strict=True):
            done.append(run(command))
    return runs


def seconds(runs: Sequence[Run]) -> float:
    """Return the median wall time."""
    return median(run.seconds for run in runs)


def mebibytes(runs: Sequence[Run]) -> float:
    """Return the highest peak memory."""
    return max(run.mebibytes for run in runs)


def python_file(name: str) -> str:
    """Return the path of a script beside this one."""
    return str(Path(__file__).resolve().parent / name)
