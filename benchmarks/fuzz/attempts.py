"""One odd input through ctxzip, with time and memory watched.

Inputs up to `MODEL` bytes go through the default method with its weights, and so do giants, which repeat themselves.
Other large ones are about structure and planning: they go through the library with words weighed by their length,
since a language model reads some twenty thousand words in a second whatever is around it.
"""

from __future__ import annotations

import contextlib
import io
import random
import resource
import signal
import time
import traceback
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
