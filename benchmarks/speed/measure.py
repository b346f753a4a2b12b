"""Time and peak memory of whole processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

TRIES = 3
_MEBIBYTE = 1 << 20
_RSS_UNIT = 1 if sys.platform == "darwin" else 1024


@dataclass(frozen=True)
class Run:
    """One process: its wall time, its own peak resident memory, and what it printed."""

    seconds: float
    mebibytes: float
    output: str


_LAUNCH = """
import json, os, sys, time
start = time.perf_counter()
child = os.posix_spawnp(sys.argv[2], sys.argv[2:], os.environ)
_, status, usage = os.wait4(child, 0)
found = {"seconds": time.perf_counter() - start, "status": os.waitstatus_to_exitcode(status), "rss": usage.ru_maxrss}
os.write(int(sys.argv[1]), json.dumps(found).encode())
"""
"""Starts the command from a small process: a child's peak memory counts what its parent had."""


def run(command: Sequence[str]) -> Run:
    """Run `command` to its end and measure it; one that a signal ends is run again, a few times.

    Raises `RuntimeError` with its last words when it fails.
    """
    for attempt in range(TRIES):
        reading, writing = os.pipe()
        launch = [sys.executable, "-I", "-S", "-c", _LAUNCH, str(writing), *command]
        done = subprocess.run(launch, capture_output=True, pass_fds=(writing,), check=False)
        os.close(writing)
        with os.fdopen(reading) as pipe:
            found = json.loads(pipe.read() or '{"status": 1}')
        complaint = done.stderr.decode(errors="replace")
        if not found["status"]:
            output = done.stdout.decode(errors="replace")
            return Run(found["seconds"], found["rss"] * _RSS_UNIT / _MEBIBYTE, output)
        if found["status"] > 0 or attempt == TRIES - 1:
            break
        print(f"again, signal {-found['status']}: {' '.join(command)}", file=sys.stderr)
    raise RuntimeError(f"{' '.join(command)} failed ({found['status']}):\n{complaint[-2000:]}")


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
