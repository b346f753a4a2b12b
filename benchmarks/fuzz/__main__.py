"""`python -m benchmarks.fuzz`: 2,000 odd inputs through the command line, with time and memory watched.

All go through one process but giants: each of those has a process of its own, so that its memory is known.

Inputs up to `MODEL` bytes go through the default method with its weights, and so do giants, which repeat themselves.
Other large ones are about structure and planning: they go through the library with words weighed by their length,
since a language model reads some twenty thousand words in a second whatever is around it.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import random
import resource
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from benchmarks.fuzz.inputs import kind_of, made
from ctxzip import Document, compress, segment
from ctxzip.errors import CtxzipError
from ctxzip.text import Span

MODEL = 20_000
HANG = 30
"""Seconds of processor time that one input may take."""
MEMORY = 1_000
"""Megabytes that a process may ever hold."""


Attempt = tuple[str, int, float, str]
"""The kind of an input, the exit code, the processor time, and what went wrong."""


class ByLength:
    """Words, the longer the better: a method without a model."""

    name = "by-length"
    model = "none"

    def segment(self, document: Document) -> list[Span]:
        """Return words."""
        return segment.words(document.text)

    def score(
        self, documents: Sequence[Document], spans: Sequence[Sequence[Span]], query: str | None
    ) -> list[list[float]]:
        """Return lengths as worth."""
        return [[min(1.0, (span.end - span.start) / 20) for span in own] for own in spans]


def by_command(path: Path, chance: random.Random) -> int:
    """Run the command line on a file and return its exit code; what it prints goes nowhere."""
    from ctxzip.cli.app import app, exit_code

    flags = ["--ratio", chance.choice(["1.5", "2", "4", "8"])] if chance.random() < 0.8 else ["--tokens", "7"]
    words = ["compress", str(path), *flags, "--quiet", *(["--json"] if chance.random() < 0.2 else [])]
    screen = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    with contextlib.redirect_stdout(screen), contextlib.redirect_stderr(screen):
        code = exit_code(lambda: app(words, prog_name="ctxzip", standalone_mode=False))
        screen.flush()
    said = screen.buffer.getvalue()
    if b"Traceback" in said and b"Traceback" not in path.read_bytes():
        raise AssertionError(said[-300:].decode(errors="replace"))
    return code


def by_library(path: Path, chance: random.Random) -> int:
    """Compress a file without a model and return the exit code that the command line would have."""
    try:
        text = path.read_bytes().decode()
        compress(Document(text, path=path.name), ratio=chance.choice([2, 4, 8]), method=ByLength())
    except UnicodeDecodeError:
        return 2
    except CtxzipError as error:
        return error.exit_code
    return 0


def memory() -> int:
    """Return the most memory that this process ever held, in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def _hung(*_: object) -> None:
    raise TimeoutError(f"more than {HANG} s of processor time")


def attempt(seed: int, folder: Path, *, model: bool = True) -> Attempt:
    """Return the kind of the input `seed`, the exit code, the processor time, and what went wrong."""
    kind, name, data = made(seed)
    path = folder / name
    path.write_bytes(data)
    run = by_command if model and (len(data) <= MODEL or kind == "giant") else by_library
    started, code, wrong = time.process_time(), -1, ""
    signal.signal(signal.SIGVTALRM, _hung)
    signal.setitimer(signal.ITIMER_VIRTUAL, HANG)
    try:
        code = run(path, random.Random(seed))
    except BaseException as error:  # whatever escapes is what is looked for
        wrong = "".join(traceback.format_exception_only(error)).strip()[:300]
        if not isinstance(error, TimeoutError | AssertionError):
            wrong += " at " + " < ".join(f"{f.name}:{f.lineno}" for f in traceback.extract_tb(error.__traceback__)[-4:])
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        path.unlink()
    if not wrong and code not in (0, 1, 2):
        wrong = f"exit code {code}"
    return kind, code, time.process_time() - started, wrong


def apart(seed: int, folder: Path) -> tuple[Attempt, int]:
    """Return what comes of the input `seed` and the most memory held, in megabytes; giants go by themselves."""
    if kind_of(seed) != "giant":
        return attempt(seed, folder), memory()
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(_measured, seed, folder).result()


def _measured(seed: int, folder: Path) -> tuple[Attempt, int]:
    return attempt(seed, folder), memory()


def main() -> int:
    """Print how the inputs of each kind ended, the slowest ones and every failure; return 1 if there is one."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fuzz", description=__doc__)
    parser.add_argument("--number", type=int, default=2_000)
    parser.add_argument("--first", type=int, default=0, help="the seed to begin with")
    asked = parser.parse_args()
    ends: dict[str, Counter[int]] = {}
    slowest: dict[str, tuple[float, int]] = {}
    largest: dict[str, tuple[int, int]] = {}
    failures = []
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(asked.first, asked.first + asked.number):
            (kind, code, seconds, wrong), held = apart(seed, Path(folder))
            ends.setdefault(kind, Counter())[code] += 1
            slowest[kind] = max(slowest.get(kind, (0.0, 0)), (seconds, seed))
            largest[kind] = max(largest.get(kind, (0, 0)), (held, seed))
            if wrong:
                failures.append(f"seed {seed} ({kind}): {wrong}")
                print(failures[-1], file=sys.stderr, flush=True)
    print("| kind | inputs | exit 0 | exit 1 | exit 2 | slowest (s, seed) | most memory (MB, seed) |")
    print("|---|---|---|---|---|---|---|")
    for kind, codes in sorted(ends.items()):
        cells = [kind, str(codes.total()), *(str(codes[code]) for code in (0, 1, 2))]
        time_and_space = f"{slowest[kind][0]:.1f}, {slowest[kind][1]} | {largest[kind][0]}, {largest[kind][1]}"
        print(f"| {' | '.join(cells)} | {time_and_space} |")
    most = max(held for held, _ in largest.values())
    print(f"\n{len(failures)} failures, {most} MB at most")
    return 1 if failures or most > MEMORY else 0


if __name__ == "__main__":
    sys.exit(main())
