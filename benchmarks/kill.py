"""Kill runs of `ctxzip compress --in-place` at random moments; every file must be the old or the new one.

    python -m benchmarks.kill --files 200 --rounds 40

An undisturbed run says what the new files are. Each round starts from the old files and kills the run with
SIGKILL after a random part of the time that the undisturbed run took, most of them while files are being written.
After the last round one more run has to finish the work and to leave nothing behind.
"""

from __future__ import annotations

import argparse
import random
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

COMMAND = [sys.executable, "-m", "ctxzip", "compress", "--in-place", "--max-tokens", "40", "--isolated", "--quiet"]
WORDS = "the pump in hall three failed again because nobody had filled the tank before the night shift began".split()


@dataclass
class Tally:
    """What was found after the kills."""

    rounds: int = 0
    killed: int = 0
    midway: int = 0
    """Rounds that ended with some files new and some old."""
    old: int = 0
    new: int = 0
    torn: int = 0
    leftovers: int = 0
    """Temporary files that killed runs left, all rounds together."""
    left_at_the_end: int = 0
    """Temporary files that the last, undisturbed run left."""

    def line(self) -> str:
        """Return the tally as one line."""
        return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in vars(self).items())


def texts(number: int, chooser: random.Random) -> list[bytes]:
    """Return the old files: a few dozen lines each, with both kinds of line ends among them."""
    found = []
    for index in range(number):
        lines = [" ".join(chooser.choices(WORDS, k=12)).capitalize() + "." for _ in range(8)]
        found.append((("\r\n" if index % 2 else "\n").join(lines) + "\n").encode())
    return found


def measured(directory: Path, files: int, rounds: int, seed: int = 1) -> Tally:
    """Return what becomes of `files` files under `directory` in `rounds` killed runs."""
    chooser = random.Random(seed)
    old = texts(files, chooser)
    paths = [directory / f"note{index:03}.md" for index in range(files)]
    command = [*COMMAND, *map(str, paths)]
    _lay(paths, old)
    first, last = _times(command, paths, old)
    new = [path.read_bytes() for path in paths]
    assert all(a != b for a, b in zip(old, new, strict=True)), "the undisturbed run changed too little"
    tally = Tally()
    for _ in range(rounds):
        _lay(paths, old)
        tally.killed += _killed(command, chooser.uniform(0.7 * first, 1.1 * last))
        tally.rounds += 1
        _count(tally, paths, old, new)
    subprocess.run(command, check=True)
    tally.torn += sum(path.read_bytes() != data for path, data in zip(paths, new, strict=True))
    tally.left_at_the_end = sum(1 for _ in directory.glob(".*"))
    return tally


def _lay(paths: list[Path], contents: list[bytes]) -> None:
    for path, data in zip(paths, contents, strict=True):
        path.write_bytes(data)


def _times(command: list[str], paths: list[Path], old: list[bytes]) -> tuple[float, float]:
    """Run undisturbed; return after how many seconds the first file was written, and when all were."""
    started = time.monotonic()
    first = 0.0
    with subprocess.Popen(command) as process:
        while process.poll() is None:
            if not first and paths[0].read_bytes() != old[0]:
                first = time.monotonic() - started
            time.sleep(0.005)
    assert process.returncode == 0
    return first, time.monotonic() - started


def _killed(command: list[str], after: float) -> bool:
    with subprocess.Popen(command) as process:
        try:
            process.wait(after)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
    return process.returncode == -signal.SIGKILL


def _count(tally: Tally, paths: list[Path], old: list[bytes], new: list[bytes]) -> None:
    found = [path.read_bytes() for path in paths]
    olds = sum(data == was for data, was in zip(found, old, strict=True))
    news = sum(data == made for data, made in zip(found, new, strict=True))
    tally.old += olds
    tally.new += news
    tally.torn += len(paths) - olds - news
    tally.midway += bool(olds and news)
    tally.leftovers += sum(1 for _ in paths[0].parent.glob(".*"))


def main() -> None:
    """Measure and print; exit code 1 when a file was torn or something was left behind."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--files", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        tally = measured(Path(directory), chosen.files, chosen.rounds, chosen.seed)
    print(f"files {chosen.files}, {tally.line()}")
    sys.exit(bool(tally.torn or tally.left_at_the_end))


if __name__ == "__main__":
    main()
