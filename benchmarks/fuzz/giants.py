"""`python -m benchmarks.fuzz.giants`: five megabytes of one thing through `ctxzip compress`, a process for each.

Prints the wall time, the processor time and the most memory that each took, largest first.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from benchmarks.fuzz.inputs import GIANT, REPEATED

HANG = 30
"""Seconds that one may take."""
MEMORY = 1_000
"""Megabytes that one may hold."""


class Taken(NamedTuple):
    """What one giant took: seconds, seconds of all processors, megabytes; and how it ended."""

    wall: float
    processor: float
    memory: int
    code: int
    unit: bytes


def taken(unit: bytes, folder: Path, ending: str) -> Taken:
    """Compress a giant of `unit` to a quarter in a process of its own and return what that took."""
    giant, result = folder / f"giant{ending}", folder / "result"
    giant.write_bytes(unit * (GIANT // len(unit)))
    command = [sys.executable, "-m", "ctxzip", "compress", str(giant), "--ratio", "4", "--quiet", "-o", str(result)]
    started = time.perf_counter()
    child = os.posix_spawn(sys.executable, command, os.environ, file_actions=[_silent()])
    _, status, usage = os.wait4(child, 0)
    wall = time.perf_counter() - started
    code = os.waitstatus_to_exitcode(status)
    return Taken(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss // 1024, code, unit)


def _silent() -> tuple[int, int, str, int, int]:
    return (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0)


def main() -> int:
    """Print a line for every giant; return 1 if one took too much or ended with another code than 0 or 1."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fuzz.giants", description=__doc__)
    parser.add_argument("--ending", default=".txt", help="the ending of the files' names")
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--number", type=int, default=len(REPEATED))
    asked = parser.parse_args()
    every = []
    with tempfile.TemporaryDirectory() as folder:
        for unit in REPEATED[asked.first : asked.first + asked.number]:
            every.append(taken(unit, Path(folder), asked.ending))
            print(f"{unit.decode()!r}: {every[-1].wall:.1f} s, {every[-1].memory} MB", file=sys.stderr, flush=True)
    print("| giant | wall s | processor s | MB | exit code |\n|---|---|---|---|---|")
    for one in sorted(every, reverse=True):
        print(f"| {one.unit.decode()!r} | {one.wall:.1f} | {one.processor:.1f} | {one.memory} | {one.code} |")
    return int(any(one.wall > HANG or one.memory > MEMORY or one.code not in (0, 1) for one in every))


if __name__ == "__main__":
    sys.exit(main())
