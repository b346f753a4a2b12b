"""Our side of the race: the command line for whole processes, the library for warm calls.

python our_side.py FILE RATIO N    print, as JSON, the seconds of N warm calls and of the bare session
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


def cold_command(file: Path, ratio: float) -> list[str]:
    """Return the whole process that is timed: the installed command of this interpreter."""
    return [str(Path(sys.executable).with_name("ctxzip")), "compress", str(file), "--ratio", f"{ratio:g}"]


def compress(text: str, ratio: float) -> str:
    """Return the text at most one `ratio`-th as long; the model stays loaded after the first call."""
    from ctxzip import compress as ctxzip_compress

    return ctxzip_compress(text, ratio=ratio).text


def recorded(call: Callable[[], object]) -> list[Callable[[], object]]:
    """Return what repeats every ONNX Runtime call made inside `call`, with the same session and inputs."""
    import onnxruntime

    original, replays = onnxruntime.InferenceSession.run, list[Callable[[], object]]()

    def listening(session: Any, *args: Any, **kwargs: Any) -> Any:
        replays.append(lambda: original(session, *args, **kwargs))
        return original(session, *args, **kwargs)

    onnxruntime.InferenceSession.run = listening
    try:
        call()
    finally:
        onnxruntime.InferenceSession.run = original
    return replays


def timed(call: Callable[[], object]) -> float:
    """Return the seconds that one call takes."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def race(text: str, ratio: float, rounds: int) -> dict[str, list[float]]:
    """Return the seconds of warm calls and of the bare session fed the same token ids, taken in turn."""
    compress(text, ratio)
    replays = recorded(lambda: compress(text, ratio))
    if not replays:
        raise RuntimeError("a warm call made no ONNX Runtime call: is a cache on?")
    warm, bare = [], []
    for _ in range(rounds):
        warm.append(timed(lambda: compress(text, ratio)))
        bare.append(timed(lambda: [replay() for replay in replays]))
    return {"warm": warm, "bare": bare}


def main() -> None:
    """Print the race's times as JSON."""
    file, ratio, rounds = Path(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])
    sys.stdout.write(json.dumps(race(file.read_text(encoding="utf-8"), ratio, rounds)))


if __name__ == "__main__":
    main()
